import { formatPosition, type Position, type StreamEventData } from '@keywell/protocol'
import type { LogEntry } from './ring-buffer.ts'

/** Events as the wire has them. */

export function helloEvent(position: Position): string {
  return eventOf({ event: 'hello', position: formatPosition(position) })
}

export function flushEvent(position: Position): string {
  return eventOf({ event: 'flush', position: formatPosition(position) })
}

export function heartbeatEvent(told: { after: Position; position: Position }): string {
  const after = formatPosition(told.after)
  return eventOf({ event: 'heartbeat', after, position: formatPosition(told.position) })
}

/** What goes to every stream is written once, however many there are. */
const written = new WeakMap<LogEntry, string>()

export function changeEvent(entry: LogEntry): string {
  const known = written.get(entry)
  if (known !== undefined) return known
  const { change, after } = entry
  const { position } = change
  const text = eventOf({ event: 'change', after: formatPosition(after), position, change })
  written.set(entry, text)
  return text
}

function eventOf({ event, ...data }: StreamEventData): string {
  // JSON has no line break in it, whatever the ids are.
  return `event: ${event}\nid: ${data.position}\ndata: ${JSON.stringify(data)}\n\n`
}
