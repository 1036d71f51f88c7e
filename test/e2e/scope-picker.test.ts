/** A user who chooses what an app may do: in the running service, in a real browser. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { consentByKeyboard } from '../support/at-gitlab.ts'
import { launchBrowser } from '../support/browser.ts'
import { openEmbedded } from '../support/databases.ts'
import { tabTo } from '../support/keyboard.ts'
import { expectToLookRight } from '../support/looks.ts'
import { openScopePage, type ScopePage } from '../support/scope-page.ts'
import { verifies } from '../support/verifies.ts'

let app: ScopePage
let browser: Browser
const contexts: BrowserContext[] = []

beforeAll(async () => {
  app = await openScopePage(await openEmbedded())
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await app?.stop()
})
beforeEach(async () => {
  await app.stage.calm()
  await app.stage.sandbox.control.change({ skipConsent: 'never' })
  app.scopes = {
    gitlab: {
      required: ['read_user'],
      optional: [
        'api',
        'read_api',
        'read_repository',
        'write_repository',
        'read_registry',
        'email',
      ],
    },
  }
})
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close()
  for (const table of ['connections', 'credentials']) {
    await app.stage.database.query(`delete from ${table} where tenant_id is not null`)
  }
})

async function open(query = ''): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  contexts.push(context)
  const page = await context.newPage()
  await page.goto(`${app.url}/${query}`)
  await inState(page, 'idle')
  return page
}
const button = (page: Page) => page.locator('[data-keywell-button]')
const inState = (page: Page, state: string) =>
  page.locator(`[data-keywell-button][data-state="${state}"]:not([data-loading])`).waitFor()
const picker = (page: Page) => page.locator('[data-keywell-scope-picker][data-state="ready"]')
const row = (page: Page, scope: string) => page.locator(`[data-keywell-scope="${scope}"]`)
const box = (page: Page, scope: string) => row(page, scope).getByRole('checkbox')
const preset = (page: Page, name: string) => page.getByRole('radio', { name, exact: true })
const go = (page: Page) => page.getByRole('button', { name: 'Continue to GitLab' })

async function consentIn(page: Page, click: () => Promise<void>): Promise<void> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), click()])
  await Promise.all([popup.waitForEvent('close'), consentByKeyboard(popup)])
  await inState(page, 'connected')
}

/** What the service holds for the user. */
async function granted(): Promise<readonly string[]> {
  const { body } = await app.stage.read(app.who)
  return (body as { scopes?: string[] }).scopes ?? []
}

const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement } = document
    return activeElement === document.body ? 'nothing' : activeElement?.textContent
  })

verifies(
  'e2e:scopes-keyboard',
  async () => {
    const page = await open()
    await tabTo(page, button(page))
    await page.keyboard.press('Enter')
    await picker(page).waitFor()
    expect(await focused(page)).toBe('Choose what to allow')
    expect(await page.getByRole('dialog', { name: 'Choose what to allow' }).count()).toBe(1)
    // The least preset is chosen, and what is always needed beside it is fixed.
    await page.keyboard.press('Tab')
    expect(await preset(page, 'Read only').isChecked()).toBe(true)
    expect(await preset(page, 'Read only').evaluate((one) => one === document.activeElement)).toBe(
      true,
    )
    expect(await box(page, 'read_user').isChecked()).toBe(true)
    await tabTo(page, box(page, 'read_user'))
    await page.keyboard.press('Space')
    expect(await box(page, 'read_user').isChecked()).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await button(page).evaluate((one) => one === document.activeElement)).toBe(true)

    await page.keyboard.press('Enter')
    await picker(page).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    expect(await preset(page, 'Developer').isChecked()).toBe(true)
    expect(await box(page, 'write_repository').isChecked()).toBe(true)
    expect(await box(page, 'read_repository').getAttribute('aria-disabled')).toBe('true')
    await tabTo(page, box(page, 'email'))
    await page.keyboard.press('Space')
    expect(await preset(page, 'My own choice').isChecked()).toBe(true)
    await tabTo(page, go(page))
    await consentIn(page, () => page.keyboard.press('Enter'))
    expect(await button(page).evaluate((one) => one === document.activeElement)).toBe(true)
    expect([...(await granted())].toSorted()).toEqual([
      'email',
      'read_api',
      'read_user',
      'write_repository',
    ])

    // And less of it, later.
    await page.keyboard.press('Enter')
    const change = page.getByRole('dialog').getByRole('button', { name: 'Change what is allowed' })
    await change.waitFor()
    await tabTo(page, change)
    await page.keyboard.press('Enter')
    await picker(page).waitFor()
    expect(await focused(page)).toBe('Change what is allowed')
    const changes = page.getByRole('group', { name: 'What changes' })
    await changes.getByText('Nothing changes.').waitFor()
    await tabTo(page, box(page, 'write_repository'))
    await page.keyboard.press('Space')
    expect(await changes.textContent()).toMatch(/Taken awaywrite_repository/)
    await tabTo(page, go(page))
    await consentIn(page, () => page.keyboard.press('Enter'))
    expect([...(await granted())].toSorted()).toEqual(['email', 'read_api', 'read_user'])
    expect(await button(page).evaluate((one) => one === document.activeElement)).toBe(true)
  },
  { timeout: 120_000 },
)

verifies('T7:tampered-choice', async () => {
  const page = await open()
  await page.route('**/connect/flows', async (route) => {
    const asked = route.request().postDataJSON()
    await route.continue({ postData: JSON.stringify({ ...asked, scopes: ['read_api', 'sudo'] }) })
  })
  const answers: unknown[] = []
  page.on('response', async (response) => {
    if (response.url().endsWith('/connect/flows')) answers.push(await response.json())
  })
  const flows = () =>
    app.stage.database.query('select id from flows where tenant_id = $1', [app.who.tenantId])
  const before = await flows()
  await button(page).click()
  await picker(page).waitFor()
  expect(await box(page, 'sudo').count()).toBe(0)
  await go(page).click()
  await inState(page, 'error')
  await expect.poll(() => answers).toMatchObject([{ code: 'scope_not_allowed' }])
  await page.getByRole('group').getByText('This page asks for more than is allowed.').waitFor()
  expect(await flows()).toEqual(before)
})

verifies(
  'e2e:scopes-looks',
  async () => {
    const page = await open()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**/connect/providers?tools=true*', async (route) => {
      await held
      await route.abort()
    })
    await button(page).click()
    await page.getByText('Looking up what can be allowed').waitFor()
    await expectToLookRight(page, 'scopes-loading')
    release()
    await page.getByRole('alert').getByText('Please try again').waitFor()
    await expectToLookRight(page, 'scopes-error')
    await page.unroute('**/connect/providers?tools=true*')
    await page.getByRole('button', { name: 'Try again' }).focus()
    await page.keyboard.press('Enter')
    await picker(page).waitFor()
    // The button that was pressed is gone; the focus is in what came in its place.
    expect(await picker(page).evaluate((one) => one === document.activeElement)).toBe(true)
    await expectToLookRight(page, 'scopes')
    await preset(page, 'Full access').check()
    await row(page, 'api').getByText('Stops working without it: 106').click()
    await expectToLookRight(page, 'scopes-full')
    await box(page, 'api').uncheck()
    await box(page, 'read_repository').check()
    await row(page, 'read_repository').scrollIntoViewIfNeeded()
    await expectToLookRight(page, 'scopes-own')
    await preset(page, 'Read only').check()
    await consentIn(page, () => go(page).click())
    await button(page).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Change what is allowed' }).click()
    await picker(page).waitFor()
    await box(page, 'read_api').uncheck()
    await box(page, 'write_repository').check()
    await row(page, 'write_repository').scrollIntoViewIfNeeded()
    await expectToLookRight(page, 'scopes-change')
    await page.getByRole('group', { name: 'What changes' }).scrollIntoViewIfNeeded()
    await expectToLookRight(page, 'scopes-change-summary')
  },
  { timeout: 240_000 },
)

verifies(
  'e2e:scopes-looks',
  async () => {
    const page = await open('?inline')
    await picker(page).waitFor()
    // What the app's tools need is chosen, and nothing more.
    expect(await preset(page, 'Full access').isChecked()).toBe(true)
    await preset(page, 'Read only').check()
    await page.getByText('This app needs more for: Create issue.').waitFor()
    await expectToLookRight(page, 'scopes-inline')
    const german = await open('?inline&german')
    await picker(german).waitFor()
    await expectToLookRight(german, 'scopes-german')
    const { scopes } = app
    app.scopes = { gitlab: { optional: ['create_runner'], forbidden: ['create_runner'] } }
    const nothing = await open('?inline')
    await nothing.getByText('Nothing in GitLab can be allowed here.').waitFor()
    await expectToLookRight(nothing, 'scopes-nothing')

    app.scopes = scopes
    await consentIn(page, () => button(page).click())
    expect([...(await granted())].toSorted()).toEqual(['read_api', 'read_user'])
  },
  { timeout: 240_000 },
)
