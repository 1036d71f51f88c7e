import type { Parameter } from './database.ts'

/** What the thread with the embedded database is started with. */
export interface WorkerOptions {
  /** Folder of the data, or `memory`. */
  dataDir: string
  /** Path of a baked image that a new database starts from. */
  image: string | undefined
  allowNonDurable: boolean
}

/** One question to the thread. It answers each once, in the order they were asked. */
export type Question =
  | { id: number; ask: 'query'; text: string; parameters: readonly Parameter[] }
  | { id: number; ask: 'dump' }
  | { id: number; ask: 'close' }

/** What the thread says. The first is `opened`, or `failed` with the id `opening`. */
export type Message =
  | { say: 'opened' }
  | { say: 'answered'; id: number; rows: object[] }
  | { say: 'dumped'; id: number; image: Uint8Array<ArrayBuffer> }
  | { say: 'closed'; id: number }
  | { say: 'failed'; id: number; error: PlainError }
  | { say: 'died'; reason: string }
  | { say: 'notified'; channel: string; payload: string }

/** The id of the failure that says that the database could not be opened. */
export const opening = 0

/** An error as it crosses between threads: structured clone would drop its fields. */
export interface PlainError {
  message: string
  stack: string | undefined
  /** SQLSTATE, or Node's code. */
  code: string | undefined
  constraint: string | undefined
}
