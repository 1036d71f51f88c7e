import { DatabaseUnavailable, type Sql } from './database.ts'

/*
 * What a role, a database or the server may set is overruled at the start of every connection: how values
 * are written as text, which we parse, and what a statement or a transaction does. What DATABASE_URL says
 * (`?search_path=keywell`) is the operator's choice, and counts.
 */

/** Wrong values here change what we read or write, so a connection without them is of no use. */
const decisive = {
  array_nulls: 'on',
  bytea_output: 'hex',
  DateStyle: 'ISO, MDY',
  default_transaction_deferrable: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  extra_float_digits: '1',
  IntervalStyle: 'postgres',
  row_security: 'on',
  search_path: '"$user", public',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
} as const

/**
 * Sent, and no reason to refuse a connection: where a pooler drops these, statements and connections end at
 * another time, and times are written in another zone, which they name.
 */
const lesser = {
  TimeZone: 'UTC',
  /** The server ends a statement that takes longer; in milliseconds, as all of these. */
  statement_timeout: '10000',
  /** The server closes a transaction whose process has gone quiet. */
  idle_in_transaction_session_timeout: '15000',
  /** None: the one of statements counts. */
  lock_timeout: '0',
  /** None: the pool keeps connections, and LISTEN waits. */
  idle_session_timeout: '0',
} as const

/** Sent when a connection is made. `client_encoding` is among what the driver sends by itself. */
export const startupSettings: Readonly<Record<string, string>> = {
  application_name: 'keywell',
  ...lesser,
  ...decisive,
}

/** `session_replication_role` takes a superuser, so it is only checked: without triggers nothing guards the log. */
const required: Readonly<Record<string, string>> = {
  ...decisive,
  session_replication_role: 'origin',
}

/** A session has a setting that makes it unsafe to go on. The message names it, and what lifts it. */
class SettingRefused extends Error {
  override readonly name = 'SettingRefused'
}

/**
 * Looks whether a new connection has what it needs: a pooler may have dropped what was sent.
 *
 * @throws {SettingRefused}
 */
export async function requireSettings(sql: Sql, url: string): Promise<void> {
  const asked = new Set([...new URL(url).searchParams.keys()].map((name) => name.toLowerCase()))
  const names = Object.keys(required).filter((name) => !asked.has(name.toLowerCase()))
  const rows = await sql.query<{ name: string; setting: string }>(
    `select name, current_setting(name) as setting from unnest(($1::text[])::text[]) as name`,
    [names],
  )
  const wrong = rows.find(({ name, setting }) => setting !== required[name])
  if (wrong === undefined) return
  const { name, setting } = wrong
  throw new SettingRefused(
    `On this Postgres connection ${name} is "${setting}" and has to be "${required[name]}". Run as an ` +
      `administrator: alter role … set ${name} = '${required[name]}' for the login of DATABASE_URL (or reset it ` +
      'for the role and the database); where a pooler stands in between, let it pass this setting on.',
  )
}

/** A pooler that takes only what it knows refuses the connection: says what to write into its configuration. */
export function explainRefusedSetting(error: unknown): unknown {
  const message = error instanceof Error ? error.message : ''
  if (!/unsupported startup parameter/i.test(message)) return error
  const names = Object.keys(startupSettings).filter((name) => name !== 'application_name')
  return new DatabaseUnavailable(
    `The pooler in front of Postgres refuses a setting (${message}). Let it pass: in pgbouncer.ini, ` +
      `ignore_startup_parameters = ${names.join(', ')}`,
    { cause: error },
  )
}
