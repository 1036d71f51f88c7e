import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { runnableText } from './runnable.ts'

/** A process of its own that runs TypeScript, for tests of what happens between processes. */
export interface Child {
  process: ChildProcess
  /** The next line that it printed; undefined when it has ended. */
  nextLine(): Promise<string | undefined>
  /** Its exit code (null after a signal), and all that it wrote to stderr. */
  ended: Promise<{ code: number | null; errors: string }>
}

/** Runs the text of a module; imports are resolved from the root, `import.meta.url` is not set. */
export function runModule(source: string): Child {
  const { flags, main, cwd } = runnableText(source)
  const child = spawn(process.execPath, [...flags, main], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    nextLine: async () => (await lines.next()).value,
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, errors }))),
  }
}
