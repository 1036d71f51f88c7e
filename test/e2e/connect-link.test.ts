/** The service's own connect page in a real browser: from a link, to the provider, and back. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CreateLink, LinkAnswer } from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import { toNodeHandler } from '@keywell/sdk/node'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { consentByKeyboard } from '../support/at-gitlab.ts'
import { launchBrowser } from '../support/browser.ts'
import { openEmbedded } from '../support/databases.ts'
import { expectTidyPage } from '../support/hosted-page.ts'
import { tabTo } from '../support/keyboard.ts'
import { createStage, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><script>fetch('/stolen')</script><circle cx="20" cy="20" r="18" fill="#0b7285"/><path d="M12 28 20 10l8 18h-5l-3-7-3 7z" fill="#fff"/></svg>`

let stage: Stage
let browser: Browser
let app: Server
let origin: string
let keywell: Keywell
let context: BrowserContext | undefined
let users = 0
/** What the browser was told not to do. */
let complaints: string[] = []

beforeAll(async () => {
  stage = await createStage(await openEmbedded(), {
    scopes: ['api', 'read_api', 'read_user', 'read_repository', 'write_repository'],
    appearance: {
      name: 'Acme',
      color: '#0b7285',
      logo: { type: 'image/svg+xml', bytes: new TextEncoder().encode(logo) },
    },
  })
  // The provider asks each time.
  await stage.sandbox.control.change({ skipConsent: 'never' })
  browser = await launchBrowser()
  app = createServer((request, response) => {
    if (request.url?.startsWith('/api/keywell/')) return handler(request, response)
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Acme</title><h1>Acme</h1>')
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  const { port } = app.address() as AddressInfo // listening on TCP, hence no string
  origin = `http://acme.localhost:${port}`
  keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey, appOrigin: origin })
  const handler = toNodeHandler(keywell, () => who())
})
afterAll(async () => {
  await browser?.close()
  app?.close()
  keywell?.close()
  await stage?.stop()
})
afterEach(() => context?.close())

const who = () => ({ tenantId: 'ten_browser', userId: `usr_${users}` })

function makeLink(request: Partial<CreateLink> = {}): Promise<LinkAnswer> {
  users += 1
  return keywell.connect.createLink({
    ...who(),
    accountLabel: 'mira@northwind.example',
    scopes: {
      gitlab: {
        required: ['read_user'],
        optional: ['read_api', 'read_repository', 'write_repository', 'api'],
      },
    },
    ...(request.confirmBy === 'code'
      ? { startedIn: 'the Acme bot in Slack' }
      : { returnUrl: `${origin}/api/keywell/finish` }),
    ...request,
  })
}

async function open(
  { url }: Pick<LinkAnswer, 'url'>,
  settings: Parameters<Browser['newContext']>[0] = {},
): Promise<Page> {
  await context?.close()
  context = await browser.newContext(settings)
  complaints = []
  context.on('console', (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text())
  })
  const page = await context.newPage()
  await page.goto(url)
  return page
}

const scopeBox = (page: Page, name: string) => page.locator(`input[value="${name}"]`)

async function accounts(): Promise<unknown> {
  const { connections } = await keywell.connections.list(who())
  return connections.map(({ account, scopes }) => [account.username, ...scopes])
}

verifies.suite('e2e:link', () => {
  test.each([true, false])(
    'with the keyboard alone; with a script: %s',
    async (javaScriptEnabled) => {
      const page = await open(await makeLink(), { javaScriptEnabled })
      await page
        .getByRole('heading', { level: 1, name: 'Acme asks to connect your GitLab account' })
        .waitFor()
      await page.getByText('mira@northwind.example').waitFor()
      expect(await scopeBox(page, 'read_user').isChecked()).toBe(true)
      expect(await scopeBox(page, 'read_user').isDisabled()).toBe(true)
      expect(await scopeBox(page, 'read_api').isChecked(), 'the provider’s default').toBe(true)
      // One scope more, one less.
      await tabTo(page, scopeBox(page, 'read_api'))
      await page.keyboard.press('Space')
      await tabTo(page, scopeBox(page, 'write_repository'))
      await page.keyboard.press('Space')
      await tabTo(page, page.getByRole('button', { name: 'Continue to GitLab' }))
      await page.keyboard.press('Enter')
      await consentByKeyboard(page)
      await page.waitForURL(`${origin}/api/keywell/finish**`)
      await page.getByRole('heading', { name: 'Connected' }).waitFor()
      expect(await accounts()).toEqual([['ada', 'read_user', 'write_repository']])
      expect(complaints).toEqual([])
    },
  )

  test('a preset is chosen without a script', async () => {
    const page = await open(await makeLink(), { javaScriptEnabled: false })
    await page.getByRole('link', { name: 'Developer' }).click()
    expect(new URL(page.url()).searchParams.get('preset')).toBe('developer')
    expect(await scopeBox(page, 'write_repository').isChecked()).toBe(true)
    expect(await scopeBox(page, 'api').isChecked()).toBe(false)
  })

  test('with the script a preset is ticked in place, and what comes with it is shown', async () => {
    const page = await open(await makeLink())
    const before = page.url()
    await page.getByRole('link', { name: 'Full access' }).click()
    expect(page.url()).toBe(before)
    const row = page.getByRole('listitem').filter({ has: scopeBox(page, 'read_repository') })
    expect(await scopeBox(page, 'api').isChecked()).toBe(true)
    expect(await scopeBox(page, 'read_repository').isDisabled()).toBe(true)
    await row.getByText('Included', { exact: true }).waitFor()
    // What was chosen before is chosen again.
    await scopeBox(page, 'api').uncheck()
    expect(await scopeBox(page, 'read_repository').isChecked()).toBe(false)
    expect(await scopeBox(page, 'read_repository').isDisabled()).toBe(false)
    await page.getByRole('link', { name: 'Read only' }).click()
    await page.getByRole('button', { name: 'Continue to GitLab' }).click()
    await page.waitForURL(`${stage.sandbox.url}/**`)
    expect(complaints).toEqual([])
  })

  test('a link that ends with a code', async () => {
    const link = await makeLink({ confirmBy: 'code' })
    const page = await open(link)
    await page.getByText('the Acme bot in Slack').waitFor()
    await page.getByRole('button', { name: 'Continue to GitLab' }).click()
    await consentByKeyboard(page)
    const code = (await page.getByRole('group', { name: 'Code' }).textContent()) ?? ''
    expect(await accounts()).toEqual([])
    const { status } = await keywell.connect.confirm({ ...who(), sessionId: link.sessionId, code })
    expect(status).toBe('connected')
    // The page learns it by itself.
    await page.getByRole('heading', { name: 'GitLab is connected to Acme' }).waitFor()
    await page.getByText('The account ada is connected.').waitFor()
    expect(await accounts()).toEqual([['ada', 'read_api', 'read_user']])
    expect(complaints).toEqual([])
  })

  test('back from the provider, it can be chosen otherwise', async () => {
    const page = await open(await makeLink())
    await page.getByRole('button', { name: 'Continue to GitLab' }).click()
    await page.waitForURL(`${stage.sandbox.url}/**`)
    await page.goBack()
    if (page.url().startsWith(stage.sandbox.url)) await page.goBack()
    await page.getByRole('button', { name: 'Continue to GitLab' }).click()
    await page.waitForURL(`${stage.sandbox.url}/**`)
  })

  test('the page is framed by no page', async () => {
    const { url } = await makeLink()
    const page = await open({ url: `${origin}/` })
    await page.evaluate((src) => {
      const frame = document.createElement('iframe')
      frame.src = src
      document.body.append(frame)
    }, url)
    await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/)
  })

  test('a logo runs no script, wherever it is opened', async () => {
    const asked: string[] = []
    const page = await open({ url: `${stage.url}/connect/logo` })
    page.on('request', (request) => asked.push(request.url()))
    await page.reload()
    expect(asked).toEqual([`${stage.url}/connect/logo`])
    expect(complaints.join()).toMatch(/script/i)
  })
})

const methods: CreateLink['methods'] = ['oauth', 'key']
const providers = ['gitlab']

/** Each state of the pages, reached by a person's acts. */
const states: Record<string, (settings: Parameters<Browser['newContext']>[0]) => Promise<Page>> = {
  'sign-in': async (settings) => open(await makeLink(), settings),
  providers: async (settings) => {
    const page = await open(await makeLink({ methods: ['key'], scopes: {} }), settings)
    await page.getByRole('link', { name: 'Buildkite' }).waitFor()
    return page
  },
  methods: async (settings) => open(await makeLink({ methods, providers, scopes: {} }), settings),
  code: async (settings) => open(await makeLink({ confirmBy: 'code' }), settings),
  error: async (settings) => {
    const page = await open(await makeLink(), settings)
    await page.locator('summary').click()
    await page.locator('#typed-host').fill('http://127.0.0.1:1')
    await page.locator('button').click()
    await page.getByRole('alert').waitFor()
    return page
  },
  key: async (settings) => {
    const page = await open(await makeLink({ methods: ['key'], providers }), settings)
    await page.locator('button').click()
    await page.locator('input[type=password]').fill('glpat-this-is-not-a-key')
    await page.locator('button:not([name])').click()
    await page.getByRole('alert').waitFor()
    return page
  },
  'short-code': async (settings) => {
    const page = await open(await makeLink({ confirmBy: 'code' }), settings)
    await page.locator('button').click()
    await consentByKeyboard(page)
    await page.locator('.code').waitFor()
    return page
  },
  connected: async (settings) => {
    const link = await makeLink({ confirmBy: 'code' })
    const page = await open(link, settings)
    await page.locator('button').click()
    await consentByKeyboard(page)
    const code = (await page.locator('.code').textContent()) ?? ''
    await keywell.connect.confirm({ ...who(), sessionId: link.sessionId, code })
    await page.reload()
    await page.getByText('ada').waitFor()
    return page
  },
  gone: async (settings) => open({ url: `${stage.url}/connect/link/${'A'.repeat(43)}` }, settings),
}

test.each(Object.entries(states))(
  'axe finds nothing, and 320 px are enough, by day and night, in English and German: %s',
  (state, reach) => expectTidyPage(state, reach),
)
