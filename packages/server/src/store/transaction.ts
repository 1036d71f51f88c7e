import type { Parameter, Sql } from './database.ts'

/**
 * Runs `work` in a transaction of the tenant, on a connection that nobody else uses meanwhile. The
 * same for both drivers.
 */
export async function runTransaction<Result>(
  connection: Sql,
  tenantId: string,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const transaction = new Transaction(connection)
  try {
    await Promise.all([
      connection.query('begin'),
      connection.query("select set_config('app.tenant', $1, true)", [tenantId]),
    ])
    const result = await work(transaction)
    await transaction.settle()
    await connection.query('commit')
    return result
  } catch (error) {
    transaction.end()
    // It fails only on a connection that is lost, and there the server rolls back by itself.
    await connection.query('rollback').catch(() => {})
    throw error
  }
}

/** The statements of one transaction, for as long as it is open. */
class Transaction implements Sql {
  readonly #connection: Sql
  readonly #running = new Set<Promise<unknown>>()
  #open = true
  #failure: unknown

  constructor(connection: Sql) {
    this.#connection = connection
  }

  async query<Row extends object>(text: string, parameters?: readonly Parameter[]): Promise<Row[]> {
    if (!this.#open) {
      throw new TypeError('The transaction has ended. Await each statement inside of `work`.')
    }
    const statement = this.#connection.query<Row>(text, parameters)
    this.#running.add(statement)
    try {
      return await statement
    } catch (error) {
      this.#failure ??= error
      throw error
    } finally {
      this.#running.delete(statement)
    }
  }

  /**
   * To be called before the commit. After a failed statement Postgres answers a commit with a
   * rollback, and calls it a success: so this throws that failure, even when `work` swallowed it.
   */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#running)
    this.end()
    if (this.#failure !== undefined) throw this.#failure
  }

  /** From here on no statement is taken. */
  end(): void {
    this.#open = false
  }
}
