/**
 * The browser that the other tests trust. Each of these can only pass in one whose web security is on,
 * and in one whose windows behave as on a user's desk.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { verifies } from '../support/verifies.ts'

let browser: Browser
let server: Server
let port: number

beforeAll(async () => {
  browser = await launchBrowser()
  server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'text/html')
    if (url === '/isolated') response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.end(`<title>${url}</title>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server has an address of this kind.
  port = (server.address() as AddressInfo).port
})
afterAll(async () => {
  await browser.close()
  server.close()
})

async function openPage() {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${port}/app`)
  return page
}

verifies.suite('house:browser', () => {
  test('a page cannot read another origin', async () => {
    const page = await openPage()
    const other = `http://localhost:${port}/secret`
    const read = page.evaluate((url) => fetch(url).then((response) => response.text()), other)
    await expect(read).rejects.toThrow('Failed to fetch')
  })

  test('a window that is opened knows its opener, unless its page wants to be alone', async () => {
    const page = await openPage()
    for (const [path, hasOpener] of [
      ['/plain', true],
      ['/isolated', false],
    ] as const) {
      const opened = page.waitForEvent('popup')
      await page.evaluate(
        (url) => void window.open(url, '_blank', 'popup'),
        `http://localhost:${port}${path}`,
      )
      const popup = await opened
      await popup.waitForURL(`**${path}`)
      expect(await popup.evaluate(() => window.opener !== null)).toBe(hasOpener)
    }
  })

  test('no name leads out of this machine', async () => {
    const page = await openPage()
    await expect(page.goto('http://example.com/')).rejects.toThrow('ERR_NAME_NOT_RESOLVED')
  })
})
