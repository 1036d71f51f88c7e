import type { Scope } from './scope.ts'

/** What a statement may be given; arrays become Postgres arrays. */
export type Parameter =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | null
  | readonly string[]

/** Something that runs one statement, in the scope that it was made for. */
export interface Sql {
  /**
   * Runs one statement with `$1`, `$2` … bound to `parameters`. Text is never glued into a query.
   *
   * Types on the way back, the same for both drivers: `timestamptz` is `Date`, `int` is `number`,
   * `bigint` and `xid8` are `string`, `bytea` is `Uint8Array`, `jsonb` is parsed, `text[]` is an array.
   */
  query<Row extends object>(text: string, parameters?: readonly Parameter[]): Promise<Row[]>
}

/**
 * Postgres, as the engine needs it. Two drivers: a server (`openPostgres`) and the embedded one
 * (`openPglite`). Both throw `DatabaseUnavailable` when no database answers.
 *
 * There is no statement without a scope, which the database itself holds it to.
 */
export interface Database {
  readonly kind: 'postgres' | 'pglite'
  /** Runs each statement in a transaction of its own. */
  of(scope: Scope): Sql
  /** Runs `work` in one transaction. Commits when `work` resolves, rolls back when it throws. */
  transaction<Result>(scope: Scope, work: (sql: Sql) => Promise<Result>): Promise<Result>
  /**
   * Calls `listener` with the payload of each NOTIFY on the channel. Only a wake-up: notifications may be
   * lost, so that a caller polls too.
   */
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** The database cannot be reached, or went away under a statement. Nothing is known of its outcome. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
}

/** A unique constraint said no. Thrown by both drivers, so that a race has one shape. */
export class UniqueViolation extends Error {
  override readonly name = 'UniqueViolation'
}
