/** The pages of stand-ins for people, in a browser: with the keyboard, on a narrow screen, and by axe. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { expectAccessible } from '../../../../test/support/accessible.ts'
import { launchBrowser } from '../../../../test/support/browser.ts'
import { tabTo } from '../../../../test/support/keyboard.ts'
import { createStandIns, type StandIns, sandboxPassword } from '../index.ts'

let browser: Browser
let standIns: StandIns
beforeAll(async () => {
  browser = await launchBrowser()
  standIns = await createStandIns()
})
afterAll(async () => {
  await browser.close()
  await standIns.stop()
})

async function open(url: string, width = 320, colorScheme: 'light' | 'dark' = 'light') {
  const context = await browser.newContext({ viewport: { width, height: 720 }, colorScheme })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(url)
  return page
}

async function expectTidy(page: Page): Promise<void> {
  await expectAccessible(page)
  const width = page.viewportSize()?.width ?? 0
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
}

async function signIn(page: Page, username: string): Promise<void> {
  await page.locator('#username:focus').waitFor()
  await page.keyboard.type(username)
  await page.keyboard.press('Tab')
  await page.keyboard.type(sandboxPassword)
  await page.keyboard.press('Enter')
}

test.each([
  ['github', 'GitHub'],
  ['bitbucket', 'Bitbucket'],
  ['azure-devops', 'Microsoft Entra and Azure DevOps'],
  ['buildkite', 'Buildkite'],
  ['algolia', 'Algolia'],
] as const)('the first page of %s says what it stands in for', async (name, title) => {
  const page = await open(standIns.urls[name])
  await page.getByRole('heading', { name: `A stand-in for ${title}` }).waitFor()
  await page.getByText('It is not', { exact: false }).waitFor()
  await expectTidy(page)
})

test.each(['light', 'dark'] as const)(
  'a person signs in and makes a token with the keyboard alone: %s',
  async (colorScheme) => {
    const page = await open(`${standIns.urls.buildkite}/user/api-access-tokens`, 320, colorScheme)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await expectTidy(page)
    await signIn(page, 'ada@example.com')
    const make = page.getByRole('button', { name: 'Make it' })
    await make.waitFor()
    await expectTidy(page)
    await tabTo(page, page.getByLabel('read_agents'))
    await page.keyboard.press('Space')
    await tabTo(page, make)
    await page.keyboard.press('Enter')
    const made = page.getByLabel('API access token')
    await made.waitFor()
    await expectTidy(page)
    await tabTo(page, made)
    expect(await page.evaluate('getSelection().toString()')).toBe(await made.inputValue())
    const headers = { authorization: `Bearer ${await made.inputValue()}` }
    const look = await fetch(`${standIns.urls.buildkite}/api/v2/access-token`, { headers })
    expect((await look.json()).scopes).toEqual(
      expect.arrayContaining(['read_agents', 'read_organizations']),
    )
  },
)

test('GitHub’s token page ticks what an app has named', async () => {
  const page = await open(`${standIns.urls.github}/settings/tokens/new?scopes=repo,workflow`, 1280)
  await signIn(page, 'grace')
  await page.getByLabel('workflow').waitFor()
  const ticked = await page
    .getByRole('checkbox', { checked: true })
    .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value))
  expect(ticked).toEqual(['repo', 'workflow'])
  await expectTidy(page)
})

test('Algolia’s dashboard shows an application and a key that works', async () => {
  const page = await open(`${standIns.urls.algolia}/account/api-keys`)
  await expectTidy(page)
  const id = await page.getByLabel('Application ID').first().inputValue()
  const key = await page.getByLabel('Search API key').first().inputValue()
  const headers = { 'x-algolia-application-id': id, 'x-algolia-api-key': key }
  const listed = await fetch(`${standIns.urls.algolia}/${id}/1/indexes`, { headers })
  expect((await listed.json()).items.length).toBeGreaterThan(0)
})

test('a consent names the app, the account and where it leads', async () => {
  const { github } = standIns.at
  const redirectUris = ['http://127.0.0.1:9/callback']
  const { clientId } = github.registerOAuthApp({ name: 'Northwind', redirectUris })
  const url = `${standIns.urls.github}/login/oauth/authorize?client_id=${clientId}&scope=repo`
  const page = await open(url)
  await signIn(page, 'ada')
  await page.getByRole('button', { name: 'Authorize Northwind' }).waitFor()
  await page.getByText('Afterwards you go back to').waitFor()
  expect(await page.getByRole('main').getByRole('listitem').allInnerTexts()).toEqual(['repo'])
  await expectTidy(page)
})

test.each([
  ['github', '/settings/applications', 'ada'],
  ['bitbucket', '/account/settings/app-authorizations/', 'ada'],
  ['azure-devops', '/myapps', 'ada@northwind.example'],
] as const)('a person takes back what an app was given: %s', async (name, path, username) => {
  const { github, bitbucket, 'azure-devops': microsoft } = standIns.at
  // Any page of another site will do.
  const redirectUris = [`${standIns.urls.algolia}/callback`]
  const app = { name: 'Northwind', redirectUris }
  const consents = {
    github: () =>
      `/login/oauth/authorize?client_id=${github.registerOAuthApp(app).clientId}&scope=repo`,
    bitbucket: () =>
      `/site/oauth2/authorize?response_type=code&client_id=${bitbucket.registerConsumer(app).clientId}`,
    'azure-devops': () =>
      `/common/oauth2/v2.0/authorize?response_type=code&redirect_uri=${redirectUris[0]}&scope=499b84ac-1321-427f-aa17-267ca6975798/vso.code&client_id=${microsoft.registerApp(app).clientId}`,
  }
  const page = await open(standIns.urls[name] + consents[name]())
  await signIn(page, username)
  const approve = page.getByRole('button', { name: /^(Authorize|Grant access|Accept)/ })
  await approve.waitFor()
  await approve.click()
  await page.waitForURL(`${redirectUris[0]}**`)
  const code = new URL(page.url()).searchParams.get('code') ?? ''
  await exchange(name, code, redirectUris[0] ?? '')
  await page.goto(standIns.urls[name] + path)
  await page.getByRole('button', { name: 'Revoke Northwind' }).waitFor()
  await expectTidy(page)
  await page.getByRole('button', { name: 'Revoke Northwind' }).click()
  await page.getByText('No application has access').waitFor()
})

/** What the app does with the code: only then it has something. */
async function exchange(
  name: 'github' | 'bitbucket' | 'azure-devops',
  code: string,
  redirect_uri: string,
): Promise<void> {
  const { github, bitbucket, 'azure-devops': microsoft } = standIns.at
  const [app] = {
    github: github.apps().slice(-1),
    bitbucket: bitbucket.consumers().slice(-1),
    'azure-devops': microsoft.registrations().slice(-1),
  }[name]
  const path = {
    github: '/login/oauth/access_token',
    bitbucket: '/site/oauth2/access_token',
    'azure-devops': '/common/oauth2/v2.0/token',
  }[name]
  const response = await fetch(standIns.urls[name] + path, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: app?.clientId ?? '',
      client_secret: app?.clientSecret ?? '',
      ...(name === 'azure-devops' && { redirect_uri }),
      code,
    }),
  })
  expect(await response.text()).toContain('access_token')
}
