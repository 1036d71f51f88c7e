import { afterEach, describe, expect } from 'vitest'
import { setUpProduct } from '../support/acme.ts'
import { type BrowserWindow, otherBrowsers, type WalkBrowser } from '../support/other-browsers.ts'
import { verifies } from '../support/verifies.ts'

// The product in browsers with other engines. Chromium walks the same ways, and many more, in demo.test.ts.

const running = setUpProduct()
let browser: WalkBrowser | undefined

afterEach(async () => {
  await browser?.stop()
  browser = undefined
})

describe.each(Object.entries(otherBrowsers))('%s', (_, start) => {
  verifies(
    'e2e:other-browsers',
    async () => {
      browser = await start?.()
      if (!browser) return
      process.stdout.write(`walking in ${browser.version}\n`)
      const { first: page } = browser
      await page.goto(running.product.url)
      await page.click(/Mira Sandoval/)
      await page.shows('Good to see you')
      await page.goto(`${running.product.url}/settings/integrations`)

      // A preset, another one, and a scope beside it.
      await page.check('Full access')
      await page.check('Read only')
      await page.check('Clone your repositories')
      const popup = await openPopup(browser)
      await signIn(popup)
      await popup.click(/^Authorize/)
      await browser.popupsClosed()
      await page.shows('Connected as Ada Okafor')
      await page.shows('Push commits to your projects')
      expect(await grantedScopes()).toEqual(['read_api', 'write_repository'])

      // More of it, in the dialog.
      await page.click('Connected as Ada Okafor')
      await page.click('Change what is allowed')
      await page.shows('Nothing changes.')
      await page.check('Full access')
      const wider = await browser.popupAfter(() => page.click('Continue to GitLab'))
      await wider.click(/^Authorize/)
      await browser.popupsClosed()
      await page.shows('Do everything you can do')
      expect(await grantedScopes()).toEqual(['api', 'read_api'])
      await disconnect(page)

      const reloaded = await openPopup(browser)
      await reloaded.shows('Authorize')
      await reloaded.reload()
      await reloaded.click(/^Authorize/)
      await browser.popupsClosed()
      await page.shows('Connected as Ada Okafor')
      await disconnect(page)

      await page.run('window.open = () => null')
      await page.click('Connect GitLab')
      await page.shows('blocked the window')
      await page.click('Continue in this tab')
      await page.click(/^Authorize/)
      await page.shows('Connected as Ada Okafor')
      await disconnect(page)
    },
    { timeout: 120_000, skip: start === undefined },
  )
})

/** As the service holds them. */
async function grantedScopes(): Promise<unknown> {
  const [row] = await running.product.stage.database.query<{ scopes: string[] }>(
    `select granted_scopes as scopes from connections where status = 'active'`,
  )
  return row?.scopes.toSorted()
}

const openPopup = (from: WalkBrowser): Promise<BrowserWindow> =>
  from.popupAfter(() => from.first.click('Connect GitLab'))

async function signIn(popup: BrowserWindow): Promise<void> {
  await popup.fill('Username', 'ada')
  await popup.fill('Password', 'sandbox')
  await popup.click('Sign in')
}

async function disconnect(page: BrowserWindow): Promise<void> {
  await page.click('Connected as Ada Okafor')
  await page.click('Disconnect')
  await page.click('Disconnect GitLab')
  await page.shows('Connect GitLab')
}
