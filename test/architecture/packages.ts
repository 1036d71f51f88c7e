/**
 * Which package may import which: the table of the architecture, as data, and its two readers.
 */
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Fault, importsOf, isTest, type SourceFile } from './source.ts'

interface Row {
  /** Packages of ours. */
  readonly ours: readonly string[]
  /** Packages of others, when they are limited too; else whatever the package declares. */
  readonly others?: readonly string[]
  /** Packages of ours that must leave no trace at run time, but for exports that bring nothing along. */
  readonly typesOnly?: readonly string[]
  readonly exceptions?: readonly string[]
}

const packages = ['protocol', 'providers', 'tools', 'server', 'sdk', 'react', 'cli'] as const

const table: Record<(typeof packages)[number], Row> = {
  protocol: { ours: [], others: ['zod'] },
  providers: { ours: ['protocol'], others: ['re2js'] },
  tools: { ours: ['protocol', 'providers'] },
  server: { ours: ['protocol', 'providers', 'tools'] },
  sdk: { ours: ['protocol'] },
  react: {
    ours: ['protocol', 'providers'],
    typesOnly: ['protocol', 'providers'],
    exceptions: [
      '@keywell/protocol/scope-choice',
      '@keywell/protocol/scope-plan',
      '@keywell/providers/german',
      '@keywell/providers/titles',
    ],
  },
  cli: { ours: ['protocol', 'providers', 'sdk', 'tools', 'server'] },
}
const appRow: Row = { ours: packages }

/** Test support makes databases and sealed records, and may reach for what the server keeps to itself there. */
const serverSupport = {
  from: 'test/support/',
  to: [
    'packages/server/src/store/',
    'packages/server/src/vault/',
    'packages/server/src/credentials/token-box.ts',
    'packages/server/src/oauth/token-set.ts',
  ],
}

/** A workspace as its `package.json` describes it. */
export interface Workspace {
  /** `packages/sdk`, `apps/demo`. */
  readonly folder: string
  readonly manifest: Manifest
}

export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Reads the `package.json` of a folder. */
export function readWorkspace(root: string, folder: string): Workspace {
  // Our own files, held by npm and by the packaging test; a wrong shape fails there.
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
  return { folder, manifest }
}

/** Every `package.json` declares only what the table allows, in exact versions. */
export function manifestFaults(workspaces: readonly Workspace[]): Fault[] {
  return workspaces.flatMap(({ folder, manifest }) => {
    const path = `${folder}/package.json`
    const { dependencies = {}, devDependencies = {} } = manifest
    const forbidden = Object.keys(dependencies)
      .filter((name) => !allowed(rowOf(folder), name))
      .map((name) => ({ path, message: `may not depend on ${name}` }))
    const loose = Object.entries({ ...dependencies, ...devDependencies })
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => ({ path, message: `${name} ${version} is not an exact version` }))
    return [...forbidden, ...loose]
  })
}

/** Every import of every file stays inside the table, and inside what the other package exports. */
export function importFaults(
  files: readonly SourceFile[],
  workspaces: readonly Workspace[],
): Fault[] {
  const exported = new Set(workspaces.flatMap(publicNames))
  return files.flatMap((file) =>
    importsOf(file)
      .map(({ specifier, typeOnly }) => ({
        path: file.path,
        message: specifier.startsWith('.')
          ? refuseRelative(file.path, specifier)
          : refusePackage(file.path, specifier, typeOnly, exported),
      }))
      .filter((fault): fault is Fault => fault.message !== undefined),
  )
}

function publicNames({ manifest }: Workspace): string[] {
  return Object.keys(manifest.exports ?? {}).map((key) => posix.join(manifest.name, key))
}

/** A relative import stays in its own workspace; a test may also use `test/support`, and compare with the pages; those in `test` run their examples. */
function refuseRelative(path: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  const home = folderOf(path)
  if (target.startsWith(`${home}/`)) return undefined
  if (isTest(path) && /^test\/(support|docs)\//.test(target)) return undefined
  if (home === 'test' && target.startsWith('apps/docs/examples/')) return undefined
  const { from, to } = serverSupport
  if (path.startsWith(from) && to.some((folder) => target.startsWith(folder))) return undefined
  return `reaches out of ${home} with ${specifier}`
}

function refusePackage(
  path: string,
  specifier: string,
  typeOnly: boolean,
  exported: ReadonlySet<string>,
): string | undefined {
  if (specifier === '<computed>') return 'imports something that cannot be read from the source'
  if (specifier.startsWith('node:')) return undefined
  const isOurs = specifier.startsWith('@keywell/')
  if (isOurs && !exported.has(specifier)) return `${specifier} is not a public export`

  const folder = folderOf(path)
  if (folder === 'test' || isTest(path)) return undefined
  const row = rowOf(folder)
  const name = packageName(specifier)
  if (!allowed(row, name)) return `${folder} may not import ${name}`
  if (row.exceptions?.includes(specifier)) return undefined
  const leavesTrace = isOurs && !typeOnly && row.typesOnly?.includes(name.slice('@keywell/'.length))
  return leavesTrace ? `${folder} may import ${name} by "import type" only` : undefined
}

function allowed(row: Row, name: string): boolean {
  if (name.startsWith('@keywell/')) return row.ours.includes(name.slice('@keywell/'.length))
  return row.others?.includes(name) ?? true
}

function rowOf(folder: string): Row {
  const [kind, name] = folder.split('/')
  if (kind === 'apps') return appRow
  const known = packages.find((each) => each === name)
  if (known === undefined) throw new Error(`${folder} is not in the import table`)
  return table[known]
}

/** `packages/sdk/src/x.ts` -> `packages/sdk`; everything below `test` -> `test`. */
function folderOf(path: string): string {
  const [kind = '', name = ''] = path.split('/')
  return kind === 'test' ? 'test' : `${kind}/${name}`
}

/** `@scope/name/sub/path` -> `@scope/name`. */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
