import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const conditions = '--conditions=@keywell/source'

/** Where a run of the tests has its copy of the sources as JavaScript, given by its environment; see `stripped.ts`. */
export const strippedVariable = 'KEYWELL_TEST_SOURCES'

/** How Node runs a file or text of this repository. */
export interface Runnable {
  /** Flags of Node. */
  flags: string[]
  /** The file, or the text. */
  main: string
}

/** How to run a TypeScript file: from the copy of this run, or, where there is none, as it is. */
export function runnable(path: string): Runnable {
  const copy = process.env[strippedVariable]
  if (copy === undefined) return { flags: ['--import', 'tsx', conditions], main: path }
  // A process that runs from the copy says where its own files are.
  const inCopy = path.startsWith(copy) ? path : `${copy}/${relative(root, path)}`
  return { flags: [conditions], main: inCopy.replace(/\.ts$/, '.js') }
}

/** The same for the text of a module, which imports from the packages, or by URLs of files. */
export function runnableText(source: string): Runnable & { cwd: string } {
  const copy = process.env[strippedVariable]
  const asText = ['--input-type=module', '--eval']
  if (copy === undefined) {
    return { flags: ['--import', 'tsx', conditions, ...asText], main: source, cwd: root }
  }
  const main = source
    .replaceAll(new URL('../../', import.meta.url).href, `file://${copy}/`)
    .replaceAll(/\.ts'/g, ".js'")
  return { flags: [conditions, ...asText], main, cwd: copy }
}
