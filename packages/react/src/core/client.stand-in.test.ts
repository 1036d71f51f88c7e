/**
 * The client against hand-made answers, for what the real service and a real clock cannot be made to do:
 * outages, a proxy that stops streams, events in pieces, minutes that pass, states at a chosen instant.
 */
import { finishChannel } from '@keywell/protocol'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Browser } from '../testing/browser.ts'
import {
  connectToken,
  createStandIn,
  makeConnection,
  type StandIn,
  serviceUrl,
} from '../testing/stand-in.ts'
import { createButtons, fetchAttempts, nameOf } from './buttons.test.support.ts'
import { createKeywellClient } from './client.ts'
import type { Connect } from './connect.ts'

let standIn: StandIn
let browser: Browser
const { makeClient, makeButton, callsTo, cleanUps, cleanUp } = createButtons(() => browser)

beforeAll(fetchAttempts)

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  })
  standIn = createStandIn()
  browser = standIn.browser
})

afterEach(() => {
  cleanUp()
  vi.useRealTimers()
  window.sessionStorage.clear()
  window.history.replaceState(null, '', '/')
  expect(browser.faults).toEqual([])
})

const reaches = (connect: Connect, name: string) =>
  vi.waitFor(() => expect(nameOf(connect)).toBe(name))

/** Clicks, and lets everything happen until the user is at the provider. */
async function begin(connect: Connect): Promise<void> {
  connect.start()
  await reaches(connect, 'waiting')
}

describe('the list of connections', () => {
  it('finds a connection by host, name and id', async () => {
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
})

it('a change of another connection changes nothing of a button', async () => {
  const own = makeConnection()
  standIn.connections = [own]
  const { client, connect } = makeButton()
  await reaches(connect, 'connected')
  const before = connect.getSnapshot()
  standIn.connections = [makeConnection({ name: 'other' }), { ...own }]
  await client.connections.refresh()
  expect(client.connections.getSnapshot().connections).toHaveLength(2)
  expect(connect.getSnapshot()).toBe(before)
})

describe('sessions', () => {
  it('does not use one that was fetched long ago', async () => {
    const { connect } = makeButton()
    connect.prepare()
    await vi.advanceTimersByTimeAsync(120_001)
    await begin(connect)
    expect(callsTo('POST /api/keywell/session')).toHaveLength(2)
  })

  it('requests another after one that failed', async () => {
    const { connect } = makeButton()
    browser.failures.set('POST /api/keywell/session', 'network')
    connect.prepare()
    await vi.advanceTimersByTimeAsync(0)
    browser.failures.clear()
    await begin(connect)
  })
})

describe('errors', () => {
  it.each([
    ['POST /api/keywell/session', 'unauthorized', false],
    ['POST /api/keywell/session', 'network', true],
    ['POST /api/keywell/session', 'html', true],
    [`POST ${serviceUrl}/connect/flows`, 'integration_missing', false],
    [`POST ${serviceUrl}/connect/flows`, 'rate_limited', true],
    [`POST ${serviceUrl}/connect/flows`, 'unavailable', true],
  ] as const)('%s answers %s', async (call, failure, retryable) => {
    const { connect, onExit } = makeButton()
    browser.failures.set(call, failure)
    connect.start()
    await reaches(connect, 'error')
    const code = failure === 'network' || failure === 'html' ? 'unavailable' : failure
    expect(connect.getSnapshot()).toMatchObject({ error: { code, retryable } })
    expect(browser.popups[0]?.closed).toBe(true)
    await vi.waitFor(() => expect(onExit).toHaveBeenCalledOnce())
    expect(onExit.mock.calls[0]?.[0]).toMatchObject({ code })
    // The next click begins anew.
    browser.failures.clear()
    await begin(connect)
  })

  it('keeps the request id for the operator', async () => {
    const { connect } = makeButton()
    browser.failures.set('POST /api/keywell/session', 'internal')
    connect.start()
    await reaches(connect, 'error')
    expect(connect.getSnapshot()).toMatchObject({ error: { requestId: 'req_1' } })
  })

  it('posts the start code to the origin of the service only', async () => {
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
      const answer = await strange.browser.window.fetch(url, init)
      if (!url.endsWith('/connect/flows')) return answer
      return Response.json({ ...(await answer.json()), startUrl: 'javascript:alert(1)' })
    }
    const hostile = new Proxy(strange.browser.window, {
      get: (target, key) => (key === 'fetch' ? fetch : Reflect.get(target, key)),
    })
    const other = createKeywellClient({ window: hostile }).connect({ provider: 'gitlab' })
    cleanUps.push(other.attach())
    other.start()
    await reaches(other, 'error')
    expect(strange.browser.forms).toEqual([])
  })
})

describe('cancelling', () => {
  it('that comes too late shows what the service answers, and calls onSuccess only', async () => {
    const { connect, onSuccess, onExit } = makeButton()
    await begin(connect)
    const connection = makeConnection()
    standIn.move({ status: 'connected', connection }, { silent: true })
    connect.cancel()
    connect.cancel()
    expect(nameOf(connect)).toBe('waiting')
    await reaches(connect, 'connected')
    await vi.waitFor(() => expect(onSuccess).toHaveBeenCalledExactlyOnceWith(connection))
    expect(onExit).not.toHaveBeenCalled()
    expect(browser.openStreams).toBe(0)
  })

  it('ends here during an outage of the service, and reads the list again', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    const lists = callsTo('GET /api/keywell/connections').length
    browser.failures.set('DELETE', 'network')
    connect.cancel()
    await reaches(connect, 'cancelled')
    await vi.waitFor(() => expect(onExit.mock.calls).toMatchObject([[null, {}]]))
    expect(callsTo('GET /api/keywell/connections')).toHaveLength(lists + 1)
    expect(browser.openStreams).toBe(0)
  })
})

describe('the popup', () => {
  it('that looks closed for 1.5 s changes the choices, and ends nothing', async () => {
    const { connect, onExit } = makeButton()
    await begin(connect)
    const [popup] = browser.popups
    if (popup) popup.closed = true
    await vi.advanceTimersByTimeAsync(1_400)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: false })
    await vi.advanceTimersByTimeAsync(200)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: true })
    await vi.advanceTimersByTimeAsync(300_000)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: true })
    expect(onExit).not.toHaveBeenCalled()
    // The user was still at the provider.
    standIn.move({ status: 'connected', connection: makeConnection() })
    await reaches(connect, 'connected')
  })

  it('that looked closed for a moment changes nothing', async () => {
    const { connect } = makeButton()
    await begin(connect)
    const [popup] = browser.popups
    if (popup) popup.closed = true
    await vi.advanceTimersByTimeAsync(1_000)
    if (popup) popup.closed = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: false })
  })

  it('comes to the front on focus()', async () => {
    const { connect } = makeButton()
    await begin(connect)
    connect.focus()
    expect(browser.popups[0]?.focused).toBe(1)
  })

  it('has a name that cannot be guessed', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await begin(connect)
    const [first, second] = browser.opened
    expect(first?.name).toMatch(/^keywell_\d+_\d+$/)
    expect(second?.name).not.toBe(first?.name)
  })

  it("shows one line until the provider's page is there", () => {
    const { connect } = makeButton()
    connect.start({ waitingText: 'Connecting to GitLab …' })
    expect(browser.popups[0]?.document.body.textContent).toBe('Connecting to GitLab …')
    expect(browser.popups[0]?.document.title).toBe('Connecting to GitLab …')
  })

  it('that is closed at once counts as blocked', () => {
    browser.blockPopups = 'closed'
    const { connect } = makeButton()
    connect.start()
    expect(nameOf(connect)).toBe('blocked')
  })

  it('that is blocked stays so for an account that is connected, whose user may go on in this tab', async () => {
    standIn.connections = [makeConnection()]
    const { connect } = makeButton()
    await reaches(connect, 'connected')
    browser.blockPopups = 'null'
    connect.start({ scopes: ['read_api'] })
    expect(nameOf(connect)).toBe('blocked')
  })

  it('counts as closed for a user who returns early from a redirect', async () => {
    const { connect } = makeButton()
    connect.start({ mode: 'redirect' })
    await reaches(connect, 'waiting')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(connect.getSnapshot()).toEqual({ name: 'waiting', popupClosed: true })
  })
})

describe('watching', () => {
  const flowCalls = () => callsTo(`GET ${serviceUrl}/connect/flows/`).length

  it('reads events that arrive in pieces, between heartbeats', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await vi.waitFor(() => expect(browser.openStreams).toBe(1))
    const flow = { ...standIn.lastFlow, status: 'confirming' }
    const text = `: heartbeat\n\nevent: flow\r\ndata: ${JSON.stringify(flow)}\r\n\r\n`
    for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) standIn.write(piece)
    await reaches(connect, 'confirming')
    expect(flowCalls()).toBe(1)
  })

  it('does not poll while the stream is open', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await vi.waitFor(() => expect(browser.openStreams).toBe(1))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(flowCalls()).toBeLessThanOrEqual(2)
  })

  it('polls without a stream: after 1 s, growing to 5 s', async () => {
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

  it('polls again when the stream breaks', async () => {
    const { connect } = makeButton()
    await begin(connect)
    await vi.waitFor(() => expect(browser.openStreams).toBe(1))
    standIn.write('data: {not JSON\n\n')
    await vi.advanceTimersByTimeAsync(0)
    standIn.move({ status: 'connected', connection: makeConnection() }, { silent: true })
    await vi.advanceTimersByTimeAsync(1_100)
    expect(nameOf(connect)).toBe('connected')
  })

  it.each([
    ['the page gets the focus', () => window.dispatchEvent(new Event('focus'))],
    [
      'the page is shown again',
      () => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })),
    ],
    [
      'another window of the app sends a message',
      () => {
        const { flowId, status } = standIn.lastFlow
        const channel = new BroadcastChannel(finishChannel)
        channel.postMessage({ flowId, status })
        cleanUps.push(() => channel.close())
      },
    ],
    ['the finish page sends a message', () => postMessage(window.location.origin)],
  ])('polls at once when %s', async (_, act) => {
    standIn.streams = false
    const { connect } = makeButton()
    await begin(connect)
    await vi.advanceTimersByTimeAsync(0)
    standIn.move({ status: 'connected', connection: makeConnection() })
    act()
    await reaches(connect, 'connected')
  })

  it('takes no state from a message, and ignores those of other origins', async () => {
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
    // Forged, on the right origin: the page asks the service, whose answer counts.
    postMessage(window.location.origin)
    await vi.waitFor(() => expect(flowCalls()).toBeGreaterThan(before))
    expect(nameOf(connect)).toBe('waiting')
  })

  it.each(['network', 'html', 'unavailable', 'rate_limited', 'internal'] as const)(
    'continues after an outage (%s)',
    async (failure) => {
      standIn.streams = false
      const { connect } = makeButton()
      await begin(connect)
      browser.failures.set(`GET ${serviceUrl}`, failure)
      await vi.advanceTimersByTimeAsync(30_000)
      expect(nameOf(connect)).toBe('waiting')
      browser.failures.clear()
      standIn.move({ status: 'connected', connection: makeConnection() })
      await vi.advanceTimersByTimeAsync(5_100)
      expect(nameOf(connect)).toBe('connected')
    },
  )

  it('ends with the session, and reads the list again', async () => {
    standIn.streams = false
    const { connect, onExit } = makeButton()
    await begin(connect)
    browser.failures.set(`GET ${serviceUrl}`, 'session_expired')
    await vi.advanceTimersByTimeAsync(1_100)
    expect(nameOf(connect)).toBe('expired')
    expect(onExit.mock.calls[0]?.[0]).toMatchObject({ code: 'session_expired', retryable: true })
    expect(callsTo('GET /api/keywell/connections')).toHaveLength(2)
  })

  it('leaves no timer, listener or stream behind, and makes no further call', async () => {
    const { connect, detach } = makeButton()
    const before = vi.getTimerCount()
    await begin(connect)
    await vi.waitFor(() => expect(browser.openStreams).toBe(1))
    expect(vi.getTimerCount()).toBeGreaterThan(before)
    detach()
    expect(browser.openStreams).toBe(0)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(vi.getTimerCount()).toBe(before)
    const calls = browser.calls.length
    window.dispatchEvent(new Event('focus'))
    postMessage(window.location.origin)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(browser.calls).toHaveLength(calls)
    // The user may still finish: the popup stays open.
    expect(browser.popups[0]?.closed).toBe(false)
  })

  it('continues when it is attached again, as StrictMode does', async () => {
    const { connect, detach } = makeButton()
    await begin(connect)
    detach()
    cleanUps.push(connect.attach())
    await vi.waitFor(() => expect(browser.openStreams).toBe(1))
    standIn.move({ status: 'connected', connection: makeConnection() })
    await reaches(connect, 'connected')
  })

  function postMessage(origin: string): void {
    const { flowId, status } = standIn.lastFlow
    window.dispatchEvent(new MessageEvent('message', { origin, data: { flowId, status } }))
  }
})

/** The test's clock moves in steps of 100 ms. */
function near(ms: number): unknown {
  return expect.toSatisfy((value: number) => Math.abs(value - ms) <= 100, `about ${ms} ms`)
}
