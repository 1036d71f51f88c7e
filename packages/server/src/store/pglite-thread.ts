import { Worker } from 'node:worker_threads'
import { DatabaseUnavailable, type Parameter, type Sql } from './database.ts'
import {
  type Message,
  opening,
  type PlainError,
  type Question,
  type WorkerOptions,
} from './pglite-protocol.ts'
import { toDatabaseError } from './sqlstate.ts'

/** Omit that keeps a union a union. */
type Unnumbered<Of> = Of extends unknown ? Omit<Of, 'id'> : never

interface Waiting {
  resolve(message: Message): void
  reject(error: unknown): void
  timer: NodeJS.Timeout
}

/** An engine that takes longer than this is stuck; it knows no timeout of its own. */
const answerTimeoutMs = 60_000
/** Room for an initdb on a slow machine. */
const openTimeoutMs = 180_000

/** The thread with the embedded database, from this side of the port: questions in, answers out. */
export class PgliteThread implements Sql {
  /** Called for each NOTIFY. */
  onNotified: (channel: string, payload: string) => void = () => {}
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = opening
  #death: DatabaseUnavailable | undefined

  /** Starts the thread, and resolves when the database in it is open. */
  static async start(options: WorkerOptions): Promise<PgliteThread> {
    const thread = new PgliteThread(startWorker(options))
    try {
      await thread.#answerTo(opening, openTimeoutMs)
      return thread
    } catch (error) {
      await thread.#worker.terminate() // before anyone else may have the folder
      throw error
    }
  }

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: Message) => this.#receive(message))
    worker.on('error', (error) => this.#die('failed', error))
    worker.on('exit', () => this.#die('has ended'))
  }

  async query<Row extends object>(
    text: string,
    parameters: readonly Parameter[] = [],
  ): Promise<Row[]> {
    const copies = parameters.map(copyBytes)
    const answer = await this.#ask({ ask: 'query', text, parameters: copies })
    if (answer.say !== 'answered') throw new TypeError(`unexpected answer: ${answer.say}`)
    return answer.rows as Row[] // the caller knows the columns of its own statement
  }

  /** The whole database, as an image. */
  async dump(): Promise<Uint8Array> {
    const answer = await this.#ask({ ask: 'dump' })
    if (answer.say !== 'dumped') throw new TypeError(`unexpected answer: ${answer.say}`)
    return answer.image
  }

  /** Closes the database, and waits for the thread to end. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    if (this.#death) {
      await this.#worker.terminate()
    } else {
      await this.#ask({ ask: 'close' })
      await ended
    }
  }

  async #ask(question: Unnumbered<Question>): Promise<Message> {
    if (this.#death) throw this.#death
    this.#lastId += 1
    this.#worker.postMessage({ ...question, id: this.#lastId })
    return await this.#answerTo(this.#lastId, answerTimeoutMs)
  }

  #answerTo(id: number, limitMs: number): Promise<Message> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#die(`gave no answer in ${limitMs} ms`), limitMs)
      this.#waiting.set(id, { resolve, reject, timer })
    })
  }

  #receive(message: Message): void {
    if (this.#death) return // what was asked has been answered with that
    switch (message.say) {
      case 'notified':
        this.onNotified(message.channel, message.payload)
        break
      case 'died':
        this.#die(`died: ${message.reason}`)
        break
      case 'failed':
        this.#settle(message.id).reject(toDatabaseError(toError(message.error)))
        break
      case 'opened':
        this.#settle(opening).resolve(message)
        break
      default:
        this.#settle(message.id).resolve(message)
    }
  }

  #settle(id: number): Waiting {
    const waiting = this.#waiting.get(id)
    if (!waiting) throw new TypeError(`an answer without a question: ${id}`)
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    return waiting
  }

  #die(how: string, cause?: unknown): void {
    if (this.#death) return
    this.#death = new DatabaseUnavailable(
      `The embedded database ${how}. Restart the process: what was committed is on disk.`,
      { cause },
    )
    for (const id of [...this.#waiting.keys()]) this.#settle(id).reject(this.#death)
    void this.#worker.terminate()
  }
}

/** The thread needs nothing of the environment, in which there may be a root key. */
const env = {}

/**
 * From the built package the thread is a plain module. From source it is TypeScript, for which tsx
 * has to be registered inside of the thread: a worker of Node 20 ignores `--import` (measured).
 */
function startWorker(workerData: WorkerOptions): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    // No flags of this process: of one that runs a text, `--input-type` would be refused for a file.
    const program = new URL('./pglite-worker.js', import.meta.url)
    return new Worker(program, { workerData, env, execArgv: [] })
  }
  const source = new URL('./pglite-worker.ts', import.meta.url)
  const bootstrap = `import('tsx/esm/api').then(({ register }) => {
    register()
    return import(${JSON.stringify(source.href)})
  })`
  return new Worker(bootstrap, { eval: true, workerData, env })
}

function toError({ message, stack, code, constraint }: PlainError): Error {
  const error = Object.assign(new Error(message), { code, constraint })
  if (stack !== undefined) error.stack = stack
  return error
}

/** A Buffer is a window on a pool, and crossing a port copies the whole pool, others' bytes included. */
function copyBytes(parameter: Parameter): Parameter {
  return parameter instanceof Uint8Array ? new Uint8Array(parameter) : parameter
}
