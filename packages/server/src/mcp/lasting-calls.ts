/**
 * Calls of clients before 2026-07-28. Such a client may lose its connection and take the stream up again
 * (`Last-Event-ID`), and cancels by a message of its own: to go away is not to cancel. From 2026-07-28 on a stream is
 * over when its connection is, and that cancels the call.
 */
import { randomUUID } from 'node:crypto'
import type { After } from '../clock.ts'
import { RecordedStream } from './recorded-stream.ts'

/** For how long the end of a call can still be asked for, in milliseconds. */
const keptMs = 60_000
/** Of all calls that have ended. */
const maxKeptBytes = 32 * 1024 * 1024

/** Whose call, and how its client names it. */
export interface CallName {
  readonly tokenId: string
  /** Undefined: the client named none, so that the call cannot be cancelled. */
  readonly sessionId: string | undefined
  readonly requestId: string | number
}

export interface LastingCalls {
  begin(
    name: CallName,
    call: {
      /** Answers it, until the signal aborts. */
      send: (signal: AbortSignal) => Promise<Response>
      /** Whether the client takes an event without data. */
      isPrimed: boolean
    },
  ): Promise<Response>
  /** The rest of a stream; undefined: this token has none of that id, or has it no more. */
  resume(tokenId: string, lastEventId: string): ReadableStream<Uint8Array> | undefined
  cancel(name: CallName): void
  /** Ends all. */
  close(): void
}

interface Call {
  readonly name: CallName
  readonly stop: AbortController
  readonly stream: RecordedStream
}

export function createLastingCalls({ after }: { after: After }): LastingCalls {
  /** In the order in which they began. */
  const calls = new Map<string, Call>()

  function keep(id: string): void {
    after(keptMs, () => calls.delete(id))
    const ended = [...calls].filter(([, { stream }]) => stream.isComplete)
    let bytes = ended.reduce((sum, [, { stream }]) => sum + stream.bytes, 0)
    for (const [oldest, { stream }] of ended) {
      if (bytes <= maxKeptBytes) return
      bytes -= stream.bytes
      calls.delete(oldest)
    }
  }

  return {
    async begin(name, { send, isPrimed }) {
      const stop = new AbortController()
      const answer = await send(stop.signal)
      if (answer.body === null || !isEventStream(answer)) return answer
      const id = randomUUID()
      const stream = new RecordedStream({ id, body: answer.body, isPrimed, onEnd: () => keep(id) })
      calls.set(id, { name, stop, stream })
      return new Response(stream.after(0), answer)
    },
    resume(tokenId, lastEventId) {
      const [id = '', count = ''] = lastEventId.split('_')
      const call = calls.get(id)
      return call?.name.tokenId === tokenId ? call.stream.after(Number(count)) : undefined
    },
    cancel(name) {
      if (name.sessionId === undefined) return
      const isMeant = (call: Call) => nameOf(call.name) === nameOf(name)
      for (const { stop } of [...calls.values()].filter(isMeant)) stop.abort()
    },
    close() {
      for (const { stop } of calls.values()) stop.abort()
      calls.clear()
    },
  }
}

function nameOf({ tokenId, sessionId, requestId }: CallName): string {
  return JSON.stringify([tokenId, sessionId, requestId])
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}
