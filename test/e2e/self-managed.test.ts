import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { setUpAcme } from '../support/acme.ts'
import { consent, consentByKeyboard } from '../support/at-gitlab.ts'
import { isFocused, tabTo } from '../support/keyboard.ts'
import { expectToFit } from '../support/looks.ts'
import { verifies } from '../support/verifies.ts'

// A GitLab that a company runs itself, under a relative root: typed, connected, seen and disconnected in Acme.

const acme = setUpAcme()

/** Keeps what had the focus when it went to nothing. */
const watchFocus = `
  window.lostFocus = []
  addEventListener('focusout', ({ target }) => {
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (document.activeElement === document.body) window.lostFocus.push(target.outerHTML)
    }))
  })`
const lostFocus = (page: Page) => page.evaluate('window.lostFocus')

const said = (page: Page) => page.locator('[data-keywell-status]').textContent()

function partsOf(page: Page) {
  const card = page.getByRole('region', { name: 'Self-managed GitLab' })
  return {
    card,
    field: card.getByLabel('Address of your GitLab'),
    picker: card.locator('[data-keywell-scope-picker][data-state="ready"]'),
    connect: card.getByRole('button', { name: 'Connect GitLab' }),
    connected: card.getByRole('button', { name: 'Connected as Ada Okafor' }),
  }
}

/** Of the user, at the self-managed GitLab. */
async function grantedScopes(): Promise<unknown> {
  const { stage, selfManaged } = acme.product
  const rows = await stage.database.query<{ host: string; scopes: string[] }>(
    `select host, granted_scopes as scopes from connections where status = 'active'`,
  )
  expect(rows.map(({ host }) => host)).toEqual([selfManaged.url])
  return rows[0]?.scopes.toSorted()
}

async function expectNothingLeft(): Promise<void> {
  const { stage, selfManaged } = acme.product
  const pairs = await selfManaged.control.tokens()
  expect(pairs.length).toBeGreaterThan(0)
  expect(pairs.filter(({ revokedAt }) => revokedAt === null)).toEqual([])
  // The other GitLab had no part in it.
  expect((await stage.sandbox.control.counters()).calls).toEqual({})
}

describe.each([320, 1280])('at %i px', (width) => {
  verifies(
    'e2e:self-managed-keyboard',
    async () => {
      const { selfManaged } = acme.product
      const viewport = { width, height: 800 }
      const page = await acme.atSettings('Mira Sandoval', { viewport })
      const { card, field, picker, connect, connected } = partsOf(page)
      const look = (state: string) => expectToFit(page, `self-managed-${state}-${width}`)
      await field.waitFor()
      await card.getByText(selfManaged.url).waitFor()
      await look('empty')

      await tabTo(page, field)
      await page.keyboard.type(`${selfManaged.url}/platform/api/-/issues?scope=all`)
      await page.keyboard.press('Enter')
      await picker.waitFor()
      expect(await field.inputValue()).toBe(selfManaged.url)
      expect(await isFocused(field)).toBe(true)
      expect(await said(page)).toBe('GitLab was found there, and can be connected.')
      await look('found')

      await tabTo(page, card.getByRole('radio', { name: 'Read only' }))
      await page.keyboard.press('Tab')
      await tabTo(page, card.locator('[data-keywell-scope="api"]').getByRole('checkbox'))
      await page.keyboard.press('Space')
      await tabTo(page, connect)
      const [popup] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')])
      await Promise.all([popup.waitForEvent('close'), consentByKeyboard(popup)])
      await connected.waitFor()
      expect(await isFocused(connected)).toBe(true)
      expect(await said(page)).toBe('Connected as Ada Okafor')
      await card.getByText(selfManaged.url.replace('http://', '')).waitFor()
      await card.getByText('Do everything you can do').waitFor()
      expect(await grantedScopes()).toContain('api')
      await look('connected')

      await tabTo(page, page.getByRole('link', { name: 'All connected accounts' }))
      await page.keyboard.press('Enter')
      const manage = page.getByRole('button', { name: /^Manage GitLab/ })
      await tabTo(page, manage)
      await look('accounts')
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog')
      await tabTo(page, dialog.getByRole('button', { name: 'Disconnect' }))
      await look('account')
      await page.keyboard.press('Enter')
      await tabTo(page, dialog.getByRole('button', { name: /^Disconnect GitLab/ }))
      await look('question')
      await page.keyboard.press('Enter')
      await dialog.waitFor({ state: 'detached' })
      const heading = page.getByRole('heading', { name: 'Connected accounts' })
      await expect.poll(() => isFocused(heading)).toBe(true)

      await tabTo(page, page.getByRole('link', { name: 'Connect a self-managed GitLab' }))
      await page.keyboard.press('Enter')
      await field.waitFor()
      expect(await isFocused(page.locator('#main'))).toBe(true)
      await expectNothingLeft()
    },
    { timeout: 120_000 },
  )
})

verifies('e2e:self-managed', async () => {
  const { stage, selfManaged } = acme.product
  const page = await acme.atSettings('Mira Sandoval', { script: watchFocus })
  const { card, field, picker, connect, connected } = partsOf(page)
  const check = card.getByRole('button', { name: 'Check' })

  // The one that has a card of its own already.
  await field.fill(stage.sandbox.url)
  await check.click()
  await card.getByText('This is the GitLab above.').waitFor()
  expect(await connect.count()).toBe(0)
  // What is typed next was not looked at yet.
  await field.fill(`${selfManaged.url}/`)
  expect(await card.getByText('This is the GitLab above.').count()).toBe(0)
  await check.click()
  await picker.waitFor()
  await field.pressSequentially('x')
  expect(await connect.count()).toBe(0)
  await field.press('Backspace')
  await check.click()

  const [popup] = await Promise.all([page.waitForEvent('popup'), connect.click()])
  await consent(popup)
  await connected.waitFor()
  expect(await grantedScopes()).not.toContain('api')
  // The other card is as it was.
  const other = page.getByRole('region', { name: 'GitLab', exact: true })
  await other.getByText('Not connected', { exact: true }).waitFor()

  // It is there after a reload too, and the button outlives it.
  await page.reload()
  await connected.click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Disconnect' }).click()
  await dialog.getByRole('button', { name: 'Disconnect GitLab' }).click()
  await connect.waitFor()
  await dialog.waitFor({ state: 'detached' })
  expect(await isFocused(connect)).toBe(true)
  expect(await field.inputValue()).toBe(selfManaged.url)
  await page.getByText('The self-managed GitLab is disconnected.').waitFor()
  expect(await lostFocus(page)).toEqual([])
  await expectNothingLeft()
})

verifies('e2e:language', async () => {
  const { selfManaged } = acme.product
  const page = await acme.atSettings()
  const card = page.getByRole('region', { name: 'Selbst betriebenes GitLab' })
  await page.getByRole('button', { name: 'Deutsch' }).click()
  await page.getByRole('heading', { name: 'Integrationen' }).waitFor()
  const field = card.getByLabel('Adresse')
  await field.fill(selfManaged.url)
  await field.press('Enter')
  await card.locator('[data-keywell-scope-picker][data-state="ready"]').waitFor()
  await expectToFit(page, 'self-managed-german')
  const languages = await card.evaluate((element) =>
    element.closest('[lang]')?.getAttribute('lang'),
  )
  expect(languages).toBe('de')
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    card.getByRole('button', { name: 'GitLab verbinden' }).click(),
  ])
  await consent(popup)
  await card.getByText('Ihre Projekte, Issues und Merge Requests lesen').waitFor()
  await card.getByText('Verbunden', { exact: true }).first().waitFor()
  await expectToFit(page, 'self-managed-german-connected')
  await page.getByRole('link', { name: 'Alle verbundenen Konten' }).click()
  await page.getByRole('link', { name: 'Ein selbst betriebenes GitLab verbinden' }).waitFor()
})
