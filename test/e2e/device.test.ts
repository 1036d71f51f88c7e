/** Connecting by a code that a person types at the provider, in a real browser: from the button, and back to it. */
import { atStandIn } from '@keywell/demo/stand-ins'
import { buildkite } from '@keywell/providers'
import { type Buildkite, createBuildkite } from '@keywell/sandbox'
import { Keywell } from '@keywell/sdk'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { launchBrowser } from '../support/browser.ts'
import { buildPage, type ServedPage, servePage } from '../support/built-page.ts'
import { openEmbedded } from '../support/databases.ts'
import { integrate } from '../support/journey.ts'
import { tabTo } from '../support/keyboard.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

let stage: Stage
let at: Buildkite
let browser: Browser
let app: ServedPage
let keywell: Keywell
let context: BrowserContext | undefined
let users = 0
/** What the browser was told not to do. */
let complaints: string[] = []

beforeAll(async () => {
  at = await createBuildkite()
  const origins = { 'https://buildkite.com': at.urls.web, 'https://api.buildkite.com': at.urls.api }
  stage = await createStage(await openEmbedded(), {
    providers: [atStandIn(buildkite, origins)],
    privateHosts: Object.values(origins).map((each) => ({ origin: each })),
    timing: { pollMs: 40, sweepMs: 100 },
  })
  await integrate(stage, { provider: 'buildkite', scopes: ['read_user'] }, () =>
    at.registerApplication({ name: 'Acme', confidential: true }),
  )
  browser = await launchBrowser()
  const index = 'own-provider.html'
  app = await servePage(stage, await buildPage(index), {
    index,
    signedIn: () => ({ ...who(), device: true }),
  })
  keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
})
afterAll(async () => {
  await browser?.close()
  app?.stop()
  keywell?.close()
  await stage?.stop()
  await at?.stop()
})
afterEach(() => context?.close())

const who = () => ({ tenantId: 'ten_browser', userId: `usr_${users}` })

async function atApp(settings: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  users += 1
  context = await browser.newContext(settings)
  complaints = []
  context.on('console', (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text())
  })
  const page = await context.newPage()
  await page.goto(`${app.url}/?provider=buildkite`)
  await page
    .getByRole('button', { name: /Buildkite/ })
    .first()
    .waitFor()
  return page
}

const button = (page: Page) => page.getByRole('button', { name: 'Connect Buildkite' }).first()

async function openPopup(page: Page): Promise<Page> {
  const opening = page.waitForEvent('popup')
  await tabTo(page, button(page))
  await page.keyboard.press('Enter')
  const popup = await opening
  await popup.getByRole('heading', { name: 'Connect Buildkite with a code' }).waitFor()
  return popup
}

const codeOn = async (popup: Page) =>
  (await popup.getByRole('group', { name: 'Code' }).textContent())?.trim() ?? ''

/** The next poll is due. */
async function poll(): Promise<void> {
  at.advance(5)
  await stage.database.query('update device_polls set due_at = now()')
}

async function accounts(): Promise<unknown> {
  const { connections } = await keywell.connections.list(who())
  return connections.map(({ account, method }) => [account.name, method])
}

verifies.suite('e2e:device', () => {
  test('in the popup, with the keyboard alone', async () => {
    const page = await atApp()
    const popup = await openPopup(page)
    const code = await codeOn(popup)
    expect(code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    // The provider's page, in a tab of its own: it shows the same code.
    const opening = popup.waitForEvent('popup')
    await tabTo(popup, popup.getByRole('link', { name: /^Open / }))
    await popup.keyboard.press('Enter')
    const provider = await opening
    await provider.waitForLoadState()
    expect(await provider.locator('input[name=user_code]').inputValue()).toBe(code)
    await tabTo(provider, provider.getByRole('button').first())
    await provider.keyboard.press('Enter')
    await tabTo(provider, provider.locator('button[value=approve]'))
    await provider.keyboard.press('Enter')
    await provider.getByText('You can close this window.').waitFor()
    await provider.close()
    await poll()
    // It goes on by itself, and asks whose account it is.
    await popup.getByRole('heading', { name: 'Is this your Buildkite account?' }).waitFor()
    await popup.getByText('Ada Okafor').waitFor()
    expect(await accounts()).toEqual([])
    await tabTo(popup, popup.getByRole('button', { name: 'Connect this account' }))
    await popup.keyboard.press('Enter')
    await popup.waitForEvent('close')
    await page.locator('[data-state=connected]').first().waitFor()
    expect(await accounts()).toEqual([['Ada Okafor', 'device']])
    expect(complaints).toEqual([])
  })

  test('a code that somebody else approved is not connected', async () => {
    const page = await atApp()
    const popup = await openPopup(page)
    at.signIn('grace@example.com')
    await at.answerDevice(await codeOn(popup))
    at.signIn('ada@example.com')
    await poll()
    await popup.getByText('Grace Lindqvist').waitFor()
    await tabTo(popup, popup.getByRole('button', { name: 'It is not mine' }))
    await popup.keyboard.press('Enter')
    await popup.waitForEvent('close')
    await page.locator('[data-state=cancelled]').first().waitFor()
    expect(await accounts()).toEqual([])
  })
})

test.each(['light', 'dark'] as const)(
  'axe finds nothing, at 320 and at 1280 px: %s',
  async (colorScheme) => {
    for (const width of [320, 1280]) {
      const page = await atApp({ colorScheme })
      const popup = await openPopup(page)
      await popup.setViewportSize({ width, height: 720 })
      const isNarrow = async () =>
        expect(await popup.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
          width,
        )
      await isNarrow()
      await expectAccessible(popup)
      await at.answerDevice(await codeOn(popup))
      await poll()
      await popup.getByRole('heading', { name: 'Is this your Buildkite account?' }).waitFor()
      await isNarrow()
      await expectAccessible(popup)
      await context?.close()
    }
  },
)

test('in German', async () => {
  const page = await atApp({ locale: 'de-DE' })
  const opening = page.waitForEvent('popup')
  await page
    .getByRole('button', { name: /Buildkite/ })
    .first()
    .click()
  const popup = await opening
  await popup.getByRole('heading', { name: 'Buildkite mit einem Code verbinden' }).waitFor()
  expect(await popup.locator('html').getAttribute('lang')).toBe('de')
  await expectAccessible(popup)
  await popup.getByRole('button', { name: 'Abbrechen' }).click()
  await popup.waitForEvent('close')
})
