import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { type Database, DatabaseUnavailable, type Parameter, type Sql } from './database.ts'
import type { Scope } from './scope.ts'

/** A real database that a test can take away, or put another one in its place. */
export class SwitchableDatabase implements TestDatabase {
  /** Statements are refused while it is true, as when no server answers. */
  away = false
  /** Statements that were refused. */
  refused = 0
  inner: TestDatabase

  constructor(inner: TestDatabase) {
    this.inner = inner
  }

  get owner(): Database {
    return this.inner.owner
  }

  get kind(): Database['kind'] {
    return this.inner.kind
  }

  /** As its owner, who can always look. */
  query<Row extends object>(text: string, parameters?: readonly Parameter[]): Promise<Row[]> {
    return this.inner.query<Row>(text, parameters)
  }

  of(scope: Scope): Sql {
    return {
      query: async (text, parameters) => {
        this.#check()
        return this.inner.of(scope).query(text, parameters)
      },
    }
  }

  async transaction<Result>(scope: Scope, work: (sql: Sql) => Promise<Result>): Promise<Result> {
    this.#check()
    return this.inner.transaction(scope, work)
  }

  async listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>> {
    return this.inner.listen(channel, listener)
  }

  async close(): Promise<void> {
    await this.inner.close()
  }

  #check(): void {
    if (!this.away) return
    this.refused += 1
    throw new DatabaseUnavailable('away')
  }
}
