import type { Parameter, Sql } from './database.ts'
import { appRole, workerRole } from './roles.ts'
import type { Scope } from './scope.ts'

/*
 * Both are local: they end with the transaction, so that a pooler which hands connections on by
 * transaction hands on nothing else. As one statement, since every transaction begins with it.
 */
const enter = `select set_config('role', $1, true), set_config('app.tenants', ($2::text[])::text, true)`

/**
 * Runs `work` in a transaction of the scope, on a connection that nothing else uses meanwhile. The same
 * for both drivers.
 */
export async function runTransaction<Result>(
  connection: Sql,
  scope: Scope,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const transaction = new Transaction(connection)
  try {
    await Promise.all(begin(connection, scope))
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

/**
 * Runs `work` for all tenants, inside of a transaction that names its own: for what it has to know of others in
 * order to do its own. Nothing else may run in the transaction meanwhile.
 */
export async function acrossTenants<Result>(
  sql: Sql,
  work: () => Promise<Result>,
): Promise<Result> {
  await sql.query(become, [workerRole])
  const result = await work()
  // After a failure there is nothing to go back to: the transaction is lost, and the role with it.
  await sql.query(become, [appRole])
  return result
}

const become = `select set_config('role', $1, true)`

/**
 * Runs one statement in a transaction of the scope, all of it sent at once: what comes after a failure
 * fails with it, and the commit of a failed transaction is a rollback.
 */
export async function runStatement<Row extends object>(
  connection: Sql,
  scope: Scope,
  text: string,
  parameters?: readonly Parameter[],
): Promise<Row[]> {
  const begun = begin(connection, scope)
  const statement = connection.query<Row>(text, parameters)
  const steps = await Promise.allSettled([...begun, statement, connection.query('commit')])
  const failed = steps.find((step) => step.status === 'rejected')
  if (failed) throw failed.reason
  return statement
}

function begin(connection: Sql, scope: Scope): Promise<unknown>[] {
  const begun = connection.query('begin')
  const who = roleAndTenants(scope)
  return who === 'as we are' ? [begun] : [begun, connection.query(enter, who)]
}

function roleAndTenants(scope: Scope): readonly [string, readonly string[]] | 'as we are' {
  if (typeof scope === 'string') return [appRole, [scope]]
  if (!('wide' in scope)) return [appRole, scope]
  switch (scope.wide) {
    case 'every tenant':
      return [workerRole, []]
    case 'schema owner':
      return 'as we are'
    default:
      throw new TypeError(`no such scope: ${scope.wide satisfies never}`)
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
