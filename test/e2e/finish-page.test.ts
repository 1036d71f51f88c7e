/** The page at the end of a popup, in a real browser: it tells, it closes, and its own policy lets it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Keywell } from '@keywell/sdk'
import { toNodeHandler } from '@keywell/sdk/node'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { verifies } from '../support/verifies.ts'

const flowId = 'flo_01M7XTEDHNWTMRVXP74PK179YP'
const parameters = `keywell_session=ses_01M7XTEDHNWTMRVXP74PK179YP&keywell_flow=${flowId}&keywell_ticket=secret-ticket`

/** A page that opens the popup, as a click would, and keeps what it hears. */
const opener = `<!doctype html><title>App</title>
<script>
window.heard = []
new BroadcastChannel('keywell').onmessage = ({ data }) => heard.push(['channel', data])
addEventListener('message', ({ data, origin }) => heard.push([origin === location.origin, data]))
</script>
<button onclick="window.open('/keywell/finish?${parameters}', 'finish', 'popup')">Open</button>`

let browser: Browser
let app: Server
let origin: string
let page: Page
/** Headers of the opening page. */
let headers: Record<string, string> = {}

beforeAll(async () => {
  browser = await launchBrowser()
  const keywell = new Keywell({ url: 'http://127.0.0.1:1', apiKey: 'key', fetch: confirmAll })
  const handler = toNodeHandler(keywell, () => ({ tenantId: 'org', userId: 'ada' }))
  app = createServer((request, response) => {
    if (request.url?.startsWith('/keywell/')) handler(request, response)
    else response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(opener)
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  const { port } = app.address() as AddressInfo // listening on TCP, hence no string
  origin = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  await browser?.close()
  app?.close()
})
beforeEach(async () => {
  page = await browser.newPage()
})
afterEach(async () => {
  await page.context().close()
  headers = {}
})

/** The service's end of the confirmation: every flow ended with the user's no. */
const confirmAll: typeof fetch = async () =>
  Response.json({
    flowId,
    status: 'denied',
    error: null,
    connection: null,
    mode: 'popup',
    resumeUrl: null,
  })

const heard = () => page.evaluate('heard')
const news = { flowId, status: 'denied' }

test('it tells the page that opened it, on both ways, and closes', async () => {
  await page.goto(origin)
  const opening = page.waitForEvent('popup')
  await page.getByRole('button').click()
  const popup = await opening
  await expect.poll(() => popup.isClosed()).toBe(true)
  expect(await heard()).toEqual(
    expect.arrayContaining([
      ['channel', news],
      [true, news],
    ]),
  )
  expect(await heard()).toHaveLength(2)
})

test('a page that is cut off from its popups is told, too', async () => {
  headers = { 'cross-origin-opener-policy': 'same-origin' }
  await page.goto(origin)
  await page.getByRole('button').click()
  await expect.poll(heard).toContainEqual(['channel', news])
})

test('opened by hand it stays, says what happened, and no ticket is left in its address', async () => {
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  const response = await page.goto(`${origin}/keywell/finish?${parameters}`)
  expect(response?.headers()['content-security-policy']).toContain("default-src 'none'")
  await page.getByText('You can close this window').waitFor()
  expect(page.url()).toBe(`${origin}/keywell/finish`)
  // Its icon is asked for by the browser and refused by the page's policy; nothing else is.
  expect(complaints.filter((text) => /Content Security Policy|Error/.test(text))).toEqual([])
})

test.each(['light', 'dark'] as const)('axe finds nothing, %s', async (colorScheme) => {
  const context = await browser.newContext({ bypassCSP: true, colorScheme }) // for axe itself
  const tab = await context.newPage()
  await tab.setViewportSize({ width: 320, height: 480 })
  await tab.goto(`${origin}/keywell/finish?${parameters}`)
  await tab.addScriptTag({ content: axe.source })
  const { violations, passes } = await tab.evaluate<axe.AxeResults>('axe.run(document)')
  expect(violations.map(({ id }) => id)).toEqual([])
  expect(passes.map(({ id }) => id)).toContain('document-title')
  const overflow = await tab.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  )
  expect(overflow).toBe(false)
  await context.close()
})

verifies('connect:finish-page', async () => {
  const context = await browser.newContext({ locale: 'de-DE' })
  const tab = await context.newPage()
  await tab.goto(`${origin}/keywell/finish?${parameters}`)
  await tab.getByRole('heading', { name: 'Nicht verbunden' }).waitFor()
  await tab.getByText('Sie können dieses Fenster schließen.').waitFor()
  expect(await tab.locator('html').getAttribute('lang')).toBe('de')
  // Its own policy lets its stylesheet apply.
  const main = tab.locator('main')
  expect(await main.evaluate((element) => getComputedStyle(element).borderRadius)).toBe('16px')
  await context.close()
})
