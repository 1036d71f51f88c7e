/** The pages of the documentation's examples without React, built as their users would, against the running service. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { root } from '../packaging/run.ts'
import { expectAccessible, finishTransitions } from '../support/accessible.ts'
import { consent } from '../support/at-gitlab.ts'
import { launchBrowser } from '../support/browser.ts'
import { openWatched, servePage } from '../support/built-page.ts'
import { openEmbedded } from '../support/databases.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

let stage: Stage
let browser: Browser
beforeAll(async () => {
  stage = await createStage(await openEmbedded(), { sandboxHost: 'localhost' })
  // Else a user who connected before would not be asked again.
  await stage.sandbox.control.change({ skipConsent: 'never' })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await stage.stop()
})

/** The example's own configuration; its packages are read from their source. */
async function buildPage(name: string): Promise<string> {
  const folder = join(root, 'apps/docs/examples', name)
  const outDir = mkdtempSync(join(tmpdir(), `keywell-${name}-`))
  await build({
    configFile: join(folder, 'vite.config.ts'),
    logLevel: 'error',
    resolve: { conditions: ['@keywell/source', ...defaultClientConditions] },
    build: { outDir, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  })
  return outDir
}

const built = new Map<string, Promise<string>>()

/** Built once for all tests of it. */
function builtPage(name: string): Promise<string> {
  const page = built.get(name) ?? buildPage(name)
  built.set(name, page)
  return page
}

/** The page, and everything that its console complains about. */
async function open(
  name: string,
  optional?: string[],
): Promise<{ page: Page; complaints: string[] }> {
  const userId = `usr_${randomUUID().replaceAll('-', '')}`
  const scopes = optional && { gitlab: { optional } }
  const { url, stop } = await servePage(stage, await builtPage(name), {
    signedIn: () => ({ tenantId: 'ten_pages', userId, scopes }),
  })
  onTestFinished(stop)
  const { context, page, complaints } = await openWatched(browser)
  onTestFinished(() => context.close())
  await page.goto(url)
  return { page, complaints }
}

/** Clicks or presses Enter, signs in at GitLab if asked to, and consents. */
async function connect(page: Page, button: Locator, by: 'mouse' | 'keys' = 'mouse'): Promise<void> {
  const act = by === 'mouse' ? button.click() : button.press('Enter')
  const [popup] = await Promise.all([page.waitForEvent('popup'), act])
  await consent(popup)
}

/** Nothing loads or moves any more, and axe finds nothing. */
async function expectSettled(page: Page): Promise<void> {
  await page.locator('[data-keywell-button]:not([data-loading])').first().waitFor()
  await finishTransitions(page)
  await expectAccessible(page)
}

const accounts = (page: Page) => page.getByRole('list', { name: 'Accounts' }).getByRole('listitem')

verifies(
  'e2e:without-react',
  async () => {
    const { page, complaints } = await open('vue')
    await expectSettled(page)
    await connect(page, page.getByRole('button', { name: 'Connect GitLab' }))
    const button = page.getByRole('button', { name: 'Connected as Ada Okafor' })
    await button.waitFor()
    await page.getByText('Welcome, Ada Okafor').waitFor()
    await accounts(page).filter({ hasText: 'Ada Okafor at http://localhost' }).waitFor()
    expect(await page.getByRole('status').textContent()).toBe('Connected as Ada Okafor')
    await expectSettled(page)

    await button.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'GitLab' })
    await dialog.waitFor()
    await expectSettled(page)
    await dialog.getByRole('button', { name: 'Disconnect' }).press('Enter')
    const question = page.getByRole('dialog', { name: 'Disconnect GitLab?' })
    await question.getByRole('button', { name: 'Disconnect GitLab' }).press('Enter')
    const again = page.getByRole('button', { name: 'Connect GitLab' })
    await again.waitFor()
    await question.waitFor({ state: 'detached' })
    expect(await accounts(page).count()).toBe(0)
    expect(await again.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(await page.getByRole('status').textContent()).toBe('GitLab is disconnected')
    expect(await page.getByText('Welcome').count()).toBe(0)
    expect(complaints).toEqual([])
  },
  { timeout: 120_000 },
)

verifies(
  'e2e:without-react',
  async () => {
    const { page, complaints } = await open('svelte')
    await expectSettled(page)
    const own = page.getByRole('button', { name: 'Connect GitLab' }).first()
    await connect(page, own)
    await page.getByRole('button', { name: 'Signed in as Ada Okafor' }).waitFor()
    await accounts(page).filter({ hasText: 'Ada Okafor (default)' }).waitFor()

    // The element beside it, on the same client.
    await connect(page, page.getByRole('button', { name: 'Connect GitLab' }))
    await page.getByRole('button', { name: 'Connected as Ada Okafor' }).waitFor()
    await accounts(page).filter({ hasText: 'Ada Okafor (work)' }).waitFor()
    await expectSettled(page)

    await page.getByRole('button', { name: 'Disconnect', exact: true }).click()
    await page.getByRole('button', { name: 'Connect GitLab' }).waitFor()
    await accounts(page).filter({ hasText: '(default)' }).waitFor({ state: 'detached' })
    expect(await accounts(page).count()).toBe(1)
    expect(complaints).toEqual([])
  },
  { timeout: 120_000 },
)

verifies(
  'e2e:element-scopes',
  async () => {
    const { page, complaints } = await open('vue', ['read_user', 'read_api', 'api'])
    const flows: string[][] = []
    page.on('request', (request) => {
      if (request.method() !== 'POST' || !request.url().endsWith('/connect/flows')) return
      flows.push(request.postDataJSON().scopes)
    })
    await page.locator('keywell-connect').evaluate((element) => {
      element.setAttribute('scope-picker', '')
    })
    await expectSettled(page)
    const hasFocus = (locator: Locator) => locator.and(page.locator(':focus')).waitFor()

    await page.getByRole('button', { name: 'Connect GitLab' }).press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Choose what to allow' })
    await dialog.getByRole('radio', { name: 'Read only' }).and(page.locator(':checked')).waitFor()
    await hasFocus(dialog.getByRole('heading', { name: 'Choose what to allow' }))
    await expectSettled(page)
    await page.keyboard.press('Tab')
    await hasFocus(dialog.getByRole('radio', { name: 'Read only' }))
    await page.keyboard.press('ArrowDown')
    await hasFocus(dialog.getByRole('radio', { name: 'Full access' }))
    const box = (scope: string) =>
      page.locator(`[data-keywell-scope="${scope}"]`).getByRole('checkbox')
    const toggle = async (scope: string, isChecked: boolean) => {
      while (!(await box(scope).evaluate((element) => element === document.activeElement))) {
        await page.keyboard.press('Tab')
      }
      await page.keyboard.press('Space')
      await hasFocus(box(scope))
      expect(await box(scope).isChecked()).toBe(isChecked)
    }
    expect(await box('api').isChecked()).toBe(true)
    await toggle('api', false)
    await dialog.getByRole('status').getByText('Choose at least one permission').waitFor()
    await toggle('read_api', true)
    await dialog
      .getByRole('status')
      .getByText(/of \d+ actions work with this choice/)
      .waitFor()
    await expectSettled(page)
    await connect(page, dialog.getByRole('button', { name: 'Continue to GitLab' }), 'keys')
    const button = page.getByRole('button', { name: 'Connected as Ada Okafor' })
    await button.waitFor()
    expect(flows).toEqual([['read_api']])

    await button.press('Enter')
    const account = page.getByRole('dialog', { name: 'GitLab' })
    await account.getByRole('button', { name: 'Change what is allowed' }).press('Enter')
    const change = page.getByRole('dialog', { name: 'Change what is allowed' })
    await hasFocus(change.getByRole('heading', { name: 'Change what is allowed' }))
    await change.getByText('Nothing changes.').waitFor()
    await toggle('api', true)
    await change.getByRole('group', { name: 'What changes' }).getByText('New').waitFor()
    await expectSettled(page)
    await page.keyboard.press('Escape')
    await change.waitFor({ state: 'detached' })
    await hasFocus(button)
    expect(flows).toHaveLength(1)
    expect(complaints).toEqual([])
  },
  { timeout: 120_000 },
)

verifies('e2e:dialog-missing', async () => {
  const { page } = await open('vue')
  await connect(page, page.getByRole('button', { name: 'Connect GitLab' }))
  const connected = page.getByRole('button', { name: 'Connected as Ada Okafor' })
  await connected.waitFor()
  await page.reload()
  await page.route('**/assets/account-dialog*', (route) => route.abort())
  await connected.click()
  await page.getByRole('group').getByText('This did not load').waitFor()
  await page.getByRole('status').getByText('This did not load').waitFor()
  // As it says; a browser does not fetch again by itself.
  await page.unroute('**/assets/account-dialog*')
  await page.reload()
  await connected.click()
  await page.getByRole('dialog', { name: 'GitLab' }).waitFor()
  expect(await page.getByText('This did not load').count()).toBe(0)
})
