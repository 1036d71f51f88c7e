import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { type Acme, setUpAcme } from '../support/acme.ts'
import { authorizeButton, consent, signInAtGitLab } from '../support/at-gitlab.ts'
import { tabTo } from '../support/keyboard.ts'
import { verifies } from '../support/verifies.ts'

// The whole product in a real browser: Acme, Keywell and the stand-in GitLab on three origins.

const acme = setUpAcme()

/** At Acme's settings, where nothing is connected. */
async function atSettings(...person: Parameters<Acme['atSettings']>): Promise<Page> {
  const page = await acme.atSettings(...person)
  await page.getByRole('button', { name: 'Connect GitLab' }).waitFor()
  // Until the list of connections is there, the button has its place, and no colour.
  await page.locator('[data-keywell-button][data-loading]').first().waitFor({ state: 'detached' })
  return page
}

async function openPopup(page: Page): Promise<Page> {
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Connect GitLab' }).click(),
  ])
  return popup
}

/** What the button says beside itself; the live region says it too. */
const note = (page: Page, text: string) => page.getByRole('group').getByText(text)

const authorize = (window: Page) => authorizeButton(window).click()

/** Connected, says the page, and shows the projects that Acme's backend fetched. */
async function expectConnected(page: Page): Promise<void> {
  await page.getByText('Connected', { exact: true }).first().waitFor()
  await page.getByRole('link', { name: 'Webshop' }).waitFor()
}

verifies('e2e:popup', async () => {
  const page = await atSettings()
  await expectAccessible(page)
  const popup = await openPopup(page)
  await popup.getByLabel('Username').waitFor()
  await expectAccessible(popup)
  await signInAtGitLab(popup)
  await authorizeButton(popup).waitFor()
  await expectAccessible(popup)
  await Promise.all([popup.waitForEvent('close'), authorize(popup)])
  await expectConnected(page)
  await expectAccessible(page)
  expect(await page.getByText('Ada Okafor').count()).toBeGreaterThan(0)
  // It is there after a reload too, and in no other tenant.
  await page.reload()
  await expectConnected(page)
  await atSettings('Jonas Weber')
  expect(acme.product.failures).toEqual([])
})

verifies('T21:no-token-in-browser', async () => {
  const seen: string[] = []
  const page = await atSettings()
  const record = async (text: Promise<string>) => seen.push(await text.catch(() => ''))
  page.context().on('response', (response) => void record(response.text()))
  page.context().on('request', (request) => {
    seen.push(request.url(), request.postData() ?? '', JSON.stringify(request.headers()))
  })
  const popup = await openPopup(page)
  await consent(popup)
  await expectConnected(page)
  await page.reload()
  await expectConnected(page)
  seen.push(await page.content(), JSON.stringify(await page.context().storageState()))
  const all = seen.join('\n')
  const pairs = await acme.product.stage.sandbox.control.tokens()
  const secrets = pairs.flatMap((pair) => [pair.accessToken, pair.refreshToken ?? ''])
  expect(secrets.length).toBeGreaterThan(0)
  for (const secret of secrets) expect(all).not.toContain(secret)
  expect(all).not.toContain(acme.product.stage.apiKey)
  // The recorder works: what a browser may have is there.
  expect(all).toContain('/connect/flows')
})

verifies('T11:opener-cut', async () => {
  await acme.product.stage.sandbox.control.change({ openerPolicy: 'same-origin' })
  const page = await atSettings()
  const popup = await openPopup(page)
  await signInAtGitLab(popup)
  await authorizeButton(popup).waitFor()
  // The page reads `closed` as true by now, and must not give up.
  await note(page, 'still open, finish there').waitFor()
  await Promise.all([popup.waitForEvent('close'), authorize(popup)])
  await expectConnected(page)
})

verifies('e2e:blocked', async () => {
  const page = await atSettings('Mira Sandoval', { script: 'window.open = () => null' })
  await page.getByRole('button', { name: 'Connect GitLab' }).click()
  await note(page, 'blocked the window').waitFor()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Continue in this tab' }).click()
  await signInAtGitLab(page)
  await authorize(page)
  await expectConnected(page)
  expect(new URL(page.url()).hash).toBe('')
})

verifies('e2e:denied', async () => {
  const page = await atSettings()
  const popup = await openPopup(page)
  await signInAtGitLab(popup)
  await Promise.all([
    popup.waitForEvent('close'),
    popup.getByRole('button', { name: 'Deny' }).click(),
  ])
  await note(page, 'You did not allow access').waitFor()
  await expectAccessible(page)
  // Saying no is no dead end.
  const again = await openPopup(page).catch(() => undefined)
  expect(again, 'a second try opens').toBeDefined()
})

verifies('e2e:closed-and-reopened', async () => {
  const page = await atSettings()
  const popup = await openPopup(page)
  await popup.getByLabel('Username').waitFor()
  await popup.close()
  await note(page, 'still open, finish there').waitFor()
  await expectAccessible(page)
  const [second] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Open again' }).click(),
  ])
  await signInAtGitLab(second)
  await Promise.all([second.waitForEvent('close'), authorize(second)])
  await expectConnected(page)
})

verifies('e2e:redirect', async () => {
  // A phone: no second window.
  const page = await atSettings('Mira Sandoval', {
    hasTouch: true,
    isMobile: true,
    viewport: { width: 390, height: 844 },
  })
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Connect GitLab' }).tap()
  await signInAtGitLab(page)
  await authorize(page)
  await expectConnected(page)
  expect(page.url()).toBe(`${acme.product.url}/settings/integrations`)
  expect(page.context().pages()).toHaveLength(1)
})

verifies('e2e:keyboard', async () => {
  const page = await atSettings()
  const connect = page.getByRole('button', { name: 'Connect GitLab' })
  await tabTo(page, connect)
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')])
  // The page takes the focus itself, once it is drawn.
  await popup.locator('#username:focus').waitFor()
  await popup.keyboard.type('ada')
  await popup.keyboard.press('Tab')
  await popup.keyboard.type('sandbox')
  await popup.keyboard.press('Enter')
  await tabTo(popup, authorizeButton(popup))
  await Promise.all([popup.waitForEvent('close'), popup.keyboard.press('Enter')])
  await expectConnected(page)
})

verifies('T1:two-browsers', async () => {
  const control = acme.product.stage.sandbox.control
  // Mira starts and hands the provider's address to Jonas, who consents to it at GitLab as himself.
  const mira = await atSettings('Mira Sandoval')
  const popup = await openPopup(mira)
  await popup.getByLabel('Username').waitFor()
  const link = popup.url()
  const jonas = await atSettings('Jonas Weber')
  const victim = await jonas.context().newPage()
  await victim.goto(link)
  await signInAtGitLab(victim, 'grace')
  await authorize(victim)
  await victim.getByText('This sign-in could not be finished').waitFor()
  await expectAccessible(victim)
  expect((await control.counters()).calls.token ?? 0, 'calls of the token endpoint').toBe(0)
  for (const page of [mira, jonas]) {
    await page.goto(`${acme.product.url}/settings/integrations`)
    await page.getByRole('button', { name: 'Connect GitLab' }).waitFor()
  }
})

verifies('T1:handed-over-ticket', async () => {
  const control = acme.product.stage.sandbox.control
  // Mira stops her own flow at the last step and lures Jonas to finish it: his Acme says who he is.
  const mira = await atSettings('Mira Sandoval')
  const popup = await openPopup(mira)
  await signInAtGitLab(popup)
  let callback = ''
  await popup.route(/\/oauth\/authorize$/, async (route) => {
    callback = (await route.fetch({ maxRedirects: 0 })).headers().location ?? ''
    await route.abort()
  })
  await authorize(popup)
  await expect.poll(() => callback).toContain('code=')
  const answer = await mira.context().request.get(callback, { maxRedirects: 0 })
  const finish = answer.headers().location ?? ''
  expect(finish).toContain('keywell_ticket')
  const jonas = await atSettings('Jonas Weber')
  const lured = await jonas.context().newPage()
  await lured.goto(finish).catch(() => {})
  await jonas.goto(`${acme.product.url}/settings/integrations`)
  await jonas.getByRole('button', { name: 'Connect GitLab' }).waitFor()
  expect((await control.counters()).calls.token ?? 0, 'calls of the token endpoint').toBe(0)
  // And Mira cannot use it any more either.
  const late = await mira.context().newPage()
  await late.goto(finish).catch(() => {})
  expect((await control.counters()).calls.token ?? 0, 'calls of the token endpoint').toBe(0)
})

verifies('e2e:disconnect', async () => {
  const page = await atSettings()
  const popup = await openPopup(page)
  await consent(popup)
  await expectConnected(page)
  await page.getByRole('button', { name: 'Connected as Ada Okafor' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Disconnect' }).click()
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Disconnect GitLab' }).click()
  await page.getByRole('button', { name: 'Connect GitLab' }).waitFor()
  const alive = (await acme.product.stage.sandbox.control.tokens()).filter(
    (pair) => pair.revokedAt === null,
  )
  expect(alive).toEqual([])
})

verifies('e2e:revoked-at-provider', async () => {
  const page = await atSettings()
  const popup = await openPopup(page)
  await consent(popup)
  await expectConnected(page)
  const gitlab = await page.context().newPage()
  await gitlab.goto(`${acme.product.stage.sandbox.url}/-/user_settings/applications`)
  await expectAccessible(gitlab)
  await gitlab.getByRole('button', { name: /^Revoke/ }).click()
  await gitlab.waitForLoadState()
  await page.reload()
  await page.getByRole('button', { name: 'Reconnect GitLab' }).waitFor()
  await expectAccessible(page)
})
