import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { setUpAcme } from '../support/acme.ts'
import { consent, signInAtGitLab, withdrawAtGitLab } from '../support/at-gitlab.ts'
import { expectToLookRight, takePicture } from '../support/looks.ts'
import { verifies } from '../support/verifies.ts'

// Every state of the connect button, reached by what a person does, in the running product.

const acme = setUpAcme()
const { atSettings } = acme

/** The card of one integration, among others. */
const card = (page: Page) => page.getByRole('region', { name: 'GitLab', exact: true })
const connectButton = (page: Page) => card(page).locator('[data-keywell-button]')
const inState = (page: Page, state: string) =>
  card(page).locator(`[data-keywell-button][data-state="${state}"]`).waitFor()
const note = (page: Page, text: string) => page.getByRole('group').getByText(text)
const isFocused = (page: Page) =>
  connectButton(page).evaluate((button) => button === document.activeElement)

async function openPopup(page: Page): Promise<Page> {
  const [popup] = await Promise.all([page.waitForEvent('popup'), connectButton(page).click()])
  await popup.getByLabel('Username').waitFor()
  return popup
}

async function connect(page: Page): Promise<void> {
  await inState(page, 'idle')
  await consent(await openPopup(page))
  await inState(page, 'connected')
}

verifies(
  'e2e:looks',
  async () => {
    const page = await atSettings()
    await inState(page, 'idle')
    await expectToLookRight(page, 'idle')

    const popup = await openPopup(page)
    await inState(page, 'waiting')
    await expectToLookRight(page, 'waiting')
    await popup.close()
    await note(page, 'still open, finish there').waitFor()
    await expectToLookRight(page, 'popup-closed')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await inState(page, 'cancelled')
    await expectToLookRight(page, 'cancelled')

    const denying = await openPopup(page)
    await signInAtGitLab(denying)
    await denying.getByRole('button', { name: 'Deny' }).click()
    await inState(page, 'denied')
    await expectToLookRight(page, 'denied')

    await page.evaluate(() => {
      window.open = () => null
    })
    await connectButton(page).click()
    await inState(page, 'blocked')
    await expectToLookRight(page, 'blocked')
  },
  { timeout: 240_000 },
)

verifies(
  'e2e:looks',
  async () => {
    const page = await atSettings()
    await connect(page)
    await expectToLookRight(page, 'connected')
    await connectButton(page).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Change what is allowed' }).waitFor()
    await expectToLookRight(page, 'account')
    await dialog.getByRole('button', { name: 'Disconnect' }).click()
    await dialog.getByRole('button', { name: 'Keep it connected' }).waitFor()
    await expectToLookRight(page, 'question')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })

    await withdrawAtGitLab(page, acme.product.stage.sandbox.url)
    await page.reload()
    await inState(page, 'needs_reauth')
    await expectToLookRight(page, 'needs-reauth')

    await page.route('**/connect/flows', (route) => route.abort())
    await connectButton(page).click()
    await page.locator('[data-keywell-scope-picker][data-state="ready"]').waitFor()
    await page.getByRole('button', { name: 'Continue to GitLab' }).click()
    await inState(page, 'error')
    await expectToLookRight(page, 'error')
  },
  { timeout: 240_000 },
)

verifies('e2e:one-voice', async () => {
  const page = await atSettings()
  await inState(page, 'idle')
  await card(page).getByText('Not connected', { exact: true }).waitFor()
  const popup = await openPopup(page)
  await inState(page, 'waiting')
  expect(await card(page).getByText('Not connected', { exact: true }).count()).toBe(0)
  await card(page).getByText('Connecting …', { exact: true }).waitFor()
  await popup.close()
  // Nobody knows whether it was closed, or cut off by its page.
  await note(page, 'If you closed it').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await card(page).getByText('Not connected', { exact: true }).waitFor()
})

verifies('e2e:focus-kept', async () => {
  const page = await atSettings()
  await connect(page)
  expect(await isFocused(page)).toBe(true)
  await acme.product.stage.sandbox.control.change({ skipConsent: 'never' })
  // A reconnect that is cancelled: the button that was pressed goes, and the account stays connected.
  await connectButton(page).click()
  await page.getByRole('button', { name: 'Change what is allowed' }).click()
  await page.locator('[data-keywell-scope-picker][data-state="ready"]').waitFor()
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Continue to GitLab' }).click(),
  ])
  await popup.close()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await inState(page, 'connected')
  expect(await isFocused(page)).toBe(true)
  // Disconnecting takes away the dialog, and what the button said.
  await connectButton(page).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Disconnect' }).click()
  await dialog.getByRole('button', { name: 'Disconnect GitLab' }).click()
  await inState(page, 'idle')
  await dialog.waitFor({ state: 'detached' })
  expect(await isFocused(page)).toBe(true)
  await expect
    .poll(() => page.locator('[data-keywell-status]').textContent())
    .toBe('GitLab is disconnected')
})

verifies('e2e:connected-keyboard', async () => {
  const page = await atSettings()
  await connect(page)
  await connectButton(page).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'GitLab' })
  await dialog.waitFor()
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  expect(await focused()).toBe('Close')
  await page.keyboard.press('Shift+Tab')
  expect(await focused()).toBe('Disconnect')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Disconnect GitLab?' }).waitFor()
  expect(await focused()).toBe('Keep it connected')
  // Modal: the keys do not lead out of it.
  for (let tabs = 0; tabs < 4; tabs += 1) {
    await page.keyboard.press('Tab')
    const outside = await page.evaluate(
      () =>
        document.activeElement !== document.body &&
        !document.querySelector('dialog')?.contains(document.activeElement),
    )
    expect(outside).toBe(false)
  }
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await isFocused(page)).toBe(true)
  await inState(page, 'connected')
})

verifies('e2e:loading', async () => {
  const page = await atSettings()
  await connect(page)
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/api/keywell/connections?*', async (route) => {
    await held
    await route.continue()
  })
  await page.goto(acme.product.url)
  // The tiles are there, at their size; the numbers follow.
  const tiles = page.locator('.tiles[aria-busy="true"]')
  await tiles.waitFor()
  const before = await tiles.boundingBox()
  await page.goto(`${acme.product.url}/settings/integrations`)
  await card(page).locator('[data-keywell-button][data-loading]').waitFor()
  await card(page).getByText('Checking …', { exact: true }).waitFor()
  await expectAccessible(page)
  await takePicture(page, 'loading')
  release()
  await inState(page, 'connected')
  expect(await page.locator('[data-loading]').count()).toBe(0)
  await page.goto(acme.product.url)
  const ready = page.locator('.tiles[aria-busy="false"]')
  await ready.waitFor()
  expect(await ready.boundingBox()).toEqual(before)
})

verifies('e2e:strict-policy', async () => {
  const page = await atSettings('Mira Sandoval', {
    script: `addEventListener('securitypolicyviolation', (event) => {
       const list = JSON.parse(sessionStorage.getItem('refused') ?? '[]')
       sessionStorage.setItem('refused', JSON.stringify([...list, event.violatedDirective]))
     })`,
  })
  const { headers } = await fetch(acme.product.url)
  const policy = headers.get('content-security-policy')
  expect(policy).toMatch(/default-src 'none'|default-src 'self'/)
  expect(policy).not.toContain('unsafe-inline')
  await connect(page)
  await connectButton(page).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect GitLab' }).click()
  await inState(page, 'idle')
  expect(await page.evaluate(() => sessionStorage.getItem('refused'))).toBeNull()
})

verifies('e2e:early-click', async () => {
  const page = await atSettings()
  const address = page.url()
  // What the page has asked for already must not be held back.
  await page.goto('about:blank')
  const held: (() => Promise<void>)[] = []
  await page.route(/\/assets\/(attempt|connect-beside)/, (route) => {
    held.push(() => route.continue())
  })
  await page.goto(address)
  await connectButton(page).click()
  await inState(page, 'opening')
  await expect.poll(() => held.length).toBe(2)
  const [popup] = await Promise.all([page.waitForEvent('popup'), ...held.map((goOn) => goOn())])
  await inState(page, 'waiting')
  await consent(popup)
  await inState(page, 'connected')
})

verifies('e2e:click-missing', async () => {
  const page = await atSettings()
  const late = /\/assets\/(attempt|connect-beside)/
  await page.route(late, (route) => route.fulfill({ status: 404 }))
  await page.reload()
  await inState(page, 'idle')
  await connectButton(page).click()
  await inState(page, 'error')
  await card(page).locator('[data-keywell-actions]').getByText('reload the page').waitFor()
  await page.getByRole('status').getByText('reload the page').waitFor()
  await expectAccessible(page)
  await page.unroute(late)
  await page.reload()
  await connect(page)
})

verifies('e2e:dialog-missing', async () => {
  const page = await atSettings()
  await connect(page)
  for (const part of ['account-dialog', 'connect-beside']) {
    await page.route(`**/assets/${part}*`, (route) => route.fulfill({ status: 404 }))
    await page.reload()
    await inState(page, 'connected')
    await connectButton(page).click()
    const beside = card(page).locator('[data-keywell-actions]')
    await beside.getByText('reload the page').waitFor()
    await page.getByRole('status').getByText('reload the page').waitFor()
    await inState(page, 'connected')
    await page.unroute(`**/assets/${part}*`)
  }
  await page.reload()
  await connectButton(page).click()
  await page.getByRole('dialog', { name: 'GitLab' }).waitFor()
})
