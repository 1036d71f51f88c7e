import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from '../../../../test/support/browser.ts'
import { type Stage, startStage } from '../stage.test.support.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

async function open(url: string | URL, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  await page.goto(String(url))
  return page
}

async function signIn(page: Page, username = 'ada', password = 'sandbox'): Promise<void> {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
}

/** What axe finds, or cannot decide. */
async function violations(page: Page): Promise<unknown> {
  await page.evaluate(axe)
  return await page.evaluate(`axe.run({ resultTypes: ['violations', 'incomplete'] }).then((result) =>
    [...result.violations, ...result.incomplete].map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`)
}

/** The client: something that listens where the browser is sent back to. Answers its callback. */
async function startClient(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  // A TCP server that listens has an address of this form.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`
}

/** The consent page of an application, and the person who has signed in before it. */
async function openConsent(
  options: BrowserContextOptions & {
    name?: string
    answer?: (response: ServerResponse) => void
  } = {},
): Promise<{ stage: Stage; page: Page; redirectUri: string }> {
  const { name = 'Northwind', answer = (response) => response.end('back'), ...context } = options
  const redirectUri = await startClient(answer)
  const stage = await startStage({ applications: [{ name, redirectUris: [redirectUri] }] })
  const url = stage.authorizeUrl({ scope: 'read_api openid', redirect_uri: redirectUri })
  const page = await open(url, context)
  await signIn(page)
  return { stage, page, redirectUri }
}

describe('in a browser', () => {
  test('a person signs in, reads what is asked, authorizes, and revokes', async () => {
    const { stage, page, redirectUri } = await openConsent()
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Northwind')
    expect(await page.getByText('Signed in as').textContent()).toContain('Ada Okafor')
    const scopes = await page.getByRole('main').getByRole('listitem').allTextContents()
    expect(scopes.map((text) => text.trim())).toEqual([
      'Read everything you can read, private projects included. read_api',
      'Sign you in with your account here. openid',
    ])
    await page.getByRole('button', { name: 'Authorize Northwind' }).click()
    await page.getByText('back').waitFor()
    const code = new URL(page.url()).searchParams.get('code') ?? ''
    const { body } = await stage.post('/oauth/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
    })

    await page.goto(`${stage.url}/-/user_settings/applications`)
    await page.getByRole('button', { name: 'Revoke Northwind' }).click()
    expect(await page.getByRole('status').textContent()).toContain('revoked')
    expect(await page.getByText('No application has access').count()).toBe(1)
    const { status } = await stage.get('/api/v4/user', String(body.access_token))
    expect(status).toBe(401)
  })

  test('a person denies', async () => {
    const { page } = await openConsent()
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByText('back').waitFor()
    expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied')
  })

  test('works by keyboard alone', async () => {
    const stage = await startStage()
    const page = await open(`${stage.url}/users/sign_in`)
    // The page takes the focus itself, once it is drawn; keys that come before that are lost.
    await page.locator('#username:focus').waitFor()
    await page.keyboard.type('ada')
    await page.keyboard.press('Tab')
    await page.keyboard.type('sandbox')
    await page.keyboard.press('Enter')
    await page.getByText('You are signed in as').waitFor()
  })

  test('a callback may lead on to another origin: the policy lets the redirects pass', async () => {
    // Another host and another port: where an app lives, seen from the service that it uses.
    const app = (await startClient((response) => response.end('the app'))).replace(
      '127.0.0.1',
      'localhost',
    )
    const { page } = await openConsent({
      answer: (response) => response.writeHead(302, { location: app }).end(),
    })
    await page.getByRole('button', { name: 'Authorize' }).click()
    await page.getByText('the app').waitFor()
  })

  test('a wrong password is answered on the page, and the username stays', async () => {
    const stage = await startStage()
    const page = await open(`${stage.url}/users/sign_in`)
    await signIn(page, 'ada', 'wrong')
    expect(await page.getByRole('alert').textContent()).toContain('do not belong together')
    expect(await page.getByLabel('Username').inputValue()).toBe('ada')
    await signIn(page)
    expect(await page.getByText('You are signed in as').count()).toBe(1)
  })

  test('who signs out is out', async () => {
    const stage = await startStage()
    const page = await open(`${stage.url}/users/sign_in`)
    await signIn(page)
    await page.getByRole('button', { name: 'Sign out ada' }).click()
    await page.goto(`${stage.url}/-/user_settings/applications`)
    expect(new URL(page.url()).pathname).toBe('/users/sign_in')
  })
})

describe.each(['light', 'dark'] as const)('axe finds nothing (%s)', (colorScheme) => {
  test.each(['/', '/users/sign_in', '/oauth/authorize?client_id=nobody', '/nothing'])(
    '%s',
    async (path) => {
      const stage = await startStage()
      const page = await open(stage.url + path, { colorScheme })
      expect(await violations(page)).toEqual([])
    },
  )

  test('sign-in with a problem, consent, applications', async () => {
    const { stage, page } = await openConsent({ colorScheme })
    expect(await violations(page)).toEqual([])
    await stage.issue()
    await page.goto(`${stage.url}/-/user_settings/applications`)
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Sign out ada' }).click()
    await page.goto(`${stage.url}/users/sign_in`)
    await signIn(page, 'ada', 'wrong')
    expect(await violations(page)).toEqual([])
  })

  test('but would find something', async () => {
    const stage = await startStage()
    const page = await open(`${stage.url}/users/sign_in`, { colorScheme })
    await page.evaluate("document.querySelector('label').remove()")
    expect(await violations(page)).not.toEqual([])
  })
})

test('no page is wider than a small phone', async () => {
  const { stage, page } = await openConsent({ viewport: { width: 320, height: 640 } })
  await stage.issue()
  for (const path of ['', '/', '/-/user_settings/applications', '/users/sign_in']) {
    if (path !== '') await page.goto(stage.url + path)
    expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(
      320,
    )
  }
})

describe('against attacks', () => {
  test('every page forbids frames, scripts and foreign content', async () => {
    const stage = await startStage()
    for (const path of ['/', '/users/sign_in', '/-/user_settings/applications', '/nothing']) {
      const { headers } = await stage.get(path)
      expect(headers.get('x-frame-options'), path).toBe('DENY')
      expect(headers.get('content-security-policy'), path).toMatch(
        /^default-src 'none'; style-src 'self'; .*frame-ancestors 'none'$/,
      )
    }
  })

  test.each([
    ['/users/sign_in', { username: 'ada', password: 'sandbox' }],
    ['/users/sign_out', {}],
    ['/oauth/authorize', { decision: 'authorize' }],
    ['/-/user_settings/applications/x/revoke', {}],
  ])('a form that another site posts to %s is refused', async (path, form) => {
    const stage = await startStage()
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}]) {
      const response = await fetch(stage.url + path, {
        method: 'POST',
        redirect: 'manual',
        headers,
        body: new URLSearchParams(form),
      })
      expect([response.status, response.headers.getSetCookie()]).toEqual([403, []])
    }
  })

  test('the session cookie is out of reach of scripts and other sites, and new at each sign-in', async () => {
    const stage = await startStage({ relativeRoot: 'gitlab' })
    const cookies = []
    for (let time = 0; time < 2; time += 1) {
      const response = await fetch(`${stage.url}/users/sign_in`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: new URL(stage.url).origin },
        body: new URLSearchParams({ username: 'ada', password: 'sandbox' }),
      })
      cookies.push(response.headers.getSetCookie()[0] ?? '')
    }
    expect(cookies[0]).toMatch(
      /^gitlab_sandbox_session_\d+_gitlab=[0-9a-f]{64}; Path=\/gitlab; HttpOnly; SameSite=Lax$/,
    )
    expect(cookies[0]).not.toBe(cookies[1])
  })

  test('two instances on one machine have sessions of their own', async () => {
    const first = await startStage()
    const second = await startStage({ relativeRoot: 'gitlab' })
    const page = await open(`${second.url}/users/sign_in`)
    await signIn(page, 'grace')
    await page.getByRole('button', { name: 'Sign out grace' }).waitFor()
    await page.goto(`${first.url}/users/sign_in`)
    await signIn(page, 'ada')
    await page.getByRole('button', { name: 'Sign out ada' }).waitFor()
    await page.goto(`${second.url}/`)
    await page.getByRole('button', { name: 'Sign out grace' }).waitFor()
  })

  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    'javascript:x',
    '/else',
  ])('signing in does not lead to %s', async (returnTo) => {
    const stage = await startStage({ relativeRoot: 'gitlab' })
    const response = await fetch(`${stage.url}/users/sign_in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: new URL(stage.url).origin },
      body: new URLSearchParams({ username: 'ada', password: 'sandbox', return_to: returnTo }),
    })
    expect(response.headers.get('location')).toBe('/gitlab/')
  })

  test('names and parameters are text, never markup', async () => {
    const name = '<img src=x onerror=alert(1)>"\''
    const { stage, page } = await openConsent({ name })
    expect(await page.getByRole('main').locator('img').count()).toBe(0)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain(name)
    await page.goto(`${stage.url}/users/sign_in?return_to=/"><script>alert(1)</script>`)
    expect(await page.locator('script').count()).toBe(0)
  })
})
