/** The requests of one execution: counted, within one deadline, and within the window of its connection. */
import { withoutSecrets } from '../answer/withhold.ts'
import type { Look } from '../provider-tools.ts'
import type { ToolPolicy, ToolPorts } from './ports.ts'
import { SendFailure, type SendRequest, type SentAnswer, type ToolConnection } from './ports.ts'
import { pauseOf } from './provider-limits.ts'

export interface SenderOptions {
  readonly ports: ToolPorts
  readonly connection: ToolConnection
  readonly policy: ToolPolicy
  /** Of all requests together. */
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

export interface Usage {
  readonly requests: number
  readonly providerMs: number
  readonly bytesOut: number
  readonly bytesIn: number
}

/** The rest is the same for all requests of a call. */
export type Wanted = Omit<SendRequest, 'timeoutMs' | 'signal' | 'followsMoves'>

export interface Sender {
  usage(): Usage
  /** Milliseconds until there is a place in the window, or 0: then it is taken, for one request. */
  takePlace(): number
  /** @throws SendFailure */
  send(request: Wanted): Promise<SentAnswer>
  /** Time that is left, in milliseconds. */
  leftMs(): number
  /** A read beside the call, if there is a place for it. */
  readonly look: Look
}

/** Of a read beside the call, in milliseconds and bytes. */
const lookTimeoutMs = 2_000
const maxLookBytes = 1_048_576

export function createSender(options: SenderOptions): Sender {
  const { ports, connection, policy, timeoutMs, signal } = options
  const endsAt = ports.now() + timeoutMs
  const usage = { requests: 0, providerMs: 0, bytesOut: 0, bytesIn: 0 }
  const leftMs = () => Math.max(0, endsAt - ports.now())
  const takePlace = () => ports.takePlace(connection, policy)

  const hasAllPlaces = Object.keys(policy.places).length === 0

  async function sendWithin(
    request: Wanted,
    mostMs: number,
    followsMoves = hasAllPlaces,
  ): Promise<SentAnswer> {
    const within = Math.min(leftMs(), mostMs)
    if (within === 0) throw new SendFailure('timed_out', 'The time of the call is over', false)
    const startedAt = ports.now()
    usage.requests += 1
    usage.bytesOut += bytesOf(request.body)
    try {
      const answer = await ports.send(connection, {
        ...request,
        timeoutMs: within,
        followsMoves,
        signal,
      })
      usage.bytesIn += answer.body.length
      const pauseMs = pauseOf(answer, ports.now())
      if (pauseMs > 0) ports.pause(connection, pauseMs)
      return answer
    } finally {
      usage.providerMs += ports.now() - startedAt
    }
  }

  const look: Look = async ({ path, method = 'GET', query = '', body }, asksForPlace) => {
    if (takePlace() > 0) return undefined
    const bounds = { accept: 'json', maxBytes: maxLookBytes } as const
    try {
      const request = { method, path, query, body, ...bounds }
      return jsonOf(await sendWithin(request, lookTimeoutMs, asksForPlace || hasAllPlaces))
    } catch (error) {
      // What it was for fails by itself, and says more.
      if (error instanceof SendFailure) return undefined
      throw error
    }
  }

  const send: Sender['send'] = (request) => sendWithin(request, timeoutMs)
  return { usage: () => ({ ...usage }), takePlace, send, leftMs, look }
}

function bytesOf(body: unknown): number {
  return body === undefined ? 0 : new TextEncoder().encode(JSON.stringify(body)).length
}

function jsonOf({ status, body, isCut, secrets }: SentAnswer): unknown {
  if (status < 200 || status > 299 || isCut) return undefined
  try {
    return JSON.parse(withoutSecrets(new TextDecoder().decode(body), secrets))
  } catch {
    return undefined
  }
}
