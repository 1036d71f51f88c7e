import { readFileSync } from 'node:fs'
import { url as inspectorUrl } from 'node:inspector'

/*
 * The root key lives in the memory of this process. What a debugger, a snapshot, a report or a core
 * dump would carry off is shut here, or it is said how to shut it from outside.
 */

/** Options of Node that write memory to a file, or let others read it. */
const leaky =
  /^--(?:inspect|debug|heapsnapshot|heap-prof|abort-on-uncaught-exception|report-on-|report-uncaught|report-signal)/

export interface OwnProcess {
  report: Pick<
    NonNullable<typeof process.report>,
    'reportOnFatalError' | 'reportOnSignal' | 'reportOnUncaughtException'
  >
  env: Record<string, string | undefined>
  execArgv: readonly string[]
  on(signal: 'SIGUSR1', listener: () => void): unknown
}

/** Variables that hold a secret; once read they are deleted, and no child process gets them. */
const secretVariables = ['KEYWELL_KEY', 'DATABASE_URL', 'KEYWELL_EGRESS_PROXY'] as const

/**
 * Shuts what this process can shut by itself. Answers sentences on what only its operator can: with one
 * of them the service does not start in production.
 */
export function hardenProcess(own: OwnProcess): string[] {
  own.report.reportOnFatalError = false
  own.report.reportOnSignal = false
  own.report.reportOnUncaughtException = false
  // Without a listener Node opens its inspector for every process that may send a signal.
  own.on('SIGUSR1', () => {})
  const words = [...own.execArgv, ...(own.env.NODE_OPTIONS ?? '').split(/\s+/)]
  return [
    ...words
      .filter((word) => leaky.test(word))
      .map((word) => `Start it without ${word}, which shows memory with the root key in it.`),
    ...(inspectorUrl() === undefined ? [] : ['Its inspector is open; start it without.']),
  ]
}

/** Takes secrets out of the environment; call it when they have been read. */
export function forgetSecretVariables(own: Pick<OwnProcess, 'env'>): void {
  for (const name of secretVariables) delete own.env[name]
}

/** A sentence when a crash of this process would write its memory to a file; Node cannot change that. */
export function coreDumpWarning(
  readLimits: () => string = () => readFileSync('/proc/self/limits', 'utf8'),
): string | undefined {
  let limits: string
  try {
    limits = readLimits()
  } catch {
    return undefined // not Linux
  }
  const [, soft = '0'] = /^Max core file size\s+(\S+)/m.exec(limits) ?? []
  if (soft === '0') return undefined
  return 'A crash would write memory with the root key in it to a file: start it with ulimit -c 0, or LimitCORE=0.'
}
