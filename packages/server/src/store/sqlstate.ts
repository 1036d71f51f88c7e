import { KeywellError } from '@keywell/protocol'
import { DatabaseUnavailable, UniqueViolation } from './database.ts'

/**
 * What makes a failed statement mean "the database is unavailable": the connection broke, the server is
 * starting or stopping, is full, or gave up waiting. Five characters are an SQLSTATE or, cut to two,
 * its class; the rest are the codes of Node and of the `postgres` package.
 */
const unavailable = new Set([
  '08', // connection exception
  '53', // out of connections, memory or disk
  '57', // terminated, shutting down, starting up, statement timeout
  '58', // the server's own disk failed
  '25P03', // the server closed a transaction that was left idle
  '25006', // a standby answered: a failover is under way
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the server's socket file is not there
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ETIMEDOUT',
])

/** Whether the error says that the database cannot be asked, as opposed to an answer of its own. */
export function saysUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true
  const code = field(error, 'code')
  if (code === undefined) return false
  return unavailable.has(code) || (code.length === 5 && unavailable.has(code.slice(0, 2)))
}

/** The one mapping from a driver's error to ours; what is neither of the two comes back as it is. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable || error instanceof UniqueViolation) return error
  // Of a trigger that guards every table of a tenant, so that it has one meaning wherever it comes up.
  if (field(error, 'code') === 'KW410') {
    return new KeywellError('tenant_erased', 'This tenant is being erased, or was.', {
      cause: error,
    })
  }
  if (saysUnavailable(error)) {
    return new DatabaseUnavailable(`The database cannot be asked: ${messageOf(error)}`, {
      cause: error,
    })
  }
  if (field(error, 'code') === '23505') {
    const constraint = field(error, 'constraint_name') ?? field(error, 'constraint')
    return new UniqueViolation(`The row exists already: ${constraint ?? 'unique constraint'}`, {
      cause: error,
    })
  }
  return error
}

/** The SQLSTATE of an answer of Postgres. */
export function codeOf(error: unknown): string | undefined {
  return field(error, 'code')
}

/** The text of whatever was thrown; an AggregateError (two addresses, both refused) has none itself. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}

function field(error: unknown, name: string): string | undefined {
  if (typeof error !== 'object' || error === null || !(name in error)) return undefined
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' ? value : undefined
}
