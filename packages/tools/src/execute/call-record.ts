/** What the audit log keeps of a call. */
import { createHash } from 'node:crypto'
import type { ToolDefinition } from '../definition.ts'
import type { Arguments } from '../read-arguments.ts'
import type { CallRecord } from './ports.ts'
import { oneLine } from './quote.ts'

/** SHA-256 of tool and arguments, in hex. The order of fields makes no difference. */
export function argumentsHash(tool: string, given: Arguments): string {
  return createHash('sha256')
    .update(JSON.stringify([tool, sorted(given)]))
    .digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  // As pairs: an object would put names that are numbers first, and `__proto__` nowhere.
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => ({ name, value: sorted(each) }))
}

/** Longest value that the audit log has of a place, in characters. */
const maxTargetChars = 200

/** What a call is about, by argument: a place, what is below it, and where in it. Its other values are in no log. */
export function targetOf({ parameters }: ToolDefinition, given: Arguments): CallRecord['target'] {
  const named = parameters.filter(
    (each) => (each.in === 'path' || each.place || each.locates) && !each.secret,
  )
  return Object.fromEntries(
    named.flatMap(({ name }) =>
      given[name] === undefined ? [] : [[name, oneLine(String(given[name]), maxTargetChars)]],
    ),
  )
}

/** Arguments without the values of secret parameters. */
export function shownArguments({ parameters }: ToolDefinition, given: Arguments): Arguments {
  const secret = new Set(parameters.filter((each) => each.secret).map(({ name }) => name))
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, secret.has(name) ? '[redacted]' : value]),
  )
}
