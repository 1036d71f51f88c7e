import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

/** The root of the repository. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Outcome {
  /** The exit code; 1 when a signal ended it. */
  readonly code: number
  /** Standard output and standard error, in the order in which they came, without colours. */
  readonly output: string
}

/**
 * Runs a command to its end, without a shell; it finds the tools of this repository by name.
 * A failing command is an outcome, not an exception.
 */
export function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const keep = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code: code ?? 1, output: stripVTControlCharacters(output) }),
    )
  })
}
