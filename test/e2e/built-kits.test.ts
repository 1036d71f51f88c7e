/** The whole kit in pages that are built as an app's are: by Vite, and by Next with its app router. */
import type { SignedIn } from '@keywell/sdk'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest'
import { expectAccessible, finishTransitions } from '../support/accessible.ts'
import { consent } from '../support/at-gitlab.ts'
import { launchBrowser } from '../support/browser.ts'
import { buildPage, openWatched, servePage } from '../support/built-page.ts'
import { openEmbedded } from '../support/databases.ts'
import { buildNext } from '../support/documented-apps.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

// Next is built and started as a user would do it.
vi.setConfig({ testTimeout: 240_000 })

let stage: Stage
let browser: Browser
/** Begun at once; only its own test waits for it. */
let next: ReturnType<typeof buildNext>

beforeAll(async () => {
  next = buildNext()
  next.catch(() => {}) // its test hears of it
  stage = await createStage(await openEmbedded(), { sandboxHost: 'localhost' })
  await stage.sandbox.control.change({ skipConsent: 'never' })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await stage?.stop()
})

const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

/** Each script that a page loaded, with the status of the answer. */
function scriptsOf(page: Page): { url: string; status: number }[] {
  const scripts: { url: string; status: number }[] = []
  page.on('response', (response) => {
    if (response.request().resourceType() !== 'script') return
    scripts.push({ url: response.url(), status: response.status() })
  })
  return scripts
}

async function expectSettled(page: Page): Promise<void> {
  await page.locator('[data-keywell-button][data-loading]').waitFor({ state: 'detached' })
  await finishTransitions(page)
  await expectAccessible(page)
}

/** Uses each component once. */
async function useKit(page: Page): Promise<void> {
  const scripts = scriptsOf(page)
  const picker = section(page, 'Sign in')
    .getByRole('group', { name: /GitLab/ })
    .first()
  await section(page, 'Sign in').locator('fieldset[data-state="ready"]').waitFor()
  await expectSettled(page)

  const address = section(page, 'Address')
  await address.getByLabel('Address of your GitLab').fill(`${stage.sandbox.url}/ada/webshop`)
  await address.getByRole('button', { name: 'Check' }).click()
  await address.getByText(`Found: ${stage.sandbox.url}`).waitFor()

  await picker.getByRole('radio', { name: 'Full access' }).check()
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    section(page, 'Sign in').getByRole('button', { name: 'Connect GitLab' }).click(),
  ])
  await consent(popup)
  const connected = section(page, 'Sign in').getByRole('button', { name: 'Connected as Ada' })
  await connected.waitFor()
  await section(page, 'Sign in').locator('[data-keywell-health]').waitFor()

  // What most visitors never need comes with the first click on it.
  const before = scripts.length
  await connected.click()
  await page.getByRole('dialog').getByRole('button', { name: 'Change what is allowed' }).click()
  await page.getByRole('group', { name: 'What changes' }).getByText('Nothing changes.').waitFor()
  await expectSettled(page)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(scripts.length).toBeGreaterThan(before)

  const form = await openKeyForm(page)
  const { value } = await stage.sandbox.control.issuePersonalAccessToken({
    username: 'ada',
    scopes: ['read_api'],
  })
  await form.getByLabel('Personal access token', { exact: true }).fill(value)
  await Promise.all([
    form.waitForEvent('close'),
    form.getByRole('button', { name: 'Connect' }).click(),
  ])
  await section(page, 'Key').getByRole('button', { name: 'Connected as' }).waitFor()
  const rows = page.locator('li[data-keywell-connection]:not([data-loading])')
  await expect.poll(() => rows.count()).toBe(2)
  await expectSettled(page)
  expect(scripts.filter(({ status }) => status !== 200)).toEqual([])
}

async function openKeyForm(page: Page): Promise<Page> {
  const [form] = await Promise.all([
    page.waitForEvent('popup'),
    section(page, 'Key').getByRole('button', { name: 'Connect GitLab' }).click(),
  ])
  return form
}

verifies('kit:vite', async () => {
  const signedIn = (): SignedIn => ({
    tenantId: 'ten_vite',
    userId: 'usr_vite',
    methods: ['oauth', 'key'],
  })
  const { url, stop } = await servePage(stage, await buildPage('kit.html'), {
    index: 'kit.html',
    signedIn,
  })
  onTestFinished(stop)
  const { context, page, complaints } = await openWatched(browser)
  onTestFinished(() => context.close())
  const answer = await page.goto(url)
  expect(answer?.headers()['content-security-policy']).toMatch(/^default-src 'self'; [^']*'self'/)
  expect(answer?.headers()['content-security-policy']).not.toContain('unsafe')
  await useKit(page)
  expect(complaints).toEqual([])
})

verifies('kit:next', async () => {
  const app = await (await next).start({
    url: stage.url,
    apiKey: stage.apiKey,
    tenantId: 'ten_next',
  })
  onTestFinished(() => app.stop())
  const { context, page, complaints } = await openWatched(browser)
  onTestFinished(() => context.close())
  await context.addCookies([{ name: 'user', value: 'mira', url: app.origin }])
  // The server sent all that a first look needs, and the browser kept it.
  const html = await (await fetch(`http://127.0.0.1:${app.port}/kit`)).text()
  for (const text of ['Connect GitLab', 'Address of your', 'Connected accounts', 'Accounts']) {
    expect(html).toContain(text)
  }
  await page.addInitScript(`addEventListener('DOMContentLoaded', () => {
    for (const element of document.querySelectorAll('button, fieldset, input')) element.isSent = true
  })`)
  await page.goto(`${app.origin}/kit`)
  await section(page, 'Sign in').locator('fieldset[data-state="ready"]').waitFor()
  const kept = await page.evaluate(() =>
    ['[data-keywell-button]', '[data-keywell-scope-picker]', 'input[type=text]'].map((selector) =>
      Object.hasOwn(document.querySelector(selector) ?? {}, 'isSent'),
    ),
  )
  expect(kept).toEqual([true, true, true])
  await useKit(page)
  expect(complaints).toEqual([])
})
