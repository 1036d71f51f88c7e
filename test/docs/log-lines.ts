import type { logLines } from '@keywell/protocol/log-lines'
import { listFaults, spansIn, tableRows } from '../support/markdown.ts'

/** What the page of the log says otherwise than the schema of its lines: message, level, fields. */
export function logFaults(page: string, lines: typeof logLines): string[] {
  return listFaults(
    tableRows(page)
      .filter(([message = '']) => spansIn(message).length > 0)
      .map((cells) => cells.slice(0, 3).flatMap(spansIn).join(' ')),
    Object.entries(lines).map(([message, { level, fields }]) =>
      [
        message,
        level,
        ...Object.entries(fields.shape).map(([name, schema]) =>
          schema.safeParse(undefined).success ? `${name}?` : name,
        ),
      ].join(' '),
    ),
  )
}
