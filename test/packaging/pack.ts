import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { readWorkspace } from '../architecture/packages.ts'
import { isAsset } from './consumer.ts'
import { run } from './run.ts'

export interface Packed {
  readonly tarball: string
  readonly files: readonly string[]
  /** Exports without types: stylesheets and the like. */
  readonly assets: readonly string[]
}

/** Packs a package as `npm publish` would, into `target`. */
export async function pack(folder: string, target: string): Promise<Packed> {
  const args = [
    'pack',
    '--json',
    '--ignore-scripts',
    '--loglevel=error',
    '--pack-destination',
    target,
  ]
  const { code, output } = await run('npm', args, folder)
  if (code !== 0) throw new Error(output)
  // The shape that `npm pack --json` documents; npm 12 may key it by the package's name.
  const answer = JSON.parse(output) as PackAnswer | Record<string, PackAnswer[number]>
  const [packed] = Object.values(answer)
  if (packed === undefined) throw new Error(`npm packed nothing: ${output}`)
  const { exports = {} } = readWorkspace(folder, '.').manifest
  return {
    tarball: join(target, packed.filename),
    files: packed.files.map(({ path }) => path),
    assets: Object.keys(exports).filter((key) => isAsset(exports[key])),
  }
}
type PackAnswer = { filename: string; files: { path: string }[] }[]

/** What would hurt a consumer of the packed package; empty when nothing would. */
export async function packFaults(
  packed: Packed,
  entry: 'index' | 'main' = 'index',
): Promise<string[]> {
  return [
    ...contentFaults(packed.files, entry),
    ...(await publintFaults(packed.tarball)),
    // Nothing is imported from a program.
    ...(entry === 'index' ? await typeFaults(packed) : []),
  ]
}

/** Source maps and our own condition point at `src`, so it is published too, but no test is. `registry` is for shadcn. */
export function contentFaults(files: readonly string[], entry = 'index'): string[] {
  const built = [`src/${entry}.ts`, `dist/${entry}.js`, `dist/${entry}.d.ts`]
  const needed = ['package.json', 'README.md', ...built]
  const missing = needed.filter((file) => !files.includes(file)).map((file) => `lacks ${file}`)
  const surplus = files
    .filter(
      (file) =>
        !/^(dist|src)\/|^registry\/[\w-]+\.json$|^(package\.json|README\.md|LICENSE)$/.test(file),
    )
    .concat(
      files.filter((file) => /\.test(-d)?\.|\.tsbuildinfo$|\/(testing|fixtures)\//.test(file)),
    )
    .map((file) => `publishes ${file}`)
  return [...missing, ...surplus]
}

/** Do the manifest's promises hold? */
async function publintFaults(tarball: string): Promise<string[]> {
  const bytes = await readFile(tarball)
  // A Buffer may be a window on a larger pool; publint wants the bytes of this file alone.
  const exact = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: exact } })
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`)
}

/** Do the types say what the code does, for every way of resolving a module? */
async function typeFaults({ tarball, assets }: Packed): Promise<string[]> {
  const args = [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']
  if (assets.length > 0) args.push('--exclude-entrypoints', ...assets)
  const { code, output } = await run('attw', args, dirname(tarball))
  return code === 0 ? [] : [`attw: ${output.trim()}`]
}
