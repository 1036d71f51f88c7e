/** Acme with every provider of the catalogue, each at its stand-in: in a real browser, with the keyboard alone. */
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { setUpAcme } from '../support/acme.ts'
import { consentByKeyboard } from '../support/at-gitlab.ts'
import { approveButton, signInByKeyboard } from '../support/at-stand-ins.ts'
import { tabTo } from '../support/keyboard.ts'
import { verifies } from '../support/verifies.ts'

// Six connections, one after the other, and axe on each page on the way.
vi.setConfig({ testTimeout: 120_000 })

const acme = setUpAcme()

const card = (page: Page, title: string): Locator =>
  page.getByRole('region', { name: title, exact: true })

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press('Enter')
}

/** What a page does next, while it opens another one. */
async function opening(context: BrowserContext, act: () => Promise<void>): Promise<Page> {
  const [opened] = await Promise.all([context.waitForEvent('page'), act()])
  await opened.waitForLoadState()
  return opened
}

/** Presses the button of a card; the popup that it opens. */
async function openPopup(page: Page, title: string): Promise<Page> {
  const connect = card(page, title).getByRole('button', { name: `Connect ${title}`, exact: true })
  return await opening(page.context(), () => press(page, connect))
}

async function expectConnected(page: Page, title: string, item: string): Promise<void> {
  const place = card(page, title)
  await place.getByText('Connected', { exact: true }).first().waitFor()
  await place.getByRole('listitem').filter({ hasText: item }).waitFor()
}

/** By consent: signs in at the stand-in, and approves. */
async function connectByConsent(page: Page, title: string, username: string): Promise<void> {
  const popup = await openPopup(page, title)
  await popup.getByLabel('Username').waitFor()
  await expectAccessible(popup)
  await signInByKeyboard(popup, username)
  await approveButton(popup).waitFor()
  await expectAccessible(popup)
  await Promise.all([popup.waitForEvent('close'), press(popup, approveButton(popup))])
}

/** By a code that the popup shows and that is approved in another tab; then the popup asks whose account it is. */
async function connectBuildkite(page: Page): Promise<void> {
  const popup = await openPopup(page, 'Buildkite')
  const link = popup.getByRole('link', { name: /^Open / })
  await link.waitFor()
  await expectAccessible(popup)
  const tab = await opening(page.context(), () => press(popup, link))
  await signInByKeyboard(tab, 'ada@example.com')
  const goOn = tab.getByRole('button', { name: 'Continue' })
  await goOn.waitFor()
  await expectAccessible(tab)
  await press(tab, goOn)
  await press(tab, tab.locator('button[value=approve]'))
  await tab.getByText('You can close this window.').waitFor()
  await tab.close()
  // It is polled for every five seconds.
  const mine = popup.getByRole('button', { name: 'Connect this account' })
  await mine.waitFor()
  await expectAccessible(popup)
  await Promise.all([popup.waitForEvent('close'), press(popup, mine)])
}

/** The application is a part of the address, so it is typed before the button is there. */
async function connectAlgolia(page: Page): Promise<void> {
  const dashboard = await page.context().newPage()
  await dashboard.goto(`${acme.product.standIns.urls.algolia}/account/api-keys`)
  await expectAccessible(dashboard)
  const copied = (label: string) => dashboard.getByLabel(label).first().inputValue()
  const [id, key] = [await copied('Application ID'), await copied('Search API key')]
  await dashboard.close()

  await tabTo(page, card(page, 'Algolia').getByLabel('Application ID at Algolia'))
  await page.keyboard.type(id)
  await page.keyboard.press('Enter')
  const popup = await openPopup(page, 'Algolia')
  const field = popup.getByLabel('API key', { exact: true })
  await field.waitFor()
  await expectAccessible(popup)
  await tabTo(popup, field)
  await popup.keyboard.type(key)
  await Promise.all([popup.waitForEvent('close'), popup.keyboard.press('Enter')])
}

async function connectGitLab(page: Page): Promise<void> {
  const popup = await openPopup(page, 'GitLab')
  await Promise.all([popup.waitForEvent('close'), consentByKeyboard(popup)])
}

/** On a phone and on a desk, in light and in dark. */
async function expectTidy(page: Page): Promise<void> {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expectAccessible(page, `${width} px, ${colorScheme}`)
    }
  }
}

verifies('e2e:six-providers', async () => {
  const page = await acme.atSettings()
  await card(page, 'Algolia').waitFor()
  await expectTidy(page)
  await connectGitLab(page)
  await page.getByRole('link', { name: 'Webshop' }).waitFor()
  await connectByConsent(page, 'GitHub', 'ada')
  await expectConnected(page, 'GitHub', 'northwind/charts')
  await connectByConsent(page, 'Bitbucket Cloud', 'ada')
  await expectConnected(page, 'Bitbucket Cloud', 'northwind')
  await connectByConsent(page, 'Azure DevOps', 'ada@northwind.example')
  await expectConnected(page, 'Azure DevOps', 'Harbour')
  await connectBuildkite(page)
  await expectConnected(page, 'Buildkite', 'northwind')
  await connectAlgolia(page)
  await expectConnected(page, 'Algolia', 'harbour_articles')
  await expectTidy(page)

  await press(page, page.getByRole('button', { name: 'Deutsch' }))
  await card(page, 'GitHub').getByText('Ihre Repositorys').waitFor()
  await expectTidy(page)
  for (const standIn of Object.values(acme.product.standIns.at)) {
    expect(standIn.unexpected()).toEqual([])
  }
  expect(acme.product.failures).toEqual([])
})

verifies('e2e:one-account-two-tenants', async () => {
  const { github } = acme.product.standIns.at
  const [mira, jonas] = [await acme.atSettings(), await acme.atSettings('Jonas Weber')]
  for (const page of [mira, jonas]) {
    await connectByConsent(page, 'GitHub', 'ada')
    await expectConnected(page, 'GitHub', 'northwind/charts')
  }
  const deletions = () => github.requests().filter(({ method }) => method === 'DELETE').length
  const before = deletions()

  await press(mira, card(mira, 'GitHub').getByRole('button', { name: /Connected as/ }))
  const dialog = mira.getByRole('dialog')
  await press(mira, dialog.getByRole('button', { name: 'Disconnect' }))
  await press(mira, dialog.getByRole('button', { name: 'Disconnect GitHub' }))
  await card(mira, 'GitHub').getByRole('button', { name: 'Connect GitHub' }).waitFor()
  // Her token is withdrawn there, and hers alone.
  await expect.poll(deletions).toBe(before + 1)
  expect(await mira.getByRole('main').textContent()).not.toMatch(/Jonas|Umbrella/)

  await jonas.reload()
  await expectConnected(jonas, 'GitHub', 'northwind/charts')
  expect(await jonas.getByRole('main').textContent()).not.toMatch(/Mira|Northwind|disconnected/)
  expect(acme.product.failures).toEqual([])
})

test('the page finds an integration by its name', async () => {
  const page = await acme.atSettings()
  await card(page, 'Algolia').waitFor()
  await tabTo(page, page.getByLabel('Find an integration'))
  await page.keyboard.type('buck')
  await card(page, 'GitHub').waitFor({ state: 'hidden' })
  expect(await card(page, 'Bitbucket Cloud').isVisible()).toBe(true)
  await page.keyboard.type('x')
  await page.getByText('No integration has a name like that.').waitFor()
  await expectAccessible(page)
})
