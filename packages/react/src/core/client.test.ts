import { type ConnectionId, finishChannel } from '@keywell/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  connectToken,
  createStandIn,
  makeConnection,
  type StandIn,
  serviceUrl,
  startCode,
} from '../testing/stand-in.ts'
import { type ClientOptions, createKeywellClient } from './client.ts'
import type { Connect, ConnectHandlers } from './connect.ts'
import { messageChannel } from './flow-messages.ts'

let standIn: StandIn
const cleanUps: (() => void)[] = []

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  })
  standIn = createStandIn()
})

afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
  vi.useRealTimers()
  window.sessionStorage.clear()
  window.history.replaceState(null, '', '/')
})

function makeClient(options: ClientOptions = {}) {
  return createKeywellClient({ window: standIn.window, ...options })
}

function makeButton(
  target: Parameters<ReturnType<typeof makeClient>['connect']>[0] = { provider: 'gitlab' },
  options: ClientOptions = {},
) {
  const connect = makeClient(options).connect(target)
  const handlers = {
    onSuccess: vi.fn<NonNullable<ConnectHandlers['onSuccess']>>(),
    onExit: vi.fn<NonNullable<ConnectHandlers['onExit']>>(),
    onEvent: vi.fn<NonNullable<ConnectHandlers['onEvent']>>(),
  }
  const detach = connect.attach(handlers)
  cleanUps.push(detach)
  return { connect, detach, ...handlers }
}

const nameOf = (connect: Connect) => connect.getSnapshot().name
const reaches = (connect: Connect, name: string) =>
  vi.waitFor(() => expect(nameOf(connect)).toBe(name))
const callsTo = (prefix: string) => standIn.calls.filter((call) => call.startsWith(prefix))

/** Clicks, and lets everything happen until the user is at the provider. */
async function begin(connect: Connect): Promise<void> {
  connect.start()
  await reaches(connect, 'waiting')
}

describe('connecting', () => {
  it('goes from the click to the connection', async () => {
    const { connect, onSuccess, onExit, onEvent } = makeButton()
    connect.start({ scopes: ['read_api'] })
    // The popup is there before anything was awaited.
    expect(standIn.popups).toHaveLength(1)
    expect(nameOf(connect)).toBe('opening')
    await reaches(connect, 'waiting')
    expect(standIn.flowRequests).toEqual([
      { provider: 'gitlab', scopes: ['read_api'], mode: 'popup' },
    ])
    standIn.move({ status: 'started' })
    standIn.move({ status: 'confirming' })
    await reaches(connect, 'confirming')
    const connection = makeConnection()
    standIn.move({ status: 'connected', connection })
    await reaches(connect, 'connected')
    await vi.waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith(connection))
    expect(onExit).not.toHaveBeenCalled()
    expect(onEvent.mock.calls.map(([name]) => name)).toEqual([
      'opening',
      'waiting',
      'confirming',
      'connected',
    ])
    expect(standIn.popups[0]?.closed).toBe(true)
    expect(standIn.openStreams).toBe(0)
  })

  it('posts the start code as a form into the popup, and keeps the form nowhere', async () => {
    const { connect } = makeButton()
    await begin(connect)
    const [opened] = standIn.opened
    expect(opened?.url).toBe('about:blank')
    expect(standIn.forms).toEqual([
      {
        method: 'post',
        action: `${serviceUrl}/connect/start`,
        target: opened?.name,
        fields: { start_code: startCode },
      },
    ])
    expect(document.querySelector('form')).toBeNull()
  })

  it('gives each popup a name that cannot be guessed', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await begin(connect)
    const [first, second] = standIn.opened
    expect(first?.name).toMatch(/^keywell_\d+_\d+$/)
    expect(second?.name).not.toBe(first?.name)
  })

  it('says one line in the popup until the provider comes', () => {
    const { connect } = makeButton()
    connect.start({ waitingText: 'Connecting to GitLab …' })
    expect(standIn.popups[0]?.document.body.textContent).toBe('Connecting to GitLab …')
    expect(standIn.popups[0]?.document.title).toBe('Connecting to GitLab …')
  })

  it('sends the connect token in a header to the service, and nowhere else', async () => {
    const { connect } = makeButton()
    await begin(connect)
    for (const request of standIn.requests) {
      expect(request.url).not.toContain(connectToken)
      const authorization = request.headers.get('authorization')
      const isService = request.url.startsWith(serviceUrl)
      expect(authorization).toBe(isService ? `Bearer ${connectToken}` : null)
      expect(request.credentials).toBe(isService ? 'omit' : 'same-origin')
    }
  })

  it('reconnects the connection that is there', async () => {
    const connection = makeConnection({ status: 'revoked', needsReauth: true, reason: 'revoked' })
    standIn.connections = [connection]
    const { connect } = makeButton()
    await reaches(connect, 'needs_reauth')
    await begin(connect)
    const session = standIn.requests.find((request) => request.url.endsWith('/session'))
    expect(await session?.json()).toEqual({ connectionId: connection.id })
  })

  it('tells host, name and connection apart', async () => {
    const hosted = makeConnection({ host: 'https://gitlab.acme.example/git' })
    const work = makeConnection({ name: 'work' })
    const gone = makeConnection({ status: 'disconnected' })
    standIn.connections = [gone, hosted, work]
    const client = makeClient()
    cleanUps.push(client.connections.subscribe(() => undefined))
    await vi.waitFor(() => expect(client.connections.getSnapshot().status).toBe('ready'))
    const host = 'https://gitlab.acme.example/git/'
    expect(client.find({ provider: 'gitlab', host })?.id).toBe(hosted.id)
    expect(client.find({ provider: 'gitlab', connectionName: 'work' })?.id).toBe(work.id)
    expect(client.find({ provider: 'gitlab', host: 'https://gitlab.com' })).toBeUndefined()
    expect(client.find({ provider: 'gitlab', connectionId: work.id })?.id).toBe(work.id)
    expect(client.find({ provider: 'gitlab', connectionId: gone.id })).toBeUndefined()
    expect(client.find({ provider: 'github' })).toBeUndefined()
  })

  it('ignores a click while it opens', async () => {
    const { connect } = makeButton()
    connect.start()
    connect.start()
    await reaches(connect, 'waiting')
    expect(standIn.popups).toHaveLength(1)
    expect(standIn.flowRequests).toHaveLength(1)
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

  it('does not use one that was fetched long ago', async () => {
    const { connect } = makeButton()
    connect.prepare()
    await vi.advanceTimersByTimeAsync(120_001)
    await begin(connect)
    expect(callsTo('POST /api/keywell/session')).toHaveLength(2)
  })

  it('asks again after one failed ahead', async () => {
    const { connect } = makeButton()
    standIn.failures.set('POST /api/keywell/session', 'network')
    connect.prepare()
    await vi.advanceTimersByTimeAsync(0)
    standIn.failures.clear()
    await begin(connect)
  })

  it('gets them by the means of the app, if it has any', async () => {
    const fetchSession = vi.fn(async () => ({
      // Made by no server; nothing here reads it.
      sessionId: 'ses_1' as never,
      connectToken,
      serviceUrl,
      expiresAt: '',
    }))
    const { connect } = makeButton({ provider: 'gitlab' }, { fetchSession, returnMode: 'fragment' })
    await begin(connect)
    expect(fetchSession).toHaveBeenCalledExactlyOnceWith({
      connectionId: undefined,
      returnMode: 'fragment',
    })
    expect(callsTo('POST /api/keywell/session')).toHaveLength(0)
  })

  it("passes the app's own fetch to the app's backend only", async () => {
    const fetch = vi.fn<typeof globalThis.fetch>((url, init) => standIn.window.fetch(url, init))
    const { connect } = makeButton({ provider: 'gitlab' }, { fetch, endpoint: '/kw/' })
    await begin(connect)
    expect(fetch.mock.calls.map(([url]) => url)).toEqual(['/kw/connections', '/kw/session'])
  })
})

describe('what can go wrong', () => {
  it.each([
    ['POST /api/keywell/session', 'unauthorized', false],
    ['POST /api/keywell/session', 'network', true],
    ['POST /api/keywell/session', 'html', true],
    [`POST ${serviceUrl}/connect/flows`, 'integration_missing', false],
    [`POST ${serviceUrl}/connect/flows`, 'rate_limited', true],
    [`POST ${serviceUrl}/connect/flows`, 'unavailable', true],
  ] as const)('%s answers %s', async (call, failure, retryable) => {
    const { connect, onExit } = makeButton()
    standIn.failures.set(call, failure)
    connect.start()
    await reaches(connect, 'error')
    const code = failure === 'network' || failure === 'html' ? 'unavailable' : failure
    expect(connect.getSnapshot()).toMatchObject({ error: { code, retryable } })
    expect(standIn.popups[0]?.closed).toBe(true)
    await vi.waitFor(() => expect(onExit).toHaveBeenCalledOnce())
    expect(onExit.mock.calls[0]?.[0]).toMatchObject({ code })
    // And the next click starts over.
    standIn.failures.clear()
    await begin(connect)
  })

  it('keeps the request id for the operator', async () => {
    const { connect } = makeButton()
    standIn.failures.set('POST /api/keywell/session', 'internal')
    connect.start()
    await reaches(connect, 'error')
    expect(connect.getSnapshot()).toMatchObject({ error: { requestId: 'req_1' } })
  })

  it('posts the start code to the service only', async () => {
    const { connect } = makeButton(
      { provider: 'gitlab' },
      {
        fetchSession: async () => ({
          sessionId: 'ses_1' as never,
          connectToken,
          // Another spelling of the service's address than the one that startUrl has.
          serviceUrl: `${serviceUrl}:443`,
          expiresAt: '',
        }),
      },
    )
    await begin(connect)
    const strange = createStandIn()
    const fetch = async (url: string, init?: RequestInit) => {
      const answer = await strange.window.fetch(url, init)
      if (!url.endsWith('/connect/flows')) return answer
      return Response.json({ ...(await answer.json()), startUrl: 'javascript:alert(1)' })
    }
    const hostile = new Proxy(strange.window, {
      get: (target, key) => (key === 'fetch' ? fetch : Reflect.get(target, key)),
    })
    const other = createKeywellClient({ window: hostile }).connect({ provider: 'gitlab' })
    cleanUps.push(other.attach())
    other.start()
    await reaches(other, 'error')
    expect(strange.forms).toEqual([])
  })

  it('says no with the user', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    const error = { code: 'access_denied', message: 'no', retryable: true } as const
    standIn.move({ status: 'denied', error })
    await reaches(connect, 'denied')
    await vi.waitFor(() => expect(onExit).toHaveBeenCalledOnce())
    expect(onExit.mock.calls[0]).toMatchObject([error, { provider: 'gitlab' }])
  })

  it('shows a blocked popup, without a session, and goes on in this tab', async () => {
    standIn.blockPopups = 'null'
    const { connect, onExit } = makeButton()
    connect.start()
    expect(nameOf(connect)).toBe('blocked')
    expect(callsTo('POST')).toEqual([])
    connect.start({ mode: 'redirect' })
    await reaches(connect, 'waiting')
    expect(standIn.forms).toMatchObject([{ target: '_self' }])
    expect(onExit).not.toHaveBeenCalled()
  })

  it('takes a popup that is closed at once for blocked', () => {
    standIn.blockPopups = 'closed'
    const { connect } = makeButton()
    connect.start()
    expect(nameOf(connect)).toBe('blocked')
  })

  it("lets the host's own error be the host's, and goes on", async () => {
    const thrown: unknown[] = []
    const hear = (error: unknown): void => void thrown.push(error)
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', hear)
    const { connect, onEvent } = makeButton()
    const mistake = new Error('host')
    onEvent.mockImplementation((name) => {
      if (name === 'waiting') throw mistake
    })
    await begin(connect)
    standIn.move({ status: 'confirming' })
    await reaches(connect, 'confirming')
    process.off('uncaughtException', hear)
    for (const listener of before) process.on('uncaughtException', listener)
    expect(thrown).toEqual([mistake])
  })
})

describe('cancelling', () => {
  it('ends the flow here and at the service', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    connect.cancel()
    expect(standIn.popups[0]?.closed).toBe(true)
    await reaches(connect, 'cancelled')
    await vi.waitFor(() => expect(onExit.mock.calls).toMatchObject([[null, {}]]))
    await vi.waitFor(() =>
      expect(callsTo('DELETE')).toEqual([
        `DELETE ${serviceUrl}/connect/flows/${standIn.lastFlow.flowId}`,
      ]),
    )
    expect(standIn.openStreams).toBe(0)
  })

  it('that comes too late shows what the service answers, and tells the host that alone', async () => {
    const { connect, onSuccess, onExit } = makeButton()
    await begin(connect)
    const connection = makeConnection()
    standIn.move({ status: 'connected', connection }, { tell: false })
    connect.cancel()
    connect.cancel()
    expect(nameOf(connect)).toBe('waiting')
    await reaches(connect, 'connected')
    await vi.waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith(connection))
    expect(onExit).not.toHaveBeenCalled()
    expect(standIn.openStreams).toBe(0)
  })

  it('ends here while the service is away, and looks at the list once more', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    const lists = callsTo('GET /api/keywell/connections').length
    standIn.failures.set('DELETE', 'network')
    connect.cancel()
    await reaches(connect, 'cancelled')
    await vi.waitFor(() => expect(onExit.mock.calls).toMatchObject([[null, {}]]))
    expect(callsTo('GET /api/keywell/connections')).toHaveLength(lists + 1)
    expect(standIn.openStreams).toBe(0)
  })

  it('is for the attempt that was there: a click that follows begins a new one', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    connect.cancel()
    connect.start()
    await vi.waitFor(() => expect(standIn.forms).toHaveLength(2))
    await reaches(connect, 'waiting')
    expect(onExit).not.toHaveBeenCalled()
  })

  it('while it opens, cancels the flow as soon as there is one, and posts no form', async () => {
    const { connect } = makeButton()
    connect.start()
    connect.cancel()
    expect(nameOf(connect)).toBe('cancelled')
    await vi.waitFor(() => expect(callsTo('DELETE')).toHaveLength(1))
    expect(standIn.forms).toEqual([])
    expect(nameOf(connect)).toBe('cancelled')
  })

  it('opening again gives up the attempt before', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    const first = standIn.lastFlow.flowId
    connect.start()
    await vi.waitFor(() => expect(standIn.forms).toHaveLength(2))
    expect(standIn.popups.map(({ closed }) => closed)).toEqual([true, false])
    expect(callsTo('DELETE')).toEqual([`DELETE ${serviceUrl}/connect/flows/${first}`])
    expect(onExit).not.toHaveBeenCalled()
  })
})

describe('the window', () => {
  it('that looks closed for 1.5 s only offers ways on', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    const [popup] = standIn.popups
    if (popup) popup.closed = true
    await vi.advanceTimersByTimeAsync(1_400)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: false })
    await vi.advanceTimersByTimeAsync(200)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: true })
    await vi.advanceTimersByTimeAsync(300_000)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: true })
    expect(onExit).not.toHaveBeenCalled()
    // The user was there all the time.
    standIn.move({ status: 'connected', connection: makeConnection() })
    await reaches(connect, 'connected')
  })

  it('that looked closed for a moment changes nothing', async () => {
    const { connect } = makeButton()
    await begin(connect)
    const [popup] = standIn.popups
    if (popup) popup.closed = true
    await vi.advanceTimersByTimeAsync(1_000)
    if (popup) popup.closed = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: false })
  })

  it('comes to the front on demand', async () => {
    const { connect } = makeButton()
    await begin(connect)
    connect.focus()
    expect(standIn.popups[0]?.focused).toBe(1)
  })
})

describe('watching', () => {
  const flowCalls = () => callsTo(`GET ${serviceUrl}/connect/flows/`).length

  it('reads events that arrive in pieces, between heartbeats', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await vi.waitFor(() => expect(standIn.openStreams).toBe(1))
    const flow = { ...standIn.lastFlow, status: 'confirming' }
    const text = `: heartbeat\n\nevent: flow\r\ndata: ${JSON.stringify(flow)}\r\n\r\n`
    for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) standIn.write(piece)
    await reaches(connect, 'confirming')
    expect(flowCalls()).toBe(1)
  })

  it('does not poll while the stream speaks', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await vi.waitFor(() => expect(standIn.openStreams).toBe(1))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(flowCalls()).toBeLessThanOrEqual(2)
  })

  it('polls where no stream comes through: after 1 s, growing to 5 s', async () => {
    standIn.streams = false
    const { connect } = makeButton()
    await begin(connect)
    const times: number[] = []
    let seen = flowCalls()
    for (let ms = 0; ms < 25_000; ms += 100) {
      await vi.advanceTimersByTimeAsync(100)
      if (flowCalls() > seen) times.push(ms)
      seen = flowCalls()
    }
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(times[0]).toBeLessThanOrEqual(1_100)
    expect(waits).toEqual([1_500, 2_200, 3_400, 5_000, 5_000, 5_000].map(near))
    standIn.move({ status: 'connected', connection: makeConnection() })
    await vi.advanceTimersByTimeAsync(5_100)
    expect(nameOf(connect)).toBe('connected')
  })

  it('polls on when the stream breaks', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await vi.waitFor(() => expect(standIn.openStreams).toBe(1))
    standIn.write('data: {not JSON\n\n')
    await vi.advanceTimersByTimeAsync(0)
    standIn.move({ status: 'connected', connection: makeConnection() }, { tell: false })
    await vi.advanceTimersByTimeAsync(1_100)
    expect(nameOf(connect)).toBe('connected')
  })

  it.each([
    ['the page gets the focus', () => window.dispatchEvent(new Event('focus'))],
    [
      'the page is seen again',
      () => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })),
    ],
    [
      'another window of the app has news',
      () => {
        const { flowId, status } = standIn.lastFlow
        const channel = new BroadcastChannel(finishChannel)
        channel.postMessage({ flowId, status })
        cleanUps.push(() => channel.close())
      },
    ],
    ['the finish page has news', () => postMessage(window.location.origin)],
  ])('asks at once when %s', async (_, happen) => {
    standIn.streams = false
    const { connect } = makeButton()
    await begin(connect)
    await vi.advanceTimersByTimeAsync(0)
    standIn.move({ status: 'connected', connection: makeConnection() })
    happen()
    await reaches(connect, 'connected')
  })

  it('believes no message, and hears none from elsewhere', async () => {
    standIn.streams = false
    const { connect } = makeButton()
    await begin(connect)
    const before = flowCalls()
    const { flowId } = standIn.lastFlow
    for (const data of [{ flowId, status: 'connected' }, null, 'keywell', { flowId: 'flo_2' }]) {
      window.dispatchEvent(new MessageEvent('message', { origin: 'https://evil.example', data }))
    }
    for (const data of [null, undefined, 7, { status: 'connected' }, { flowId: 'flo_2' }]) {
      const { origin } = window.location
      window.dispatchEvent(new MessageEvent('message', { origin, data }))
    }
    await vi.advanceTimersByTimeAsync(0)
    expect(flowCalls()).toBe(before)
    expect(nameOf(connect)).toBe('waiting')
    // Forged, on the right origin: it makes the page ask, and the service says how it is.
    postMessage(window.location.origin)
    await vi.waitFor(() => expect(flowCalls()).toBeGreaterThan(before))
    expect(nameOf(connect)).toBe('waiting')
  })

  it.each(['network', 'html', 'unavailable', 'rate_limited', 'internal'] as const)(
    'waits through an outage (%s)',
    async (failure) => {
      standIn.streams = false
      const { connect } = makeButton()
      await begin(connect)
      standIn.failures.set(`GET ${serviceUrl}`, failure)
      await vi.advanceTimersByTimeAsync(30_000)
      expect(nameOf(connect)).toBe('waiting')
      standIn.failures.clear()
      standIn.move({ status: 'connected', connection: makeConnection() })
      await vi.advanceTimersByTimeAsync(5_100)
      expect(nameOf(connect)).toBe('connected')
    },
  )

  it('ends with the session, and looks at the list once more', async () => {
    standIn.streams = false
    const { connect, onExit } = makeButton()
    await begin(connect)
    standIn.failures.set(`GET ${serviceUrl}`, 'session_expired')
    await vi.advanceTimersByTimeAsync(1_100)
    expect(nameOf(connect)).toBe('expired')
    expect(onExit.mock.calls[0]?.[0]).toMatchObject({ code: 'session_expired', retryable: true })
    expect(callsTo('GET /api/keywell/connections')).toHaveLength(2)
  })

  it('leaves nothing behind: no timer, no listener, no stream, no further call', async () => {
    const { connect, detach } = makeButton()
    const before = vi.getTimerCount()
    await begin(connect)
    await vi.waitFor(() => expect(standIn.openStreams).toBe(1))
    expect(vi.getTimerCount()).toBeGreaterThan(before)
    detach()
    expect(standIn.openStreams).toBe(0)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(vi.getTimerCount()).toBe(before)
    const calls = standIn.calls.length
    window.dispatchEvent(new Event('focus'))
    postMessage(window.location.origin)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(standIn.calls).toHaveLength(calls)
    // The user may still finish: the window stays.
    expect(standIn.popups[0]?.closed).toBe(false)
  })

  it('goes on when it is attached again, as StrictMode does', async () => {
    const { connect, detach } = makeButton()
    await begin(connect)
    detach()
    cleanUps.push(connect.attach())
    await vi.waitFor(() => expect(standIn.openStreams).toBe(1))
    standIn.move({ status: 'connected', connection: makeConnection() })
    await reaches(connect, 'connected')
  })

  function postMessage(origin: string): void {
    const { flowId, status } = standIn.lastFlow
    window.dispatchEvent(new MessageEvent('message', { origin, data: { flowId, status } }))
  }
})

/** Steps of the test's own clock are 100 ms. */
function near(ms: number): unknown {
  return expect.toSatisfy((value: number) => Math.abs(value - ms) <= 100, `about ${ms} ms`)
}

describe('redirect', () => {
  it('is taken at once on a touch screen, unless the mode says otherwise', async () => {
    standIn.touch = true
    const { connect } = makeButton()
    connect.start()
    await reaches(connect, 'waiting')
    expect(standIn.popups).toHaveLength(0)
    expect(standIn.flowRequests).toMatchObject([{ mode: 'redirect' }])
    connect.start({ mode: 'popup' })
    expect(standIn.popups).toHaveLength(1)
  })

  it('comes back to the page, is taken up by its button, and leaves neither URL nor storage', async () => {
    window.history.replaceState({ router: 1 }, '', '/settings?tab=2#/deep')
    const { connect, detach } = makeButton()
    connect.start({ mode: 'redirect' })
    await reaches(connect, 'waiting')
    const resumeUrl = standIn.flowRequests[0]?.resumeUrl
    expect(resumeUrl).toBe('http://localhost:3000/settings?tab=2#/deep')
    expect(window.sessionStorage).toHaveLength(1)
    detach()

    // The page is loaded anew, the way the app's backend leads back to it.
    window.history.replaceState(
      { router: 1 },
      '',
      `${resumeUrl}&keywell_flow=${standIn.lastFlow.flowId}`,
    )
    standIn.move({ status: 'connected', connection: makeConnection() })
    const client = makeClient()
    const other = client.connect({ provider: 'github' })
    cleanUps.push(other.attach())
    const onSuccess = vi.fn()
    const back = client.connect({ provider: 'gitlab' })
    cleanUps.push(back.attach({ onSuccess }))
    expect(nameOf(back)).toBe('waiting')
    expect(nameOf(other)).toBe('idle')
    expect(window.location.href).toBe('http://localhost:3000/settings?tab=2#/deep')
    expect(window.history.state).toEqual({ router: 1 })
    expect(window.sessionStorage).toHaveLength(0)
    await reaches(back, 'connected')
    await vi.waitFor(() => expect(onSuccess).toHaveBeenCalledOnce())
  })

  it('of a flow that this tab does not know shows the list, and cleans the URL', async () => {
    window.history.replaceState(null, '', '/settings#keywell_flow=flo_1')
    standIn.connections = [makeConnection()]
    const { connect } = makeButton()
    expect(window.location.href).toBe('http://localhost:3000/settings')
    await reaches(connect, 'connected')
    expect(callsTo(`GET ${serviceUrl}`)).toEqual([])
  })

  it('works without storage, by the list', async () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('no', 'SecurityError')
    })
    const { connect } = makeButton()
    connect.start({ mode: 'redirect' })
    await reaches(connect, 'waiting')
    expect(standIn.forms).toHaveLength(1)
    vi.restoreAllMocks()
  })

  it('offers ways on when the user comes back too early', async () => {
    const { connect } = makeButton()
    connect.start({ mode: 'redirect' })
    await reaches(connect, 'waiting')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: true })
  })
})

describe('a fragment return', () => {
  async function comeBack(options: ClientOptions = {}) {
    const { connect, detach } = makeButton()
    await begin(connect)
    detach()
    const { flowId } = standIn.lastFlow
    const fragment = `keywell_session=ses_1&keywell_flow=${flowId}&keywell_ticket=t-1_2`
    window.history.replaceState(null, '', `/done#${fragment}`)
    const client = makeClient(options)
    client.takeReturn()
    client.takeReturn()
    return flowId
  }

  it('is removed from the URL at once, confirmed by the backend once, and told', async () => {
    const news = vi.fn()
    const channel = new BroadcastChannel(finishChannel)
    channel.onmessage = ({ data }) => news(data)
    cleanUps.push(() => channel.close())
    const close = vi.spyOn(window, 'close').mockImplementation(() => undefined)
    const flowId = await comeBack()
    expect(window.location.href).toBe('http://localhost:3000/done')
    await vi.waitFor(() => expect(close).toHaveBeenCalledOnce())
    const finishes = standIn.requests.filter(({ url }) => url.endsWith('/finish'))
    expect(finishes).toHaveLength(1)
    expect(await finishes[0]?.json()).toEqual({ session: 'ses_1', flow: flowId, ticket: 't-1_2' })
    await vi.waitFor(() => expect(news).toHaveBeenCalledWith({ flowId, status: 'created' }))
  })

  it('that the backend refuses is reported, and the window goes', async () => {
    const close = vi.spyOn(window, 'close').mockImplementation(() => undefined)
    standIn.failures.set('POST /api/keywell/finish', 'flow_mismatch')
    const onError = vi.fn()
    await comeBack({ onError })
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce())
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'flow_mismatch' })
    expect(close).toHaveBeenCalled()
  })
})

describe('the list of connections', () => {
  it('is read when somebody looks, once', async () => {
    const client = makeClient()
    expect(standIn.calls).toEqual([])
    cleanUps.push(client.connections.subscribe(() => undefined))
    cleanUps.push(client.connections.subscribe(() => undefined))
    await vi.waitFor(() => expect(client.connections.getSnapshot().status).toBe('ready'))
    expect(standIn.calls).toEqual(['GET /api/keywell/connections'])
  })

  it('keeps what was known when a read fails', async () => {
    const connection = makeConnection()
    standIn.connections = [connection]
    const { connections } = makeClient()
    await connections.refresh()
    standIn.failures.set('GET', 'unavailable')
    await connections.refresh()
    expect(connections.getSnapshot()).toMatchObject({
      status: 'error',
      connections: [connection],
      error: { code: 'unavailable' },
    })
  })

  it('keeps its identity when nothing changed', async () => {
    standIn.connections = [makeConnection()]
    const { connections } = makeClient()
    await connections.refresh()
    const before = connections.getSnapshot()
    await connections.refresh()
    expect(connections.getSnapshot()).toBe(before)
  })

  it('disconnects, and answers what became of the grant', async () => {
    const connection = makeConnection()
    standIn.connections = [connection]
    const { connections } = makeClient()
    await connections.refresh()
    const answer = await connections.disconnect(connection.id)
    expect(answer.upstream).toBe('revoked')
    expect(connections.getSnapshot().connections).toEqual([])
  })

  it('leaves the connection where disconnecting fails', async () => {
    const connection = makeConnection()
    standIn.connections = [connection]
    const { connections } = makeClient()
    await connections.refresh()
    standIn.failures.set('DELETE', 'unavailable')
    await expect(connections.disconnect(connection.id)).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect(connections.getSnapshot().connections).toEqual([connection])
  })

  it('never lets an old answer undo a newer change', async () => {
    const connection = makeConnection()
    standIn.connections = [connection]
    const { connections } = makeClient()
    const slow = connections.refresh()
    await connections.disconnect(connection.id)
    await slow
    await vi.waitFor(() => expect(connections.getSnapshot().status).toBe('ready'))
    expect(connections.getSnapshot().connections).toEqual([])
  })

  it('is read again when another window has connected something', async () => {
    const client = makeClient()
    cleanUps.push(client.connections.subscribe(() => undefined))
    await vi.waitFor(() => expect(client.connections.getSnapshot().status).toBe('ready'))
    standIn.connections = [makeConnection()]
    const channel = new BroadcastChannel(finishChannel)
    channel.postMessage({ flowId: 'flo_1', status: 'connected' })
    await vi.waitFor(() => expect(client.connections.getSnapshot().connections).toHaveLength(1))
    channel.close()
  })

  it('keeps a path out of the id of a connection', async () => {
    const { connections } = makeClient()
    await connections.disconnect('../session' as ConnectionId)
    expect(standIn.calls[0]).toBe('DELETE /api/keywell/connections/..%2Fsession')
  })
})

it("listens on protocol's channel", () => {
  expect(messageChannel).toBe(finishChannel)
})
