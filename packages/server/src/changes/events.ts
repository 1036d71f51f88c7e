import { formatPosition, type Position, type StreamEventData } from '@keywell/protocol'
import type { LogEntry } from './log-entry.ts'

/** The events of a stream, as text. */

export function helloEvent(position: Position): string {
  return eventOf({ event: 'hello', position: formatPosition(position) })
}

export function flushEvent(position: Position): string {
  return eventOf({ event: 'flush', position: formatPosition(position) })
}

export function heartbeatEvent(range: { after: Position; position: Position }): string {
  const after = formatPosition(range.after)
  return eventOf({ event: 'heartbeat', after, position: formatPosition(range.position) })
}

/** The text of a change is made once for all streams. */
const texts = new WeakMap<LogEntry, string>()

export function changeEvent(entry: LogEntry): string {
  const cached = texts.get(entry)
  if (cached !== undefined) return cached
  const { change, after } = entry
  const { position } = change
  const text = eventOf({ event: 'change', after: formatPosition(after), position, change })
  texts.set(entry, text)
  return text
}

function eventOf({ event, ...data }: StreamEventData): string {
  // JSON contains no line break, whatever the ids are.
  return `event: ${event}\nid: ${data.position}\ndata: ${JSON.stringify(data)}\n\n`
}
