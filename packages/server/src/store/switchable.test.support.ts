import { type Database, DatabaseUnavailable, type Parameter, type Sql } from './database.ts'

/** A real database that a test can take away, or put another one in its place. */
export class SwitchableDatabase implements Database {
  /** Statements are refused while it is true, as when there is nobody to ask. */
  away = false
  /** Statements that were refused. */
  refused = 0
  inner: Database

  constructor(inner: Database) {
    this.inner = inner
  }

  get kind(): Database['kind'] {
    return this.inner.kind
  }

  async query<Row extends object>(text: string, parameters?: readonly Parameter[]): Promise<Row[]> {
    this.#check()
    return this.inner.query<Row>(text, parameters)
  }

  async transaction<Result>(
    tenantId: string,
    work: (sql: Sql) => Promise<Result>,
  ): Promise<Result> {
    this.#check()
    return this.inner.transaction(tenantId, work)
  }

  async listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    return this.inner.listen(channel, heard)
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
