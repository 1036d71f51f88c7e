import { type Logger, scrubbed } from '@keywell/server'
import { pino } from 'pino'
import { type Out, printable } from './terminal.ts'

/**
 * One JSON line per event, without secrets, and fit for a terminal: a control character or a mark that changes
 * the direction of text is written as a JSON escape sequence, so that parsers read the same text.
 */
export function openLogger(level: string, out: Out = pino.destination(1)): Logger {
  return scrubbed(pino({ level, base: null }, printable(out)))
}
