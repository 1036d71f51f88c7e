/** Which module may import which inside `packages/server/src`, and which may reach the network. */
import { posix } from 'node:path'
import { type Fault, importsOf, isTest, type SourceFile, visit } from './source.ts'

const home = 'packages/server/src/'

/** From the top down. A folder may import from every lower line, and from its own down to `oauth`. */
const layers: readonly (readonly string[])[] = [
  ['http'],
  ['tenants', 'custom-providers', 'mcp'],
  ['connect', 'credentials', 'tools'],
  ['refresh', 'health', 'auth', 'encryption-keys'],
  ['oauth', 'changes', 'policy', 'audit', 'signing', 'provider-files', 'definition-versions'],
  ['outbound', 'vault', 'store'],
  ['metrics'],
]
/** From here down, folders on one line stand alone. */
const foundation = layers.findIndex((line) => line.includes('store'))
/** They put the parts together, so they may import them all; no module may import them. */
const roots = new Set(['keywell.ts', 'index.ts', 'compose', 'options.ts'])

/** Modules that open a connection or start a process that could. */
const networkModules = new Set(
  ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns', 'dns/promises', 'child_process']
    .flatMap((name) => [name, `node:${name}`])
    .concat('undici'),
)
/** Files beside `outbound/` that may use the network, each with its reason. */
const permitted: Readonly<Record<string, string>> = {
  'packages/server/src/store/folder-lock.ts':
    'a socket on this machine proves that the owner lives',
}

export function serverFolderFaults(files: readonly SourceFile[]): Fault[] {
  const edges = productOf(files).flatMap(ownImports)
  return [...edges.filter(isForbidden).map(describe), ...cycleFaults(edges)]
}

/** One import of ours by ours, as folder names; a file at the top counts as a folder of its own. */
interface Edge {
  readonly path: string
  readonly from: string
  readonly to: string
}

function ownImports(file: SourceFile): Edge[] {
  return importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => ({
      path: file.path,
      from: folderOf(file.path),
      to: folderOf(posix.join(posix.dirname(file.path), specifier)),
    }))
    .filter(({ from, to }) => from !== to)
}

function isForbidden({ from, to }: Edge): boolean {
  if (roots.has(from)) return false
  if (roots.has(to) || from === 'vault') return true
  const upper = layerOf(from)
  const lower = layerOf(to)
  return lower < upper || (lower === upper && upper >= foundation)
}

function describe({ path, from, to }: Edge): Fault {
  return { path, message: `${from} may not import ${to}` }
}

/** Files at the top (`ids.ts`, `host.ts`, `clock.ts`) are below everything: anyone may use them. */
function layerOf(folder: string): number {
  if (folder.endsWith('.ts')) return layers.length
  const layer = layers.findIndex((line) => line.includes(folder))
  if (layer < 0) throw new Error(`${home}${folder} is not in the layers of the server`)
  return layer
}

/** Two folders on one line may not need each other: then they are one folder, or have a third. */
function cycleFaults(edges: readonly Edge[]): Fault[] {
  const known = new Set(edges.map(({ from, to }) => `${from} ${to}`))
  return edges
    .filter((edge) => !isForbidden(edge) && known.has(`${edge.to} ${edge.from}`))
    .map(({ path, from, to }) => ({ path, message: `${from} and ${to} import each other` }))
}

/** Only `outbound/` opens connections. `fetch` itself is refused by Biome, which knows scopes. */
export function networkFaults(files: readonly SourceFile[]): Fault[] {
  const guarded = productOf(files).filter(
    ({ path }) => !path.startsWith(`${home}outbound/`) && permitted[path] === undefined,
  )
  return guarded.flatMap((file) => [
    ...importsOf(file)
      .filter(({ specifier, typeOnly }) => !typeOnly && networkModules.has(specifier))
      .map(({ specifier }) => ({ path: file.path, message: `${specifier} is for outbound only` })),
    ...globalFaults(file),
  ])
}

/** `globalThis.fetch` would go round the rule about `fetch`. */
function globalFaults(file: SourceFile): Fault[] {
  const faults: Fault[] = []
  visit(file, {
    Identifier: ({ name }) => {
      if (name !== 'globalThis' && name !== 'global') return
      faults.push({ path: file.path, message: `${name} is a way round outbound` })
    },
  })
  return faults
}

function productOf(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => path.startsWith(home) && !isTest(path))
}

/** `packages/server/src/store/sql/x.ts` -> `store`; `packages/server/src/keywell.ts` -> `keywell.ts`. */
function folderOf(path: string): string {
  return path.slice(home.length).split('/')[0] ?? ''
}

/** Exceptions for files that are gone, or no longer need theirs. */
export function stalePermits(files: readonly SourceFile[]): string[] {
  return Object.keys(permitted).filter((keeper) => {
    const file = files.find(({ path }) => path === keeper)
    return (
      file === undefined || !importsOf(file).some(({ specifier }) => networkModules.has(specifier))
    )
  })
}
