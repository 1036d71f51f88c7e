import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { StartError } from './start-error.ts'

export interface ChildOptions {
  /** For people, e.g. `Keywell service`. */
  name: string
  /** Entry file, absolute. */
  main: string
  cwd: string
  env: NodeJS.ProcessEnv
  /** Receives everything that the child prints; each start truncates it. */
  logFile: string
  /** Milliseconds between SIGTERM and SIGKILL. Default: 8,000. */
  stopTimeoutMs?: number
}

export interface Child {
  readonly name: string
  /** Rejects with a `StartError` that quotes the log when the child ends without a stop. */
  readonly died: Promise<never>
  /** SIGTERM, a bounded wait, then SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): void
}

const quotedLines = 12

/** Starts a TypeScript program from source, in a process of its own. */
export function startChild(options: ChildOptions): Child {
  const { name, logFile, stopTimeoutMs = 8_000 } = options
  const running = spawnChild(options)
  let asked = false

  const exited = new Promise<string>((resolve) => {
    running.once('error', (error) => resolve(error.message))
    running.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  const died = exited.then((how) => {
    if (asked) return new Promise<never>(() => {})
    throw new StartError(`${name} stopped (${how}).\n\n${quoteLog(logFile)}`)
  })
  died.catch(() => {}) // a caller may ignore it

  return {
    name,
    died,
    async stop() {
      asked = true
      running.kill('SIGTERM')
      const timer = setTimeout(() => running.kill('SIGKILL'), stopTimeoutMs)
      await exited
      clearTimeout(timer)
    },
    kill() {
      asked = true
      running.kill('SIGKILL')
    },
  }
}

function spawnChild({ main, cwd, env, logFile }: ChildOptions): ChildProcess {
  const log = openSync(logFile, 'w', 0o600)
  const tsx = import.meta.resolve('tsx')
  const exitWithParent = import.meta.resolve('./exit-with-parent.ts')
  const flags = ['--conditions=@keywell/source', '--import', tsx, '--import', exitWithParent]
  try {
    return spawn(process.execPath, [...flags, main], {
      cwd,
      env,
      // Ctrl-C then reaches the parent alone, which stops the children in order.
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    })
  } finally {
    closeSync(log) // the child has its own
  }
}

/** A log may quote anything; the terminal shows text only. */
const controls = /(?!\n)\p{Cc}/gu

/** The last lines of a log; of structured ones the message, so that a person can read them. */
function quoteLog(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-quotedLines)
  const text = lines.map((line) => `  ${readable(line)}`.replace(controls, '')).join('\n')
  return `${text}\n\nThe whole log: ${logFile}`
}

function readable(line: string): string {
  try {
    const { msg, err, error, reason } = JSON.parse(line)
    const detail = err?.stack ?? err?.message ?? error?.message ?? error ?? reason ?? ''
    return [msg, detail].filter(Boolean).join(': ').replaceAll('\n', '\n  ') || line
  } catch {
    return line
  }
}
