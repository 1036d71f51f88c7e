/** What has been tried, and the table of it on the page about agents. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root, run } from '../packaging/run.ts'
import { frameworks } from './table.ts'

export interface Tried {
  readonly framework: string
  readonly library: string
  readonly version: string
  /** Version of Node. */
  readonly node: string
}

export const triedFile: string = join(import.meta.dirname, 'tried.json')
export const page: string = join(root, 'apps/docs/guide/agents.md')

/** One row for each framework; `page` has it, formatted. */
export function rowsOf(tried: readonly Tried[]): string[][] {
  const names = [...new Set(tried.map(({ framework }) => framework))]
  return names.map((name) => {
    const own = tried.filter(({ framework }) => framework === name)
    const [first] = own
    const versions = own.map(({ version, node }) => `${version} on Node ${node}`)
    return [name, `\`${first?.library}\``, versions.join(', ')]
  })
}

/** Puts what was tried now in place of what is written of the same frameworks, in the file and on the page. */
export async function writeTried(now: readonly Tried[]): Promise<void> {
  // Written by this function.
  const before = JSON.parse(await readFile(triedFile, 'utf8')) as Tried[]
  const tried = frameworks.flatMap(({ name }) => {
    const own = ({ framework }: Tried) => framework === name
    return now.some(own) ? now.filter(own) : before.filter(own)
  })
  await writeFile(triedFile, `${JSON.stringify(tried, null, 2)}\n`)
  const lines = (await readFile(page, 'utf8')).split('\n')
  const start = lines.findIndex((line) => /^\| framework +\| library/.test(line)) + 2
  if (start < 2) throw new Error(`${page} has no table of what was tried`)
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  const rows = rowsOf(tried).map((cells) => `| ${cells.join(' | ')} |`)
  lines.splice(start, length, ...rows)
  await writeFile(page, lines.join('\n'))
  await run('biome', ['format', '--write', page], root)
}
