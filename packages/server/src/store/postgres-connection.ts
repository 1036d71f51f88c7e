import postgres from 'postgres'
import { DatabaseUnavailable, type Parameter, type Sql } from './database.ts'
import { inTime } from './in-time.ts'
import { explainRefusedSetting, startupSettings } from './postgres-settings.ts'
import { saysUnavailable, toDatabaseError } from './sqlstate.ts'
import { formatTextArray, parseTextArray } from './text-array.ts'

const connectTimeoutSeconds = 5
/** The server gives up first (postgres-settings.ts). Without an answer by then, it cannot be reached. */
const answerTimeoutMs = 12_000

export interface ConnectionOptions {
  url: string
  onNotified?: (channel: string, payload: string) => void
  /** Called once, when the connection is of no more use. */
  onLost?: () => void
}

/**
 * One connection to a server. It is made at the first statement; once lost, it stays lost.
 *
 * The `postgres` package has a pool and transactions, which are not used: when a server goes away
 * in the middle of one, the package writes the next statement to a socket that is null, where
 * nobody can catch that, and the process ends (measured, 3.4.9; postgres.test.ts, "in the middle of a
 * transaction"). Of a connection that only ever does one thing, we know when it is lost.
 */
export class PostgresConnection implements Sql {
  readonly #client: postgres.Sql
  readonly #onLost: () => void
  #loss: DatabaseUnavailable | undefined

  constructor({ url, onNotified = () => {}, onLost = () => {} }: ConnectionOptions) {
    this.#onLost = onLost
    this.#client = makeClient(url, onNotified, () => this.#lose('The connection was closed.'))
  }

  get lost(): boolean {
    return this.#loss !== undefined
  }

  async query<Row extends object>(
    text: string,
    parameters: readonly Parameter[] = [],
  ): Promise<Row[]> {
    if (this.#loss) throw this.#loss
    try {
      // Its types know neither bigint nor an array of strings as a parameter; it takes both.
      const given = [...parameters] as postgres.SerializableParameter[]
      const answer = this.#client.unsafe<Row[]>(text, given, { prepare: true })
      return lastResult(await inTime(answerTimeoutMs, answer))
    } catch (error) {
      // An ERROR is the answer of a server that is well; FATAL and the errors of a socket are not.
      const fatal = !(error instanceof postgres.PostgresError && error.severity === 'ERROR')
      if (fatal && saysUnavailable(error)) this.#lose('The connection was lost.', error)
      throw explainRefusedSetting(toDatabaseError(error))
    }
  }

  /** Ends the connection, even in the middle of a statement. */
  async close(): Promise<void> {
    this.#lose('The connection was closed.')
    await this.#client.end({ timeout: 0 })
  }

  #lose(message: string, cause?: unknown): void {
    if (this.#loss) return
    this.#loss = new DatabaseUnavailable(message, { cause })
    // Or the package would connect again by itself, and run half of a transaction outside of it.
    this.#client.end({ timeout: 0 }).catch(() => {})
    this.#onLost()
  }
}

function makeClient(
  url: string,
  onnotify: (channel: string, payload: string) => void,
  onclose: () => void,
): postgres.Sql {
  const events = { onnotify, onclose } // the first is not in the types; `sql.listen` is built on it
  return postgres(url, {
    ...events,
    max: 1,
    max_lifetime: null, // it would end the connection between two statements of a transaction
    connect_timeout: connectTimeoutSeconds,
    connection: startupSettings,
    types,
    fetch_types: false, // see text-array.ts
    onnotice: () => {}, // or it writes them to the console
  })
}

/** bigint and xid8 need no entry: what has no parser stays text. */
const types = {
  bytea: {
    to: 17,
    from: [17],
    serialize: (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`,
    // A copy, because a Buffer is a window on a pool that other secrets pass through.
    parse: (text: string) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  },
  // Callers pass JSON as text. The package's own serialiser would quote it once more.
  json: { to: 114, from: [114, 3802], serialize: (text: string) => text, parse: JSON.parse },
  textArray: { to: 1009, from: [1009], serialize: formatTextArray, parse: parseTextArray },
}

/** Text without parameters may hold several statements; then there are several results in one. */
function lastResult<Row extends object>(answer: readonly Row[]): Row[] {
  const last = answer.at(-1)
  return Array.isArray(last) ? [...last] : [...answer]
}
