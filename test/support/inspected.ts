import type { Database, Parameter, Sql } from '../../packages/server/src/store/database.ts'
import { openPostgres } from '../../packages/server/src/store/postgres.ts'
import { schemaOwner } from '../../packages/server/src/store/scope.ts'

/** A database as the product has it, and, for what a test looks up or breaks by hand, as its owner has it. */
export interface TestDatabase extends Database, Sql {
  /** A superuser, which row security does not bind. */
  readonly owner: Database
}

/** Opens a database as the login of a service and, to look at, as the owner of its tables. */
export async function openCreated(
  { appUrl, ownerUrl }: { appUrl: string; ownerUrl: string },
  { poolSize }: { poolSize?: number } = {},
): Promise<TestDatabase> {
  const owner = await openPostgres({ url: ownerUrl, poolSize: 2 })
  const database = await openPostgres({ url: appUrl, poolSize })
  const close = async () => {
    await database.close()
    await owner.close()
  }
  return { ...inspected(database, owner), close }
}

/** Opens a database as the owner of its tables alone. */
export async function openOwner(url: string): Promise<TestDatabase> {
  const owner = await openPostgres({ url })
  return inspected(owner, owner)
}

/** An object of its own, of which a test may replace a method. */
export function inspected(database: Database, owner: Database): TestDatabase {
  return {
    kind: database.kind,
    of: (scope) => database.of(scope),
    transaction: (scope, work) => database.transaction(scope, work),
    listen: (channel, listener) => database.listen(channel, listener),
    close: () => database.close(),
    owner,
    query: owner.of(schemaOwner).query,
  }
}

/** The same, but that each statement outside of a transaction passes through `around`. */
export function withStatements(
  database: TestDatabase,
  around: <Row>(
    run: () => Promise<Row[]>,
    text: string,
    parameters: readonly Parameter[],
  ) => Promise<Row[]>,
): TestDatabase {
  return {
    ...database,
    of(scope) {
      const sql = database.of(scope)
      return {
        query: <Row extends object>(text: string, parameters: readonly Parameter[] = []) =>
          around(() => sql.query<Row>(text, parameters), text, parameters),
      }
    },
  }
}

/** The same, but that each statement inside of a transaction passes through `around`, too. */
export function withAllStatements(
  database: TestDatabase,
  around: (text: string) => Promise<void>,
): TestDatabase {
  const passing = (sql: Sql): Sql => ({
    async query(text, parameters) {
      await around(text)
      return sql.query(text, parameters)
    },
  })
  return {
    ...database,
    of: (scope) => passing(database.of(scope)),
    transaction: (scope, work) => database.transaction(scope, (sql) => work(passing(sql))),
  }
}
