import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { setUpAcme } from '../support/acme.ts'
import { consent, withdrawAtGitLab } from '../support/at-gitlab.ts'
import { expectToLookRight, takePicture } from '../support/looks.ts'
import { must } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

// Every state of the list of accounts, reached by what a person does, in the running product.

const acme = setUpAcme()

async function atAccounts(): Promise<Page> {
  const page = await acme.atSettings()
  // Else a second account of the same person would be connected without a question.
  await acme.product.stage.sandbox.control.change({ skipConsent: 'never' })
  await page.goto(`${acme.product.url}/settings/accounts`)
  return page
}

const rows = (page: Page) => page.locator('li[data-keywell-connection]:not([data-loading])')
const row = (page: Page, place: number) => rows(page).nth(place)
const add = (page: Page) => page.getByRole('button', { name: 'Add another GitLab account' })
const said = (page: Page) => page.locator('[data-keywell-status]').textContent()
/** The label of what has the focus, or its text. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const { activeElement } = document
    return activeElement?.getAttribute('aria-label') ?? activeElement?.textContent ?? ''
  })

async function connectFirst(page: Page): Promise<void> {
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Connect GitLab' }).click(),
  ])
  await consent(popup)
  await row(page, 0).waitFor()
}

async function connectAnother(page: Page, name: string): Promise<void> {
  const before = await rows(page).count()
  await add(page).click()
  await page.getByLabel('Name of the account').fill(name)
  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Connect GitLab' }).click(),
  ])
  await consent(popup)
  await row(page, before).waitFor()
}

/** A backend reads each credential of Mira's, so that the service finds out what is withdrawn. */
async function probe(): Promise<void> {
  const { stage } = acme.product
  const found = await stage.database.query<{
    tenantId: string
    userId: string
    name: string
    generation: number
  }>(`select tenant_id as "tenantId", user_id as "userId", name, generation from connections
      where status = 'active'`)
  for (const { tenantId, userId, name: connectionName, generation } of found) {
    await stage.read({ tenantId, userId, connectionName, minGeneration: generation + 1 })
  }
}

verifies(
  'e2e:manager-looks',
  async () => {
    const page = await atAccounts()
    await page.getByText('No account is connected yet').waitFor()
    await page.getByRole('button', { name: 'Connect GitLab' }).waitFor()
    await expectToLookRight(page, 'manager-empty')

    await connectFirst(page)
    await add(page).waitFor()
    await expectToLookRight(page, 'manager-one')

    await row(page, 0)
      .getByRole('button', { name: /^Manage/ })
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Disconnect' }).waitFor()
    await expectToLookRight(page, 'manager-account')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    await add(page).click()
    await page.getByLabel('Name of the account').fill('Work')
    await expectToLookRight(page, 'manager-name')
    await page.getByRole('button', { name: 'Cancel' }).click()

    await connectAnother(page, 'Work')
    await expectToLookRight(page, 'manager-several')
  },
  { timeout: 240_000 },
)

verifies(
  'e2e:manager-looks',
  async () => {
    const page = await atAccounts()
    await connectFirst(page)
    await withdrawAtGitLab(page, acme.product.stage.sandbox.url)
    await probe()
    await page.getByText('Reconnect needed').waitFor()
    await expectToLookRight(page, 'manager-needs-reauth')

    await page.getByRole('button', { name: 'Reconnect GitLab' }).click()
    await page.locator('[data-keywell-button][data-state="waiting"]').waitFor()
    await expectToLookRight(page, 'manager-waiting')

    await page.route('**/api/keywell/connections?*', (route) => route.abort())
    await page.reload()
    await page.getByRole('alert').getByText('They stay connected').waitFor()
    await expectToLookRight(page, 'manager-error')
  },
  { timeout: 240_000 },
)

verifies(
  'e2e:manager-live',
  async () => {
    const page = await atAccounts()
    await connectFirst(page)
    await connectAnother(page, 'work')
    await row(page, 1)
      .getByRole('button', { name: /^Manage GitLab \(work/ })
      .focus()

    // Another window disconnects it.
    const other = await page.context().newPage()
    await other.goto(`${acme.product.url}/settings/accounts`)
    await row(other, 1)
      .getByRole('button', { name: /^Manage/ })
      .click()
    const dialog = other.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Disconnect' }).click()
    await dialog.getByRole('button', { name: /^Disconnect GitLab/ }).click()
    await expect.poll(() => rows(other).count()).toBe(1)
    await page.bringToFront()
    await expect.poll(() => rows(page).count()).toBe(1)
    await expect.poll(() => focused(page)).toMatch(/^Manage GitLab/)
    await expect.poll(() => said(page)).toMatch(/work\) is no longer connected\.$/)

    // The grant is withdrawn at the provider, and the service finds out.
    await other.close()
    await withdrawAtGitLab(page, acme.product.stage.sandbox.url)
    await page.bringToFront()
    await probe()
    await page.getByText('Reconnect needed').waitFor()
    await expect.poll(() => said(page)).toMatch(/has to be reconnected\.$/)
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('button', { name: 'Reconnect GitLab' }).click(),
    ])
    await consent(popup)
    await page.getByText('Connected', { exact: true }).waitFor()
    expect(await rows(page).count()).toBe(1)
    await expect.poll(() => focused(page)).toMatch(/^Manage GitLab/)
  },
  { timeout: 120_000 },
)

verifies(
  'e2e:manager-keyboard',
  async () => {
    const page = await atAccounts()
    await connectFirst(page)
    await expect.poll(() => focused(page)).toMatch(/^Manage GitLab/)

    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Add another GitLab account')
    await page.keyboard.press('Enter')
    await page.locator('input:focus').waitFor()
    await page.keyboard.type('Work')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toBe('Connect GitLab')
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')])
    await consent(popup)
    await expect.poll(() => focused(page)).toMatch(/^Manage GitLab \(work/)

    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    expect(await focused(page)).toBe('Close')
    await page.keyboard.press('Shift+Tab')
    expect(await focused(page)).toBe('Disconnect')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: /^Disconnect GitLab \(work/ }).waitFor()
    expect(await focused(page)).toBe('Keep it connected')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    expect(await rows(page).count()).toBe(1)
    await expect.poll(() => focused(page)).toMatch(/^Manage GitLab/)
    await expect.poll(() => said(page)).toMatch(/work\) is disconnected$/)

    // The last one: the focus goes to the heading.
    await page.keyboard.press('Enter')
    await dialog.waitFor()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: /^Disconnect/ }).waitFor()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toBe('Connected accounts')
  },
  { timeout: 120_000 },
)

verifies('e2e:manager-loading', async () => {
  const page = await atAccounts()
  await connectFirst(page)
  await connectAnother(page, 'work')
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/api/keywell/connections?*', async (route) => {
    await held
    await route.continue()
  })
  await page.reload()
  const list = page.locator('[data-keywell-connections]')
  await page.locator('[data-keywell-connection][data-loading]').first().waitFor()
  await expectAccessible(page)
  await takePicture(page, 'manager-loading')
  const before = await list.boundingBox()
  release()
  await row(page, 1).waitFor()
  const after = await list.boundingBox()
  expect(after?.y).toBe(before?.y)
  expect(Math.abs((after?.height ?? 0) - (before?.height ?? 0))).toBeLessThan(40)
})

verifies('e2e:accounts-missing', async () => {
  const page = await atAccounts()
  await connectFirst(page)
  await page.route('**/assets/managed-accounts*', (route) => route.abort())
  await page.reload()
  await page.getByRole('alert').getByText('reload the page').waitFor()
  await page.getByRole('heading', { name: 'Connected accounts' }).waitFor()
  await expectAccessible(page)
  await page.unroute('**/assets/managed-accounts*')
  await page.reload()
  await row(page, 0).waitFor()
})

verifies('e2e:language', async () => {
  const page = await atAccounts()
  await connectFirst(page)
  const german: string[] = []
  page.on('request', (request) => {
    if (/\/assets\/de-/.test(request.url())) german.push(request.url())
  })
  await page.reload()
  await row(page, 0).waitFor()
  expect(german).toEqual([])
  await page.getByRole('button', { name: 'Deutsch' }).click()
  await page.getByRole('heading', { name: 'Verbundene Konten' }).waitFor()
  await page.reload()
  const heading = page.getByRole('heading', { name: 'Verbundene Konten' })
  await heading.waitFor()
  expect(german.length).toBeGreaterThan(0)
  expect(await heading.evaluate((element) => element.closest('[lang]')?.getAttribute('lang'))).toBe(
    'de',
  )
  await page.getByText('Geprüft').waitFor()
  await expectAccessible(page)
  await takePicture(page, 'manager-german')
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByRole('heading', { name: 'Connected accounts' }).waitFor()
})

verifies(
  'e2e:manager-many',
  async () => {
    const page = await atAccounts()
    await connectFirst(page)
    const { stage } = acme.product
    const [owner] = await stage.database.query<{ tenantId: string; userId: string }>(
      'select tenant_id as "tenantId", user_id as "userId" from connections',
    )
    const { connections } = must(
      await stage.call<{ connections: { id: string }[] }>(
        'GET',
        `/v1/connections?${new URLSearchParams(owner)}`,
      ),
      200,
    )
    expect(connections).toHaveLength(1)
    // Rows as the first one, under other names.
    await stage.database.query(`
      insert into connections
      select (jsonb_populate_record(c, jsonb_build_object(
        'id', overlay(c.id placing lpad(n::text, 4, '0') from length(c.id) - 3),
        'name', 'account-' || n))).*
      from connections c, generate_series(1, 999) n`)
    await page.reload()
    await row(page, 19).waitFor()
    await expectAccessible(page)
    await page.getByText('20 of 1,000 accounts').waitFor()
    const shown: number[] = []
    const more = page.getByRole('button', { name: 'Show more' })
    for (;;) {
      shown.push(await rows(page).count())
      if ((await more.count()) === 0) break
      const count = await rows(page).count()
      await more.click()
      await row(page, count).waitFor()
    }
    expect(shown).toEqual([20, 40, 80, 160, 320, 640, 1000])
  },
  { timeout: 120_000 },
)
