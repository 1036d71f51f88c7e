/** A day of an agent at Acme, in a real browser, with the keyboard alone: it reads, lacks a scope, and waits for approval. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { setUpAcme } from '../support/acme.ts'
import { consentByKeyboard } from '../support/at-gitlab.ts'
import { isFocused, tabTo } from '../support/keyboard.ts'
import { verifies } from '../support/verifies.ts'

// The whole way, and axe on each step in four looks.
vi.setConfig({ testTimeout: 120_000 })

const acme = setUpAcme()

/** Where pictures are left, by `KEYWELL_PICTURES`; nowhere without. */
const pictures = process.env.KEYWELL_PICTURES

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press('Enter')
}

const ask = (page: Page, text: string) => press(page, page.getByRole('button', { name: text }))

/** What the assistant asks the user to decide. */
const question = (page: Page, title: string): Locator =>
  page.getByRole('region', { name: title, exact: true }).last()

/** What it says; the live region says it too. */
const said = (page: Page, text: string): Locator =>
  page.getByRole('list', { name: 'Conversation' }).locator('.said').filter({ hasText: text }).last()

const logged = (page: Page, what: string): Locator =>
  page.getByRole('region', { name: 'Audit log' }).getByRole('listitem').filter({ hasText: what })

/** The question comes into focus, and its consent at GitLab lets the same call go on. */
async function consentTo(page: Page, scope: string | undefined): Promise<void> {
  const card = question(page, 'Your consent is needed')
  await card.waitFor()
  await expect.poll(() => isFocused(card)).toBe(true)
  expect(await card.getByRole('listitem').allTextContents()).toEqual(
    scope === undefined ? [] : [expect.stringContaining(scope)],
  )
  const allow = card.getByRole('button', { name: 'Allow at GitLab' })
  const [popup] = await Promise.all([page.waitForEvent('popup'), press(page, allow)])
  await Promise.all([popup.waitForEvent('close'), consentByKeyboard(popup)])
}

/** On a phone and on a desk, in light and in dark. */
async function expectTidy(page: Page, name: string): Promise<void> {
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expectAccessible(page, `${name}, ${width} px, ${colorScheme}`)
      if (pictures === undefined) continue
      mkdirSync(pictures, { recursive: true })
      const path = join(pictures, `assistant-${name}-${width}-${colorScheme}.png`)
      await page.screenshot({ path, fullPage: true })
    }
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Everything that a browser gets and sends. */
function recorded(page: Page): string[] {
  const seen: string[] = []
  page.context().on('response', (response) => {
    void response.text().then(
      (text) => seen.push(text),
      () => {},
    )
  })
  page.context().on('request', (request) => {
    seen.push(request.url(), request.postData() ?? '', JSON.stringify(request.headers()))
  })
  return seen
}

async function expectNoToken(page: Page, seen: readonly string[]): Promise<void> {
  const { stage } = acme.product
  const all = [...seen, await page.content(), JSON.stringify(await page.context().storageState())]
  const text = all.join('\n')
  const pairs = await stage.sandbox.control.tokens()
  const secrets = pairs.flatMap((pair) => [pair.accessToken, pair.refreshToken ?? stage.apiKey])
  // Two consents were given.
  expect(pairs.length).toBeGreaterThan(1)
  for (const secret of [...secrets, stage.apiKey]) expect(text).not.toContain(secret)
  // The recorder works: what the assistant said is there.
  expect(text).toContain('gitlab_job_log_get')
}

/** Those of the project that the assistant finds first, as GitLab says. */
async function failedPipelines(): Promise<unknown[]> {
  const { url, control } = acme.product.stage.sandbox
  const alive = (await control.tokens()).find(({ revokedAt }) => revokedAt === null)
  const path = '/api/v4/projects/lighthouse%2Fwebshop/pipelines?status=failed'
  const response = await fetch(url + path, {
    headers: { authorization: `Bearer ${alive?.accessToken}` },
  })
  expect(response.status).toBe(200)
  return response.json()
}

async function atAssistant(): Promise<Page> {
  const page = await acme.atSettings()
  await press(page, page.getByRole('link', { name: 'Assistant' }))
  await page.getByRole('heading', { name: 'Assistant', level: 1 }).waitFor()
  return page
}

verifies('agent:day', async () => {
  const page = await atAssistant()
  const seen = recorded(page)
  await expectTidy(page, 'empty')

  await ask(page, 'Which pipelines are failing?')
  await consentTo(page, undefined)
  await said(page, 'fails on main').waitFor()
  await logged(page, 'Tool called').first().waitFor()
  await expectTidy(page, 'found')

  await ask(page, 'Open an issue about it')
  await question(page, 'Your consent is needed').waitFor()
  await logged(page, 'SCOPE_MISSING').first().waitFor()
  await expectTidy(page, 'consent')
  await consentTo(page, 'api')
  await said(page, 'I opened issue').waitFor()

  await ask(page, 'Delete the failed pipeline')
  const card = question(page, 'Your approval is needed')
  await card.waitFor()
  await expect.poll(() => isFocused(card)).toBe(true)
  expect(await card.textContent()).toMatch(/DELETE .*\/pipelines\/\d+/)
  await logged(page, 'Approval requested').first().waitFor()
  await expectTidy(page, 'approval')
  await press(page, card.getByRole('button', { name: 'Deny' }))
  await said(page, 'You said no').waitFor()
  expect(await failedPipelines()).toHaveLength(1)
  await logged(page, 'APPROVAL_DENIED').first().waitFor()

  await ask(page, 'Delete the failed pipeline')
  await press(
    page,
    question(page, 'Your approval is needed').getByRole('button', { name: 'Approve' }),
  )
  await said(page, 'is deleted').waitFor()
  expect(await failedPipelines()).toEqual([])
  await logged(page, 'approved').first().waitFor()

  // A reload shows what there was.
  await page.reload()
  await said(page, 'is deleted').waitFor()
  await expectTidy(page, 'end')
  await press(page, page.getByRole('button', { name: 'Deutsch' }))
  await page.getByRole('heading', { name: 'Assistent' }).waitFor()
  await expectTidy(page, 'german')
  await expectNoToken(page, seen)
  expect(acme.product.failures).toEqual([])
})

/** The address of the call that waits, as an agent gets it. */
async function waitingAddress(): Promise<string> {
  const { stage, url } = acme.product
  const { body } = await stage.call<{ approvals: { id: string }[] }>(
    'GET',
    '/v1/approvals?tenantId=org_northwind&state=pending',
  )
  expect(body.approvals).toHaveLength(1)
  return `${url}/api/keywell/approve?approvalId=${body.approvals[0]?.id}`
}

verifies('agent:approved-on-page', async () => {
  const page = await atAssistant()
  await ask(page, 'Which pipelines are failing?')
  await consentTo(page, undefined)
  await said(page, 'fails on main').waitFor()
  await ask(page, 'Delete the failed pipeline')
  await consentTo(page, 'api')
  const card = question(page, 'Your approval is needed')
  await card.waitFor()

  const address = await waitingAddress()
  const jonas = await acme.atSettings('Jonas Weber')
  await jonas.goto(address)
  expect(await jonas.textContent('body')).not.toContain('pipeline')

  const hosted = await page.context().newPage()
  await hosted.goto(address)
  await hosted.getByRole('heading', { name: 'An agent waits for your approval' }).waitFor()
  expect(await hosted.textContent('body')).toContain('acme-assistant')
  await press(hosted, hosted.getByRole('button', { name: 'Approve this call' }))
  await hosted.getByRole('heading', { name: 'You approved this call' }).waitFor()

  await press(page, card.getByRole('button', { name: 'Approve' }))
  await said(page, 'is deleted').waitFor()
  await hosted.getByRole('heading', { name: 'The call that you approved was made' }).waitFor()
})
