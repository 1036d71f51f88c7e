/**
 * How long a user waits: from the click on "Authorize" at the provider until the page of the app says that the
 * account is connected. Acme, Keywell on Postgres and the stand-in GitLab, in Chromium.
 */
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { consent } from '../support/at-gitlab.ts'
import { launchBrowser } from '../support/browser.ts'
import { openOwner } from '../support/inspected.ts'
import { startPostgres } from '../support/postgres.ts'
import { createProduct, type Product } from '../support/product.ts'
import { isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

const rounds = isShort ? 2 : 30
const warmUps = isShort ? 0 : 3

export const connect: Bench = [authorizeToConnected]

async function authorizeToConnected(): Promise<readonly Figure[]> {
  const postgres = await startPostgres({ durable: true })
  const product = await createProduct(await openOwner(postgres.url))
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    const clock = await watchClicks(page)
    await signIn(page, product)
    const wholes: number[] = []
    const owns: number[] = []
    for (let round = -warmUps; round < rounds; round += 1) {
      product.stage.logs.length = 0
      await connectOnce(page)
      const { whole } = clock()
      if (round >= 0) wholes.push(whole)
      if (round >= 0) owns.push(whole - providerMs(product.stage.logs))
      await disconnect(page)
    }
    return [
      figure('from "Authorize" to "connected", p50', quantile(wholes, 0.5), null),
      figure("the same beyond the provider's calls, p50", quantile(owns, 0.5), 300),
      figure("the same beyond the provider's calls, p99", quantile(owns, 0.99), null),
    ]
  } finally {
    await browser.close()
    await product.stop()
    await postgres.stop()
  }
}

function figure(name: string, value: number, goal: number | null): Figure {
  return { name, value, unit: 'ms', goal, better: 'lower' }
}

/** Both windows report by the one clock of the machine: when the consent was sent, and when the page showed it. */
async function watchClicks(page: Page): Promise<() => { whole: number }> {
  let authorizedMs = 0
  let connectedMs = 0
  const context = page.context()
  await context.exposeFunction('reportAuthorized', (atMs: number) => {
    authorizedMs = atMs
  })
  await context.exposeFunction('reportConnected', (atMs: number) => {
    connectedMs = atMs
  })
  await context.addInitScript(`
    addEventListener('submit', () => reportAuthorized(Date.now()), true)
    addEventListener('DOMContentLoaded', () => {
      let was = ''
      new MutationObserver(() => {
        // GitLab's is the first.
        const is = document.querySelector('[data-keywell-button]')?.dataset.state
        if (is === 'connected' && was !== is) reportConnected(Date.now())
        was = is
      }).observe(document, { subtree: true, childList: true, attributes: true })
    })`)
  return () => ({ whole: connectedMs - authorizedMs })
}

async function signIn(page: Page, { url }: Product): Promise<void> {
  await page.goto(url)
  await page.getByRole('button', { name: 'Mira Sandoval' }).click()
  await page.getByRole('heading', { name: /Good to see you/ }).waitFor()
  await page.goto(`${url}/settings/integrations`)
}

/** The button among those of other providers. */
const buttonOf = (page: Page, state = '') =>
  page
    .getByRole('region', { name: 'GitLab', exact: true })
    .locator(`[data-keywell-button]${state && `[data-state="${state}"]`}`)

const inState = (page: Page, state: string) => buttonOf(page, state).waitFor()

async function connectOnce(page: Page): Promise<void> {
  await inState(page, 'idle')
  const [popup] = await Promise.all([page.waitForEvent('popup'), buttonOf(page).click()])
  await consent(popup)
  await inState(page, 'connected')
}

async function disconnect(page: Page): Promise<void> {
  await buttonOf(page).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Disconnect' }).click()
  await dialog.getByRole('button', { name: 'Disconnect GitLab' }).click()
}

const call = z.object({ msg: z.literal('provider call finished'), ms: z.number() })

/** What the provider took for its token and its account, by the log of the service. */
function providerMs(lines: readonly string[]): number {
  const calls = lines.map((line) => call.safeParse(JSON.parse(line)))
  return calls.reduce((sum, { data }) => sum + (data?.ms ?? 0), 0)
}
