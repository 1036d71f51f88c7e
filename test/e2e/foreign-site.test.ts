/**
 * Mallory, a user of the app, tells it that it is at her own site, so that the connect session of hers ends
 * there, and lures Mira, who has consented before, to open one page of that site.
 */
import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CreateFlowAnswer, SessionAnswer } from '@keywell/protocol'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { authorizeButton, signInAtGitLab } from '../support/at-gitlab.ts'
import { launchBrowser } from '../support/browser.ts'
import { openEmbedded } from '../support/databases.ts'
import {
  buildNext,
  type DocumentedApp,
  type StartApp,
  startDocumented,
} from '../support/documented-apps.ts'
import { createStage, must, type Stage } from '../support/stage.ts'
import { verifies } from '../support/verifies.ts'

// Next is built and started as a user would do it.
vi.setConfig({ testTimeout: 240_000 })

let stage: Stage
let browser: Browser
let evil: ForeignSite
/** Begun at once; only the last of the apps waits for it. */
let next: ReturnType<typeof buildNext>

beforeAll(async () => {
  next = buildNext()
  next.catch(() => {}) // whoever needs it hears of it
  stage = await createStage(await openEmbedded(), { sandboxHost: 'localhost' })
  browser = await launchBrowser()
  evil = await openForeignSite()
})
afterAll(async () => {
  evil?.server.close()
  await browser?.close()
  await stage?.stop()
})

interface ForeignSite {
  readonly server: Server
  readonly origin: string
  /** What its page makes a visitor's browser post. */
  lure: CreateFlowAnswer | undefined
  /** Addresses at which visitors came back with a ticket. */
  readonly landed: URL[]
}

async function openForeignSite(): Promise<ForeignSite> {
  const landed: URL[] = []
  const server = createServer(({ url }, response) => {
    const address = new URL(url ?? '/', site.origin)
    if (address.searchParams.has('keywell_ticket')) landed.push(address)
    const { startUrl, startCode } = site.lure ?? {}
    response.setHeader('content-type', 'text/html')
    response.end(
      address.pathname === '/lure'
        ? `<form method="post" action="${startUrl}"><input name="start_code" value="${startCode}"></form>
           <script>document.forms[0].submit()</script>`
        : '<title>landed</title>',
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listening on TCP, hence no string
  const site: ForeignSite = {
    server,
    origin: `http://evil.localhost:${port}`,
    lure: undefined,
    landed,
  }
  return site
}

/** Ways to tell an app that it is somewhere else, in headers and target that only a program can send. */
function disguises(app: DocumentedApp): [string, string, Record<string, string>][] {
  const path = '/api/keywell/session'
  const there = new URL(evil.origin).host
  const host = new URL(app.origin).host
  const { origin } = evil
  const forwarded = {
    forwarded: `host=${there};proto=http`,
    'x-forwarded-host': there,
    'x-forwarded-proto': 'http',
    'x-forwarded-port': String(new URL(origin).port),
    'x-forwarded-server': there,
    'x-original-host': there,
    referer: `${origin}/`,
  }
  const vouched = { 'sec-fetch-site': 'same-origin' }
  return [
    ['Host', path, { host: there, origin }],
    ['absolute target', `${origin}${path}`, { host, origin }],
    ['forwarded headers', path, { host, origin, ...forwarded }],
    ['Origin', path, { host, origin }],
    ['Host, without Origin', path, { host: there, ...vouched }],
    ['absolute target, without Origin', `${origin}${path}`, { host, ...vouched }],
    [
      'Host and target, beside the right Origin',
      `${origin}${path}`,
      { host: there, origin: app.origin },
    ],
    [
      'forwarded headers, beside the right Origin',
      path,
      { host, origin: app.origin, ...forwarded },
    ],
  ]
}

/** A request of Mallory's, who is signed in, with whatever she likes in it. */
async function forge(
  { port }: DocumentedApp,
  path: string,
  headers: Record<string, string>,
  body: object,
): Promise<{ status: number; text: string }> {
  const text = JSON.stringify(body)
  const sent = httpRequest({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path,
    headers: {
      cookie: 'user=mallory',
      'content-type': 'application/json',
      'content-length': String(text.length),
      ...headers,
    },
  })
  sent.end(text)
  const [response] = await once(sent, 'response')
  let answer = ''
  for await (const chunk of response) answer += chunk
  return { status: response.statusCode, text: answer }
}

/** Mira opens the page of the foreign site. Resolves when her browser is refused, or has landed there. */
async function fallFor(session: SessionAnswer, mira: Page): Promise<void> {
  const body = { provider: 'gitlab', host: stage.sandbox.url }
  // Mallory asks for this by herself: no browser, hence no Origin.
  evil.lure = must(
    await stage.page<CreateFlowAnswer>(session.connectToken, 'POST', '/connect/flows', body, null),
    201,
  )
  const tab = await mira.context().newPage()
  const started = tab.waitForResponse((response) => response.url() === evil.lure?.startUrl)
  await tab.goto(`${evil.origin}/lure`).catch(() => {}) // it leaves while it loads
  if ((await started).status() === 200) await tab.waitForURL(`${evil.origin}/**keywell_ticket**`)
  await tab.close()
}

async function connectionsOf(tenantId: string, userId: string): Promise<unknown[]> {
  const path = `/v1/connections?${new URLSearchParams({ tenantId, userId })}`
  return must(await stage.call<{ connections: unknown[] }>('GET', path), 200).connections
}

/** `action reason` of what the audit log says was refused. */
async function refusals(tenantId: string): Promise<string[]> {
  const path = `/v1/audit?${new URLSearchParams({ tenantId, result: 'denied', limit: '100' })}`
  const page = await stage.call<{ entries: { action: string; reason: string }[] }>('GET', path)
  return must(page, 200).entries.map(({ action, reason }) => `${action} ${reason}`)
}

function count(texts: readonly string[], wanted: string): number {
  return texts.filter((text) => text === wanted).length
}

/** In a page of the app: what a connect button does, in this tab. */
async function connect(page: Page): Promise<void> {
  await page.evaluate(async (host) => {
    const session = await (await fetch('/api/keywell/session', { method: 'POST' })).json()
    const flow = await fetch(`${session.serviceUrl}/connect/flows`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${session.connectToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ provider: 'gitlab', host }),
    })
    const { startUrl, startCode } = await flow.json()
    const form = Object.assign(document.createElement('form'), { method: 'post', action: startUrl })
    form.append(
      Object.assign(document.createElement('input'), { name: 'start_code', value: startCode }),
    )
    document.body.append(form)
    form.submit()
  }, stage.sandbox.url)
}

const apps: Record<string, StartApp> = {
  ...startDocumented,
  Next: async (settings) => (await next).start(settings),
}

verifies.each('T34:foreign-site', Object.keys(apps), async (name) => {
  const tenantId = `ten_${name.replace(':', '_')}`
  const app = await apps[name]?.({ url: stage.url, apiKey: stage.apiKey, tenantId })
  if (app === undefined) throw new Error(`no app ${name}`)
  evil.landed.length = 0
  await stage.sandbox.control.revokeGrants({ username: 'ada' })
  const context = await browser.newContext()
  try {
    // Mira connects, as everybody does.
    await context.addCookies(
      [app.origin, app.otherOrigin].map((url) => ({ name: 'user', value: 'mira', url })),
    )
    const mira = await context.newPage()
    await mira.goto(app.origin)
    await connect(mira)
    await signInAtGitLab(mira)
    await authorizeButton(mira).click()
    await mira.getByText('is connected').waitFor()
    expect(new URL(mira.url()).origin).toBe(app.origin)
    expect(await connectionsOf(tenantId, 'mira')).toHaveLength(1)
    // And under the other name of the app, where she need not consent again.
    await mira.goto(app.otherOrigin)
    await connect(mira)
    await mira.getByText('is connected').waitFor()
    expect(new URL(mira.url()).origin).toBe(app.otherOrigin)
    expect(await refusals(tenantId)).toEqual([])

    const foreign = `session.create origin_not_allowed: ${evil.origin}`
    let named = 0
    for (const [how, target, headers] of disguises(app)) {
      const answer = await forge(app, target, headers, {})
      if (answer.status === 201) await fallFor(JSON.parse(answer.text), mira)
      for (const { searchParams } of evil.landed) {
        await forge(
          app,
          '/api/keywell/finish',
          { host: new URL(app.origin).host, origin: app.origin },
          {
            session: searchParams.get('keywell_session'),
            flow: searchParams.get('keywell_flow'),
            ticket: searchParams.get('keywell_ticket'),
          },
        )
      }
      expect(await connectionsOf(tenantId, 'mallory'), how).toEqual([])
      expect(evil.landed.map(String), how).toEqual([])
      // A page of the foreign name asked, or the foreign page posted what an honest session began.
      if (headers.origin === evil.origin) {
        // Some frameworks send an absolute target elsewhere by themselves: it reaches no handler.
        expect(answer.status, how).not.toBe(201)
        if (answer.status === 403) named += 1
        expect(count(await refusals(tenantId), foreign), how).toBe(named)
      } else if (answer.status === 201) {
        expect(await refusals(tenantId), how).toContain('flow.start origin')
      }
    }
    expect(named).toBeGreaterThanOrEqual(3)
    expect(await refusals(tenantId)).toContain('flow.start origin')
  } finally {
    await context.close()
    await app.stop()
  }
})
