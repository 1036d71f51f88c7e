/** The client against the real service, behind an app with the SDK's `connectHandler`. */
import { type ConnectionId, finishChannel, type SessionAnswer } from '@keywell/protocol'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type App, openApp } from '../testing/app.ts'
import type { Browser } from '../testing/browser.ts'
import { createButtons, fetchAttempts, nameOf } from './buttons.test.support.ts'
import type { ClientOptions } from './client.ts'
import type { Connect } from './connect.ts'
import { messageChannel } from './flow-messages.ts'
import { planScopes, readScopeOptions, toolsOf } from './index.ts'

let app: App
let browser: Browser
const { makeClient, makeButton, callsTo, cleanUps, cleanUp } = createButtons(() => browser)

beforeAll(fetchAttempts)

beforeEach(() => {
  app = openApp(inject('app'))
  browser = app.browser
})

afterEach(() => {
  cleanUp()
  window.sessionStorage.clear()
  window.history.replaceState(null, '', '/')
  expect(browser.faults).toEqual([])
})

const reaches = (connect: Connect, name: string) =>
  expect.poll(() => nameOf(connect), { interval: 10 }).toBe(name)

/** Clicks, and waits until the start form is posted. */
async function begin(connect: Connect, options?: Parameters<Connect['start']>[0]): Promise<void> {
  connect.start(options)
  await reaches(connect, 'waiting')
}

async function bodyOf(end: string): Promise<unknown> {
  return browser.requests.find(({ url, method }) => method === 'POST' && url.endsWith(end))?.json()
}

describe('connecting', () => {
  it('goes from the click to the connection', async () => {
    const { connect, onSuccess, onExit, onEvent } = makeButton()
    connect.start({ scopes: ['read_api'] })
    // The popup is there before anything was awaited.
    expect(browser.popups).toHaveLength(1)
    expect(nameOf(connect)).toBe('opening')
    await reaches(connect, 'waiting')
    expect(await bodyOf('/connect/flows')).toEqual({
      provider: 'gitlab',
      scopes: ['read_api'],
      mode: 'popup',
    })
    await app.consent()
    await reaches(connect, 'connected')
    await expect.poll(() => onSuccess.mock.calls.length).toBe(1)
    expect(onSuccess.mock.calls[0]?.[0]).toMatchObject({
      userId: app.userId,
      provider: 'gitlab',
      status: 'active',
      account: { username: 'ada' },
      scopes: ['read_api'],
      renewable: true,
    })
    expect(onExit).not.toHaveBeenCalled()
    const events = onEvent.mock.calls.map(([name]) => name)
    // `confirming` lasts as long as the exchange of the code, and may be over before it is seen.
    expect(events.filter((name) => name !== 'confirming')).toEqual([
      'opening',
      'waiting',
      'connected',
    ])
    expect(browser.popups[0]?.closed).toBe(true)
    expect(browser.openStreams).toBe(0)
  })

  it('connects by a key that the user pastes at the service, and never sees it', async () => {
    const { connect, onSuccess } = makeButton()
    await begin(connect, { method: 'key', scopes: ['read_api'] })
    expect(await bodyOf('/connect/flows')).toMatchObject({ provider: 'gitlab', method: 'key' })
    await app.goToProvider()
    await app.pasteKey()
    await reaches(connect, 'confirming')
    await app.finish()
    await reaches(connect, 'connected')
    await expect.poll(() => onSuccess.mock.calls.length).toBe(1)
    expect(onSuccess.mock.calls[0]?.[0]).toMatchObject({
      account: { username: 'ada' },
      renewable: false,
    })
    expect(JSON.stringify(onSuccess.mock.calls)).not.toContain('glpat')
  })

  it('shows that the app confirms who finished', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await app.goToProvider()
    await app.decide()
    await reaches(connect, 'confirming')
    await app.finish()
    await reaches(connect, 'connected')
  })

  it('posts the start code as a form into the popup, and keeps the form nowhere', async () => {
    const { connect } = makeButton()
    await begin(connect)
    const [opened] = browser.opened
    expect(opened?.url).toBe('about:blank')
    expect(browser.forms).toEqual([
      {
        method: 'post',
        action: `${app.serviceUrl}/connect/start`,
        target: opened?.name,
        fields: { start_code: expect.stringMatching(/^\S{20,}$/) },
      },
    ])
    expect(document.querySelector('form')).toBeNull()
  })

  it('sends the connect token in a header to the service, and nowhere else', async () => {
    const { connect } = makeButton()
    await begin(connect)
    const tokens = new Set<string | null>()
    for (const request of browser.requests) {
      const authorization = request.headers.get('authorization')
      const isOfService = request.url.startsWith(app.serviceUrl)
      if (isOfService) tokens.add(authorization)
      else expect(authorization).toBeNull()
      expect(request.credentials).toBe(isOfService ? 'omit' : 'same-origin')
    }
    const [authorization] = tokens
    expect(tokens.size).toBe(1)
    expect(authorization).toMatch(/^Bearer \S{100,}$/)
    const token = authorization?.slice('Bearer '.length) ?? ''
    expect(browser.requests.map(({ url }) => url).join()).not.toContain(token)
  })

  it('reads what the session may connect, and plans scopes by it', async () => {
    const client = makeClient()
    const [gitlab] = await readScopeOptions(client)
    if (gitlab === undefined) throw new Error('GitLab is not offered.')
    expect(gitlab).toMatchObject({ name: 'gitlab', title: 'GitLab' })
    const { scopes } = planScopes({ provider: gitlab, tools: ['gitlab_issues_list'] })
    expect(scopes).toEqual(['read_api'])
    expect(toolsOf({ provider: gitlab, scopes }).allowed).toHaveLength(55)
    await readScopeOptions(client)
    // One session serves both, and the click after them.
    expect(callsTo('POST /api/keywell/session')).toHaveLength(1)
  })

  it('reconnects the connection that is there', async () => {
    const { connect, onSuccess } = makeButton()
    await begin(connect)
    await app.consent()
    await reaches(connect, 'connected')
    await app.revoke()
    const again = makeButton()
    await reaches(again.connect, 'needs_reauth')
    expect(again.connect.getSnapshot()).toMatchObject({ reason: 'revoked' })
    browser.requests.length = 0
    await begin(again.connect)
    const [[made] = []] = onSuccess.mock.calls
    expect(await bodyOf('/session')).toEqual({ connectionId: made?.id })
    await app.consent()
    await reaches(again.connect, 'connected')
    expect(again.connect.getSnapshot()).toMatchObject({
      connection: { id: made?.id, status: 'active', generation: 2 },
    })
  })

  it('does not replace an account by another one', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await app.consent('ada')
    await reaches(connect, 'connected')
    const again = makeButton()
    await reaches(again.connect, 'connected')
    await begin(again.connect)
    await app.consent('grace')
    await reaches(again.connect, 'error')
    expect(again.connect.getSnapshot()).toMatchObject({ error: { code: 'account_mismatch' } })
  })

  it('ignores a click while it opens', async () => {
    const { connect } = makeButton()
    connect.start()
    connect.start()
    await reaches(connect, 'waiting')
    expect(browser.popups).toHaveLength(1)
    expect(callsTo(`POST ${app.serviceUrl}/connect/flows`)).toHaveLength(1)
  })

  it('reports that the user denied', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    await app.goToProvider()
    await app.decide('deny')
    await app.finish()
    await reaches(connect, 'denied')
    await expect.poll(() => onExit.mock.calls.length).toBe(1)
    expect(onExit.mock.calls[0]).toMatchObject([
      { code: 'access_denied' },
      { provider: 'gitlab', state: { name: 'denied' } },
    ])
  })

  it('reports a host that has no integration', async () => {
    const { connect, onExit } = makeButton({ provider: 'gitlab', host: 'https://gitlab.com' })
    connect.start({ method: 'oauth' })
    await reaches(connect, 'error')
    expect(connect.getSnapshot()).toMatchObject({
      error: { code: 'integration_missing', retryable: false, requestId: expect.any(String) },
    })
    expect(browser.popups[0]?.closed).toBe(true)
    await expect.poll(() => onExit.mock.calls.length).toBe(1)
  })

  it("leaves an error of the host's handler uncaught, and continues", async () => {
    const thrown: unknown[] = []
    const listen = (error: unknown): void => void thrown.push(error)
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', listen)
    const { connect, onEvent } = makeButton()
    const mistake = new Error('host')
    onEvent.mockImplementation((name) => {
      if (name === 'waiting') throw mistake
    })
    await begin(connect)
    await app.consent()
    await reaches(connect, 'connected')
    process.off('uncaughtException', listen)
    for (const listener of before) process.on('uncaughtException', listener)
    expect(thrown).toEqual([mistake])
  })
})

describe('sessions', () => {
  it('fetches one ahead, once, and uses it', async () => {
    const { connect } = makeButton()
    connect.prepare()
    connect.prepare()
    await begin(connect)
    expect(callsTo('POST /api/keywell/session')).toHaveLength(1)
  })

  it('takes a new one for each attempt', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await begin(connect)
    expect(callsTo('POST /api/keywell/session')).toHaveLength(2)
  })

  it("gets them from the app's own function, if there is one", async () => {
    const fetchSession = vi.fn(async (body: object): Promise<SessionAnswer> => {
      const url = '/fragment/api/keywell/session'
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      return (await browser.window.fetch(url, init)).json()
    })
    const { connect } = makeButton({ provider: 'gitlab' }, { fetchSession, returnMode: 'fragment' })
    await begin(connect)
    expect(fetchSession).toHaveBeenCalledExactlyOnceWith({
      connectionId: undefined,
      returnMode: 'fragment',
    })
    expect(callsTo('POST /api/keywell/session')).toEqual([])
  })

  it("passes the app's own fetch to the app's backend only", async () => {
    const fetch = vi.fn<typeof globalThis.fetch>((url, init) => browser.window.fetch(url, init))
    const { connect } = makeButton({ provider: 'gitlab' }, { fetch, endpoint: '/api/keywell/' })
    await begin(connect)
    expect(fetch.mock.calls.map(([url]) => url)).toEqual([
      '/api/keywell/session',
      '/api/keywell/connections?brands=gitlab',
    ])
  })
})

describe('cancelling', () => {
  it('ends the flow here and at the service', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    connect.cancel()
    expect(browser.popups[0]?.closed).toBe(true)
    await reaches(connect, 'cancelled')
    await expect.poll(() => onExit.mock.calls).toMatchObject([[null, {}]])
    expect(callsTo(`DELETE ${app.serviceUrl}/connect/flows/flo_`)).toHaveLength(1)
    expect(browser.openStreams).toBe(0)
    // Nothing can be connected by it any more.
    await expect(app.consent()).rejects.toThrow()
  })

  it('of a reconnect shows the connection again, which stays as it was', async () => {
    const { connect, onExit, onEvent } = makeButton()
    await begin(connect)
    await app.consent()
    await reaches(connect, 'connected')
    await begin(connect)
    connect.cancel()
    await reaches(connect, 'connected')
    await expect.poll(() => onExit.mock.calls).toMatchObject([[null, {}]])
    expect(onEvent.mock.calls.at(-1)?.[0]).toBe('cancelled')
  })

  it('is for the attempt that was there: a click that follows begins a new one', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    connect.cancel()
    connect.start()
    await expect.poll(() => browser.forms.length).toBe(2)
    await reaches(connect, 'waiting')
    expect(onExit).not.toHaveBeenCalled()
    await app.consent()
    await reaches(connect, 'connected')
  })

  it('while it opens, cancels the flow as soon as there is one, and posts no form', async () => {
    const { connect } = makeButton()
    connect.start()
    connect.cancel()
    expect(nameOf(connect)).toBe('cancelled')
    await expect.poll(() => callsTo('DELETE').length).toBe(1)
    expect(browser.forms).toEqual([])
    expect(nameOf(connect)).toBe('cancelled')
  })

  it('opening again gives up the attempt before', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    connect.start()
    await expect.poll(() => browser.forms.length).toBe(2)
    expect(browser.popups.map(({ closed }) => closed)).toEqual([true, false])
    expect(callsTo('DELETE')).toHaveLength(1)
    expect(onExit).not.toHaveBeenCalled()
  })
})

describe('redirect', () => {
  it('is the default on a touch screen', async () => {
    browser.touch = true
    const { connect } = makeButton()
    await begin(connect)
    expect(browser.popups).toHaveLength(0)
    expect(await bodyOf('/connect/flows')).toMatchObject({ mode: 'redirect' })
    connect.start({ mode: 'popup' })
    expect(browser.popups).toHaveLength(1)
    // What it posts belongs to this test.
    await expect.poll(() => browser.forms.length).toBe(2)
  })

  it('is offered when the popup is blocked, before there is a session', async () => {
    browser.blockPopups = 'null'
    const { connect, onExit } = makeButton()
    connect.start()
    expect(nameOf(connect)).toBe('blocked')
    expect(callsTo('POST')).toEqual([])
    await begin(connect, { mode: 'redirect' })
    expect(browser.forms).toMatchObject([{ target: '_self' }])
    expect(onExit).not.toHaveBeenCalled()
  })

  it('returns to the page, whose button continues, and leaves neither URL nor storage behind', async () => {
    window.history.replaceState({ router: 1 }, '', '/settings?tab=2#/deep')
    const before = window.location.href
    const { connect, detach } = makeButton()
    await begin(connect, { mode: 'redirect' })
    expect(await bodyOf('/connect/flows')).toMatchObject({ resumeUrl: before })
    expect(window.sessionStorage).toHaveLength(1)
    detach()

    // The browser loads the page again, where the app's backend sends it.
    await app.goToProvider()
    await app.decide()
    window.history.replaceState({ router: 1 }, '', await app.finish())
    expect(window.location.hash).toMatch(/^#\/deep&keywell_flow=flo_/)
    const client = makeClient()
    const other = client.connect({ provider: 'gitlab', connectionName: 'work' })
    cleanUps.push(other.attach())
    const onSuccess = vi.fn()
    const returned = client.connect({ provider: 'gitlab' })
    cleanUps.push(returned.attach({ onSuccess }))
    expect(nameOf(returned)).toBe('waiting')
    expect(nameOf(other)).toBe('idle')
    expect(window.location.href).toBe(before)
    expect(window.history.state).toEqual({ router: 1 })
    expect(window.sessionStorage).toHaveLength(0)
    await reaches(returned, 'connected')
    await expect.poll(() => onSuccess.mock.calls.length).toBe(1)
  })

  it('of a flow that this tab does not know shows the list, and cleans the URL', async () => {
    await app.addConnection()
    window.history.replaceState(null, '', '/settings#keywell_flow=flo_1')
    const { connect } = makeButton()
    expect(window.location.pathname + window.location.hash).toBe('/settings')
    await reaches(connect, 'connected')
    expect(callsTo(`GET ${app.serviceUrl}`)).toEqual([])
  })

  it('works without storage, by the list', async () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('no', 'SecurityError')
    })
    const { connect, detach } = makeButton()
    await begin(connect, { mode: 'redirect' })
    vi.restoreAllMocks()
    detach()
    await app.consent()
    await reaches(makeButton().connect, 'connected')
  })
})

describe('a fragment return', () => {
  async function comeBack(options: ClientOptions = {}) {
    const fragment = { endpoint: '/fragment/api/keywell', returnMode: 'fragment' } as const
    const { connect, detach } = makeButton({ provider: 'gitlab' }, fragment)
    await begin(connect)
    detach()
    await app.goToProvider()
    window.history.replaceState(null, '', await app.decide())
    expect(window.location.hash).toMatch(/keywell_ticket=/)
    const close = vi.spyOn(window, 'close').mockImplementation(() => undefined)
    cleanUps.push(() => close.mockRestore())
    return { close, client: makeClient({ ...fragment, ...options }) }
  }

  it('is removed from the URL at once, confirmed by the backend once, and sent to the other windows', async () => {
    const receive = vi.fn()
    const channel = new BroadcastChannel(finishChannel)
    channel.onmessage = ({ data }) => receive(data)
    cleanUps.push(() => channel.close())
    const { client, close } = await comeBack()
    client.takeReturn()
    client.takeReturn()
    expect(window.location.pathname + window.location.hash).toBe('/done')
    await expect.poll(() => close.mock.calls.length).toBe(1)
    expect(callsTo('POST /fragment/api/keywell/finish')).toHaveLength(1)
    const flowId = expect.stringMatching(/^flo_/)
    await expect.poll(() => receive.mock.calls).toEqual([[{ flowId, status: 'connected' }]])
    await client.connections.refresh()
    expect(client.connections.getSnapshot().connections).toMatchObject([{ status: 'active' }])
  })

  it('that the backend refuses is reported, and the window closes', async () => {
    const onError = vi.fn()
    const { client, close } = await comeBack({ onError })
    // By now, somebody else is signed in at the app.
    app.userId += '_other'
    client.takeReturn()
    await expect.poll(() => onError.mock.calls.length).toBe(1)
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'flow_mismatch' })
    expect(close).toHaveBeenCalled()
  })
})

describe('the list of connections', () => {
  const isReady = (client: ReturnType<typeof makeClient>) =>
    expect.poll(() => client.connections.getSnapshot().status).toBe('ready')

  it('is read when the first listener subscribes, once', async () => {
    const client = makeClient()
    expect(browser.calls).toEqual([])
    cleanUps.push(client.connections.subscribe(() => undefined))
    cleanUps.push(client.connections.subscribe(() => undefined))
    await isReady(client)
    expect(browser.calls).toEqual(['GET /api/keywell/connections'])
  })

  it('finds connections by name and id', async () => {
    const [own, work] = [
      await app.addConnection(),
      await app.addConnection({ connectionName: 'work' }),
    ]
    const client = makeClient()
    await client.connections.refresh()
    expect(client.find({ provider: 'gitlab' })?.id).toBe(own.id)
    expect(client.find({ provider: 'gitlab', connectionName: 'work' })?.id).toBe(work.id)
    expect(client.find({ provider: 'gitlab', connectionId: work.id })?.id).toBe(work.id)
    expect(client.find({ provider: 'gitlab', connectionName: 'other' })).toBeUndefined()
  })

  it('keeps the last list when a read fails', async () => {
    const { id } = await app.addConnection()
    const { connections } = makeClient()
    await connections.refresh()
    browser.failures.set('GET', 'unavailable')
    await connections.refresh()
    expect(connections.getSnapshot()).toMatchObject({
      status: 'error',
      connections: [{ id }],
      error: { code: 'unavailable' },
    })
  })

  it('keeps its identity when nothing changed', async () => {
    await app.addConnection()
    const { connections } = makeClient()
    await connections.refresh()
    const before = connections.getSnapshot()
    await connections.refresh()
    expect(connections.getSnapshot()).toBe(before)
  })

  it('disconnects, and resolves to the outcome at the provider', async () => {
    const { id } = await app.addConnection()
    const { connections } = makeClient()
    await connections.refresh()
    const answer = await connections.disconnect(id)
    expect(answer).toMatchObject({
      connection: { id, status: 'disconnected' },
      upstream: 'manual',
      manualUrl: expect.stringMatching(/^http/),
    })
    expect(connections.getSnapshot().connections).toEqual([])
  })

  it('keeps a connection that could not be disconnected', async () => {
    const { id } = await app.addConnection()
    const { connections } = makeClient()
    await connections.refresh()
    browser.failures.set('DELETE', 'unavailable')
    await expect(connections.disconnect(id)).rejects.toMatchObject({ code: 'unavailable' })
    expect(connections.getSnapshot().connections).toMatchObject([{ id }])
  })

  it('ignores the answer of a read that a change has overtaken', async () => {
    const { id } = await app.addConnection()
    const { connections } = makeClient()
    const slow = connections.refresh()
    await connections.disconnect(id)
    await slow
    await expect.poll(() => connections.getSnapshot().status).toBe('ready')
    expect(connections.getSnapshot().connections.map(({ status }) => status)).not.toContain(
      'active',
    )
  })

  it('is read again when another window has connected an account', async () => {
    const client = makeClient()
    cleanUps.push(client.connections.subscribe(() => undefined))
    await isReady(client)
    await app.addConnection()
    const channel = new BroadcastChannel(finishChannel)
    channel.postMessage({ flowId: 'flo_1', status: 'connected' })
    await expect.poll(() => client.connections.getSnapshot().connections.length).toBe(1)
    channel.close()
  })

  it('escapes the id of a connection, so that it cannot change the path', async () => {
    const { connections } = makeClient()
    const disconnected = connections.disconnect('../session' as ConnectionId)
    await expect(disconnected).rejects.toMatchObject({ code: 'not_found' })
    expect(browser.calls).toEqual(['DELETE /api/keywell/connections/..%2Fsession'])
  })
})

it("listens on protocol's channel", () => {
  expect(messageChannel).toBe(finishChannel)
})
