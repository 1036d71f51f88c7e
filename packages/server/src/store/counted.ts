import { type Database, DatabaseUnavailable } from './database.ts'

/** The same database; calls `unavailable` for each call that fails with `DatabaseUnavailable`. */
export function countUnavailable(database: Database, unavailable: () => void): Database {
  function countAndThrow(error: unknown): never {
    if (error instanceof DatabaseUnavailable) unavailable()
    throw error
  }
  return {
    kind: database.kind,
    of(scope) {
      const sql = database.of(scope)
      return {
        query: (text, parameters) => sql.query<never>(text, parameters).catch(countAndThrow),
      }
    },
    transaction: (scope, work) => database.transaction(scope, work).catch(countAndThrow),
    listen: (channel, listener) => database.listen(channel, listener).catch(countAndThrow),
    close: () => database.close(),
  }
}
