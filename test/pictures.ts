/** The README's pictures, taken from the running product: `npm run pictures`. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPglite } from '@keywell/server'
import type { Page } from 'playwright-core'
import { authorizeButton, consent, signInAtGitLab } from './support/at-gitlab.ts'
import { launchBrowser } from './support/browser.ts'
import { inspected } from './support/inspected.ts'
import { createProduct } from './support/product.ts'

const folder = fileURLToPath(new URL('../apps/demo/pictures/', import.meta.url))
mkdirSync(folder, { recursive: true })

const database = await openPglite({ dataDir: 'memory' })
const product = await createProduct(inspected(database, database))
const browser = await launchBrowser()
try {
  const desk = { viewport: { width: 1180, height: 820 }, deviceScaleFactor: 1.5 }
  const page = await browser.newPage(desk)
  await page.goto(product.url)
  await page.getByRole('button', { name: 'Mira Sandoval' }).click()
  await page.goto(`${product.url}/settings/integrations`)
  const connect = page.getByRole('button', { name: 'Connect GitLab' })
  const [popup] = await Promise.all([page.waitForEvent('popup'), connect.click()])
  await popup.setViewportSize({ width: 620, height: 720 })
  await signInAtGitLab(popup)
  await authorizeButton(popup).waitFor()
  await take(popup, 'consent')
  await consent(popup)
  await page.getByRole('link', { name: 'Webshop' }).waitFor()
  await page.mouse.move(0, 0)
  await take(page, 'connected')

  await page.goto(`${product.url}/assistant`)
  const ask = (what: string) => page.getByRole('button', { name: what }).click()
  await ask('Which pipelines are failing?')
  await page.locator('blockquote').waitFor()
  await ask('Open an issue about it')
  const allow = page.getByRole('button', { name: 'Allow at GitLab' })
  const [consented] = await Promise.all([page.waitForEvent('popup'), allow.click()])
  await consent(consented)
  await page.locator('.said', { hasText: 'I opened issue' }).waitFor()
  await ask('Delete the failed pipeline')
  await page.getByRole('region', { name: 'Your approval is needed' }).waitFor()
  await page.mouse.move(0, 0)
  await take(page, 'assistant')

  const phone = await browser.newPage({
    viewport: { width: 414, height: 480 },
    deviceScaleFactor: 1.5,
    colorScheme: 'dark',
    storageState: await page.context().storageState(),
  })
  await phone.goto(`${product.url}/settings/integrations`)
  await phone.getByRole('link', { name: 'Webshop' }).waitFor()
  await take(phone, 'phone')
} finally {
  await browser.close()
  await product.stop()
}

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined))
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
}
