import { type LogLevel, levelNumbers, logLineSchema } from '@keywell/protocol/log-lines'
import type { Logger } from '@keywell/server'

let watched = false

/** Called by the setup that looks for faults after each test. */
export function watch(): void {
  watched = true
}

/** Whether a setup does, in this copy of the module. */
export function isWatched(): boolean {
  return watched
}

/** What is wrong with lines that were written since the last look; each fails the test that runs. */
const faults: string[] = []

/** Looks at a line of a log: one JSON object that the schema of lines knows. */
export function checkLine(line: string): void {
  const parsed = logLineSchema.safeParse(jsonOf(line))
  if (!parsed.success) faults.push(`${line}: ${describe(parsed.error.issues)}`)
}

/** Lines of all that a program printed: all of them, or those of a log among what else it says. */
export function checkOutput(lines: readonly string[], { isLog }: { isLog: boolean }): void {
  for (const line of lines) {
    if (line !== '' && (isLog || line.startsWith('{"level":'))) checkLine(line)
  }
}

/** Throws once for what was found since it was asked before. */
export function requireKnownLines(): void {
  const found = faults.splice(0)
  if (found.length === 0) return
  throw new Error(
    `lines of the log that @keywell/protocol/log-lines does not know:\n${found.join('\n')}`,
  )
}

/** A logger that keeps its lines as the service would print them, and looks at each. */
export function recordingLogger(
  write: (line: string) => void,
  level: 'debug' | 'info' = 'debug',
): Logger {
  const log = (level: LogLevel) => (fields: object, msg: string) => {
    const line = JSON.stringify({ level: levelNumbers[level], time: Date.now(), ...fields, msg })
    checkLine(line)
    write(line)
  }
  return {
    debug: level === 'debug' ? log('debug') : () => {},
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    isLevelEnabled: (asked) => asked !== 'debug' || level === 'debug',
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function describe(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  return issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; ')
}
