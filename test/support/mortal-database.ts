import { type Database, DatabaseUnavailable, type Sql } from '@keywell/server'

/**
 * A database for a process that is killed at a step: after so many statements nothing reaches it any more,
 * and a transaction that was open is rolled back. A commit is a step, too: it may have been the last thing
 * that happened.
 */
export function mortal(database: Database, steps: number): Database & { readonly died: boolean } {
  let left = steps
  let died = false
  function live(): void {
    if (left === 0) {
      died = true
      throw new DatabaseUnavailable('killed')
    }
    left -= 1
  }
  const mortalSql = (sql: Sql): Sql => ({
    async query(text, parameters) {
      live()
      return await sql.query(text, parameters)
    },
  })
  return {
    kind: database.kind,
    get died() {
      return died
    },
    of: (scope) => mortalSql(database.of(scope)),
    async transaction(scope, work) {
      const result = await database.transaction(scope, (sql) => work(mortalSql(sql)))
      live()
      return result
    },
    listen: (channel, listener) => database.listen(channel, listener),
    close: async () => {},
  }
}
