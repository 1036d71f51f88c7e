import {
  changeEvents,
  formatPosition,
  type Position,
  type StreamEventClaims,
} from '@keywell/protocol'
import type { LogEntry } from './memory.ts'

/** Events as the wire has them. What goes to every stream is signed once, however many there are. */
export interface SignedEvents {
  hello(own: { stream: string | null; position: Position; at: number }): Promise<string>
  flush(own: { stream: string | null; position: Position; count: number }): Promise<string>
  change(entry: LogEntry): Promise<string>
  heartbeat(told: { after: Position; position: Position; at: number }): Promise<string>
}

export function createSignedEvents(
  sign: (event: StreamEventClaims) => Promise<string>,
): SignedEvents {
  const changes = new WeakMap<LogEntry, Promise<string>>()
  let lastHeartbeat = { key: '', event: Promise.resolve('') }

  async function event(claims: StreamEventClaims): Promise<string> {
    // A token has no line break in it, so that the data is one line whatever the ids are.
    return `event: ${claims.event}\nid: ${claims.position}\ndata: ${await sign(claims)}\n\n`
  }

  return {
    hello: ({ stream, position, at }) =>
      event({
        event: changeEvents.hello,
        stream,
        count: 0,
        position: formatPosition(position),
        at,
      }),
    flush: ({ stream, position, count }) =>
      event({ event: changeEvents.flush, stream, count, position: formatPosition(position) }),
    change(entry) {
      const known = changes.get(entry)
      if (known !== undefined) return known
      const { change } = entry
      const after = formatPosition(entry.after)
      const made = event({ event: changeEvents.change, after, position: change.position, change })
      changes.set(entry, made)
      return made
    },
    heartbeat(told) {
      const after = formatPosition(told.after)
      const position = formatPosition(told.position)
      const key = `${after} ${position} ${told.at}`
      if (lastHeartbeat.key !== key) {
        const made = event({ event: changeEvents.heartbeat, after, position, at: told.at })
        lastHeartbeat = { key, event: made }
      }
      return lastHeartbeat.event
    },
  }
}
