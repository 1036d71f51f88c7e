import { type Database, DatabaseUnavailable, type Sql } from './database.ts'
import { PostgresConnection } from './postgres-connection.ts'
import { PostgresListener } from './postgres-listener.ts'
import { requireSettings } from './postgres-settings.ts'
import { type Scope, schemaOwner } from './scope.ts'
import { Semaphore } from './semaphore.ts'
import { runStatement, runTransaction } from './transaction.ts'

const defaultPoolSize = 10
/** How long a statement waits for a free connection. */
const acquireTimeoutMs = 10_000
/** 15.0. Older ones may work; they are not tested. */
const oldestVersion = 150_000

export interface PostgresOptions {
  /**
   * `postgres://user:password@host:port/database`; `?sslmode=verify-full` for TLS. What a role or a
   * database is set to is overruled at the start, so a pooler has to let those settings pass (for
   * PgBouncer, `ignore_startup_parameters`; an error says which), and needs `?prepare=false` when it
   * pools by transaction. `?search_path=keywell` names another schema.
   */
  url: string
  /** Most connections at once; LISTEN has one more of its own. Default 10. */
  poolSize?: number | undefined
  /** Receives errors that no caller sees: a broken LISTEN. Default: they are ignored. */
  onError?: ((error: unknown) => void) | undefined
}

/**
 * Connects to a Postgres server, version 15 or later.
 *
 * @throws {DatabaseUnavailable} when there is none now; call again later
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const database = new PostgresServer(options)
  try {
    await refuseOldServer(database.of(schemaOwner))
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

async function refuseOldServer(sql: Sql): Promise<void> {
  const [row] = await sql.query<{ version: number }>(
    "select current_setting('server_version_num')::int as version",
  )
  if (row && row.version >= oldestVersion) return
  throw new Error(
    `This Postgres server is version ${row?.version}; Keywell needs 15 (${oldestVersion}) or later.`,
  )
}

class PostgresServer implements Database {
  readonly kind = 'postgres'
  readonly #url: string
  readonly #listener: PostgresListener
  /** As many permits as connections: with a permit there is an idle connection, or one may be made. */
  readonly #semaphore: Semaphore
  readonly #idle: PostgresConnection[] = []
  #closed = false

  constructor({ url, poolSize = defaultPoolSize, onError = () => {} }: PostgresOptions) {
    this.#url = url
    this.#semaphore = new Semaphore(poolSize)
    this.#listener = new PostgresListener(url, onError)
  }

  of(scope: Scope): Sql {
    return {
      query: (text, parameters) =>
        this.#connected((connection) => runStatement(connection, scope, text, parameters)),
    }
  }

  async transaction<Result>(scope: Scope, work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return await this.#connected((connection) => runTransaction(connection, scope, work))
  }

  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, listener)
  }

  /** What still runs ends by itself, and so does its connection; nothing new is begun. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([this.#listener.close(), ...this.#idle.map((idle) => idle.close())])
  }

  async #connected<Result>(
    work: (connection: PostgresConnection) => Promise<Result>,
  ): Promise<Result> {
    return await this.#semaphore.run(acquireTimeoutMs, async () => {
      const idle = this.#idleConnection()
      const connection = idle ?? new PostgresConnection({ url: this.#url })
      try {
        if (idle === undefined) await this.#requireSettings(connection)
        return await work(connection)
      } finally {
        if (this.#closed) await connection.close()
        else if (!connection.lost) this.#idle.push(connection)
      }
    })
  }

  /** A connection that is not as it has to be is of no more use: the next one may be. */
  async #requireSettings(connection: PostgresConnection): Promise<void> {
    try {
      await requireSettings(connection, this.#url)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** The one used last, so that a pool that is too large goes cold; those lost meanwhile are dropped. */
  #idleConnection(): PostgresConnection | undefined {
    if (this.#closed) throw new DatabaseUnavailable('This database was closed.')
    let connection = this.#idle.pop()
    while (connection?.lost) connection = this.#idle.pop()
    return connection
  }
}
