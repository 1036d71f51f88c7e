import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from '../../../../test/support/browser.ts'
import { createBuildkite } from './buildkite/index.ts'
import { createGitHub } from './github/index.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

async function open(url: string): Promise<Page> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** What axe finds, or cannot decide. */
async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe)
  return await page.evaluate(`axe.run({ resultTypes: ['violations', 'incomplete'] }).then((result) =>
    [...result.violations, ...result.incomplete].map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`)
}

/** The client, which the browser is sent back to. */
async function startClient(): Promise<string> {
  const server = createServer((_, response) => response.end('back'))
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it has no port')
  return `http://127.0.0.1:${address.port}/callback`
}

test.each([
  ['Authorize Northwind', 'code'],
  ['Cancel', 'error'],
])('a person who presses "%s" is sent back with %s', async (name, parameter) => {
  const github = await createGitHub()
  onTestFinished(() => github.stop())
  const callback = await startClient()
  const app = github.registerOAuthApp({ name: 'Northwind', redirectUris: [callback] })
  const query = new URLSearchParams({ client_id: app.clientId, scope: 'repo gist', state: 'st' })
  const page = await open(`${github.urls.web}/login/oauth/authorize?${query}`)
  expect(await violations(page)).toEqual([])
  // The stylesheet is there, which axe judges the contrast by.
  expect(await page.evaluate('document.styleSheets[0].cssRules.length')).toBeGreaterThan(10)
  const main = page.getByRole('main')
  expect(await main.getByRole('listitem').allInnerTexts()).toEqual(['repo', 'gist'])
  await main.getByRole('button', { name }).click()
  await page.waitForURL(`${callback}**`)
  const { searchParams } = new URL(page.url())
  expect([searchParams.has(parameter), searchParams.get('state')]).toEqual([true, 'st'])
})

test('a person types the code of a device, picks an organisation and approves', async () => {
  const buildkite = await createBuildkite()
  onTestFinished(() => buildkite.stop())
  const { clientId: client_id } = buildkite.registerApplication({ name: 'Northwind' })
  const response = await fetch(`${buildkite.urls.web}/oauth/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id, scope: 'read_user' }),
  })
  const device = await bodyOf(response)
  const page = await open(String(device.verification_uri))
  expect(await violations(page)).toEqual([])
  await page.getByLabel('Code').fill(String(device.user_code).toLowerCase())
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByLabel('Organization').selectOption('southwind')
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.getByRole('status').waitFor()
  expect(await violations(page)).toEqual([])
  const polled = await fetch(`${buildkite.urls.web}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id,
      device_code: String(device.device_code),
    }),
  })
  expect(await bodyOf(polled)).toMatchObject({ scope: 'read_user' })
})

test('a page about a problem says so', async () => {
  const github = await createGitHub()
  onTestFinished(() => github.stop())
  const page = await open(`${github.urls.web}/login/oauth/authorize?client_id=nobody`)
  expect(await page.getByRole('alert').textContent()).toContain('not the page')
  expect(await violations(page)).toEqual([])
})
