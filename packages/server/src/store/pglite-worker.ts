import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, types } from '@electric-sql/pglite'
import type { Parameter } from './database.ts'
import { DurableFs, durableStartParams, isDurable, syncDirectory } from './durable-fs.ts'
import {
  type Message,
  opening,
  type PlainError,
  type Question,
  type WorkerOptions,
} from './pglite-protocol.ts'

/*
 * The thread in which the embedded database lives, so that a long statement does not stop the
 * server's event loop. It knows nothing of transactions: who may speak when is decided on the other
 * side of the port (pglite.ts). Imports nothing that needs a build or a condition.
 */

if (parentPort === null) throw new TypeError('This module runs in a worker thread only.')
const port = parentPort
const say = (message: Message, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

/** A whole number of 64 bits does not fit a JavaScript number: it stays text, as from a server. */
const parsers = { [types.INT8]: (text: string) => text }

/**
 * The last words of Postgres. PGlite would swallow the abort that follows, and go on with what is
 * left of the engine, or turn in a circle for ever: so the thread ends here (pglite.test.ts, "an
 * engine that died").
 */
function onStderr(line: string): boolean {
  const death = /\[\d+\] ((?:PANIC|FATAL): .*)/.exec(line) ?? /^(Aborted\(.*)/.exec(line)
  if (death === null) return false
  say({ say: 'died', reason: death[1] ?? line })
  process.exit(1) // of the thread, not of the process
}

try {
  // Written by pglite.ts, of the same version, a moment ago.
  const pglite = await open(workerData as WorkerOptions)
  pglite.onNotification((channel, payload) => say({ say: 'notified', channel, payload }))
  // PGlite answers in the order of its calls, so questions need no queue here.
  port.on('message', (question: Question) => answer(pglite, question))
  say({ say: 'opened' })
} catch (error) {
  say({ say: 'failed', id: opening, error: toPlainError(error) })
  port.close()
}

async function open({ dataDir, image, allowNonDurable }: WorkerOptions): Promise<PGlite> {
  if (dataDir === 'memory') {
    return await PGlite.create({ parsers, onStderr, ...(await imageOptions(image)) })
  }
  const data = join(dataDir, 'data')
  if (!existsSync(data)) await createData(dataDir, data, image)
  const fs = new DurableFs(data)
  const startParams = durableStartParams(PGlite.defaultStartParams)
  const pglite = await PGlite.create({ fs, startParams, parsers, onStderr })
  if (allowNonDurable || (await isDurable(pglite, fs))) return pglite
  await pglite.close()
  throw new Error(
    `The embedded database in ${dataDir} is not durable: a commit was not synced to disk, so a ` +
      'power loss would lose credentials without a word. Look for fsync or synchronous_commit in ' +
      'postgresql.conf and postgresql.auto.conf there, or use a Postgres server (DATABASE_URL), or ' +
      'accept the loss with allowNonDurable.',
  )
}

/** A folder named `data` is complete and on disk: it is built under another name, synced and renamed. */
async function createData(dataDir: string, data: string, image: string | undefined): Promise<void> {
  const unfinished = join(dataDir, 'data.new')
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  const pglite = await PGlite.create({ dataDir: unfinished, ...(await imageOptions(image)) })
  await pglite.close()
  syncTree(unfinished)
  renameSync(unfinished, data)
  syncDirectory(dataDir)
  syncDirectory(dirname(dataDir)) // the folder itself may be new
}

async function imageOptions(image: string | undefined): Promise<{ loadDataDir?: Blob }> {
  return image === undefined ? {} : { loadDataDir: new Blob([await readFile(image)]) }
}

function syncTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) syncTree(path)
    else syncFile(path)
  }
  syncDirectory(directory)
}

function syncFile(path: string): void {
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}

async function answer(pglite: PGlite, question: Question): Promise<void> {
  const { id } = question
  try {
    switch (question.ask) {
      case 'query':
        say({ say: 'answered', id, rows: await query(pglite, question.text, question.parameters) })
        break
      case 'dump': {
        await pglite.exec('checkpoint')
        const file = await pglite.dumpDataDir('gzip')
        const image = new Uint8Array(await file.arrayBuffer())
        say({ say: 'dumped', id, image }, [image.buffer])
        break
      }
      case 'close':
        await pglite.close()
        say({ say: 'closed', id })
        port.close()
        break
      default:
        question satisfies never
    }
  } catch (error) {
    say({ say: 'failed', id, error: toPlainError(error) })
  }
}

/** Text without parameters may hold several statements, as it may on a server; the last one answers. */
async function query(
  pglite: PGlite,
  text: string,
  parameters: readonly Parameter[],
): Promise<object[]> {
  if (parameters.length > 0) return (await pglite.query<object>(text, [...parameters])).rows
  const results = await pglite.exec(text)
  return results.at(-1)?.rows ?? []
}

function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) {
    return { message: String(error), stack: undefined, code: undefined, constraint: undefined }
  }
  const text = (name: string): string | undefined => {
    const value: unknown = Reflect.get(error, name)
    return typeof value === 'string' ? value : undefined
  }
  const { message, stack } = error
  return { message, stack, code: text('code'), constraint: text('constraint') }
}
