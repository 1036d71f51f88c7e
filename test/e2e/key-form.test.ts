/** The form for a key in a real browser: from an app's page, and back to it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Keywell } from '@keywell/sdk'
import { toNodeHandler } from '@keywell/sdk/node'
import axe from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { openEmbedded } from '../support/databases.ts'
import { type KeyProvider, startKeyProvider, withSecondKey } from '../support/key-provider.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

let stage: Stage
let browser: Browser
let app: Server
let watch: KeyProvider
let origin: string
/** What the app's start page is. */
let startPage = ''
let context: BrowserContext | undefined
let users = 0

beforeAll(async () => {
  watch = await startKeyProvider()
  stage = await createStage(await openEmbedded(), {
    providers: [withSecondKey(watch.definition)],
    privateHosts: [{ origin: watch.url }],
  })
  browser = await launchBrowser()
  app = createServer((request, response) => {
    if (request.url?.startsWith('/api/keywell/')) return handler(request, response)
    const page = request.url === '/start' ? startPage : '<title>Acme</title><h1>Acme</h1>'
    response.writeHead(200, { 'content-type': 'text/html' }).end(page)
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  const { port } = app.address() as AddressInfo // listening on TCP, hence no string
  origin = `http://acme.localhost:${port}`
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey, appOrigin: origin })
  const handler = toNodeHandler(keywell, () => ({ ...who(), methods: ['oauth', 'key'] }))
})
afterAll(async () => {
  await browser?.close()
  app?.close()
  await stage?.stop()
  await watch?.stop()
})
afterEach(() => context?.close())

const who = () => ({ tenantId: 'ten_browser', userId: `usr_${users}` })

/** A new user at the app's page, whose button posts the start form. */
async function atApp(
  mode: 'popup' | 'redirect',
  settings: Parameters<Browser['newContext']>[0] = {},
  place: { provider: string; host: string } = { provider: 'gitlab', host: stage.sandbox.url },
): Promise<{ page: Page; complaints: string[] }> {
  users += 1
  const session = await stage.session({
    methods: ['key'],
    ...who(),
    origins: [origin],
    returnUrl: `${origin}/api/keywell/finish`,
    ...(place.provider === 'gitlab' && { scopes: { gitlab: { required: ['read_api'] } } }),
  })
  const { body } = await stage.page<{ startUrl: string; startCode: string }>(
    session.connectToken,
    'POST',
    '/connect/flows',
    {
      ...place,
      method: 'key',
      mode,
      ...(mode === 'redirect' && { resumeUrl: `${origin}/settings` }),
    },
    origin,
  )
  const target = mode === 'popup' ? 'target="keywell"' : ''
  startPage = `<!doctype html><title>Acme</title>
    <script>window.heard = []; new BroadcastChannel('keywell').onmessage = ({ data }) => heard.push(data.status)</script>
    <form method="post" action="${body.startUrl}" ${target}>
      <input type="hidden" name="start_code" value="${body.startCode}"><button>Connect</button>
    </form>`
  context = await browser.newContext(settings)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text())
  })
  const page = await context.newPage()
  await page.goto(`${origin}/start`)
  return { page, complaints }
}

const field = (page: Page) => page.getByLabel('Personal access token', { exact: true })

async function makeKey(): Promise<string> {
  const made = { username: 'ada', scopes: ['read_api'] }
  return (await stage.sandbox.control.issuePersonalAccessToken(made)).value
}

async function accountOf({ tenantId, userId }: ReturnType<typeof who>): Promise<unknown> {
  const query = new URLSearchParams({ tenantId, userId })
  const { body } = await stage.call<{ connections: { account: { username: string } }[] }>(
    'GET',
    `/v1/connections?${query}`,
  )
  return body.connections.map(({ account }) => account.username)
}

verifies.suite('e2e:key-form', () => {
  test('in the same tab, with the keyboard alone, without a script', async () => {
    const { page, complaints } = await atApp('redirect', { javaScriptEnabled: false })
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page
      .getByRole('heading', { name: 'Connect GitLab with a personal access token' })
      .waitFor()
    const link = page.getByRole('link', { name: /Make a personal access token/ })
    expect(await link.getAttribute('href')).toContain('scopes=read_api')
    // The link comes first, then the field.
    await page.keyboard.press('Tab')
    expect(await link.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.keyboard.press('Tab')
    await page.keyboard.type('glpat-this-is-not-a-key')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('does not accept').waitFor()
    expect(await field(page).inputValue()).toBe('')
    expect(await field(page).evaluate((element) => element === document.activeElement)).toBe(true)
    expect(page.url()).toBe(`${stage.url}/connect/key`)
    await page.keyboard.type(await makeKey())
    await page.keyboard.press('Enter')
    await page.waitForURL(`${origin}/settings**`)
    expect(await accountOf(who())).toEqual(['ada'])
    expect(complaints).toEqual([])
  })

  test('from a popup, which closes and tells the page', async () => {
    const { page, complaints } = await atApp('popup')
    const opening = page.waitForEvent('popup')
    await page.getByRole('button', { name: 'Connect' }).click()
    const popup = await opening
    await field(popup).fill(await makeKey())
    await popup.getByRole('button', { name: 'Connect' }).click()
    await popup.waitForEvent('close')
    await expect.poll(() => page.evaluate('heard')).toEqual(['connected'])
    expect(await accountOf(who())).toEqual(['ada'])
    expect(complaints).toEqual([])
  })

  test('a form that is reloaded is shown again, and a cancelled one leads back', async () => {
    const { page } = await atApp('redirect')
    await page.getByRole('button', { name: 'Connect' }).click()
    await field(page).waitFor()
    await page.reload()
    await field(page).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.waitForURL(`${origin}/settings**`)
    expect(await accountOf(who())).toEqual([])
  })
})

verifies('connect:key-choice', async () => {
  const place = { provider: 'acme-robots', host: watch.url }
  const { page, complaints } = await atApp('redirect', { javaScriptEnabled: false }, place)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const choice = page.getByRole('navigation', { name: 'Keys of Acme Watch to choose from' })
  await choice.waitFor()
  // The choice comes first: past the key that is shown, to the other one.
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Connect Acme Watch with a robot key' }).waitFor()
  expect(await choice.locator('[aria-current=true]').textContent()).toBe('robot key')
  for (const [name, value] of Object.entries(watch.makeKey())) {
    await page.locator(`[name=${name}]`).fill(value)
  }
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.waitForURL(`${origin}/settings**`)
  expect(complaints).toEqual([])
})

test('axe finds nothing in a choice of keys, in German either', async () => {
  const place = { provider: 'acme-robots', host: watch.url }
  const settings = { bypassCSP: true, locale: 'de-DE', viewport: { width: 320, height: 640 } }
  const { page } = await atApp('redirect', settings, place)
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('Schlüssel von Acme Watch zur Auswahl').waitFor()
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
  await page.addScriptTag({ content: axe.source })
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document)')
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)).toEqual([])
})

test('the form is framed by no page', async () => {
  const { page } = await atApp('redirect')
  await page.evaluate(() => {
    const frame = document.createElement('iframe')
    frame.name = 'inside'
    document.body.append(frame)
    const [form] = document.forms
    if (form) form.target = 'inside'
    form?.submit()
  })
  await expect.poll(() => page.frame('inside')?.url()).toMatch(/^chrome-error:/)
})

test.each(['light', 'dark'] as const)(
  'axe finds nothing, and 320 px are enough: %s',
  async (colorScheme) => {
    const { page } = await atApp('redirect', {
      bypassCSP: true, // for axe itself
      colorScheme,
      viewport: { width: 320, height: 640 },
    })
    await page.getByRole('button', { name: 'Connect' }).click()
    for (const isRefused of [false, true]) {
      if (isRefused) {
        await field(page).fill('glpat-this-is-not-a-key')
        await page.getByRole('button', { name: 'Connect' }).click()
        await page.getByRole('alert').waitFor()
      }
      await field(page).waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
      await page.addScriptTag({ content: axe.source })
      const { violations, passes } = await page.evaluate<axe.AxeResults>('axe.run(document)')
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)).toEqual(
        [],
      )
      expect(passes.map(({ id }) => id)).toContain('label')
    }
  },
)
