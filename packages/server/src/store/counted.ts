import { type Database, DatabaseUnavailable } from './database.ts'

/** The same database; tells when there is nobody to ask, once for each statement or transaction. */
export function countUnavailable(database: Database, unavailable: () => void): Database {
  function tellAndThrow(error: unknown): never {
    if (error instanceof DatabaseUnavailable) unavailable()
    throw error
  }
  return {
    kind: database.kind,
    of(scope) {
      const sql = database.of(scope)
      return { query: (text, parameters) => sql.query<never>(text, parameters).catch(tellAndThrow) }
    },
    transaction: (scope, work) => database.transaction(scope, work).catch(tellAndThrow),
    listen: (channel, heard) => database.listen(channel, heard).catch(tellAndThrow),
    close: () => database.close(),
  }
}
