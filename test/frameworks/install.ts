/** Frameworks as an app installs them, each in a folder of its own that is kept from one run to the next. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { pack } from '../packaging/pack.ts'
import { root, run } from '../packaging/run.ts'
import type { Framework } from './table.ts'

const cache = join(root, 'node_modules/.cache/keywell/frameworks')
const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']

export interface Node {
  /** Such as `24`. */
  readonly major: string
  /** Such as `24.9.0`. */
  readonly version: string
  /** Its program. */
  readonly path: string
}

/** The one that runs this, which is the oldest that we support, and a newer one from npm. */
export async function nodes(): Promise<{ oldest: Node; newest: Node }> {
  const [major = ''] = process.versions.node.split('.')
  const oldest = { major, version: process.versions.node, path: process.execPath }
  return { oldest, newest: await installNode('24') }
}

async function installNode(major: string): Promise<Node> {
  const folder = await emptyPackage(`node-${major}`)
  const name = `node-${process.platform}-${process.arch}`
  await npm(['install', ...flags, `${name}@${major}`], folder)
  const version = await versionOf(folder, name)
  return { major, version, path: join(folder, 'node_modules', name, 'bin/node') }
}

/** The SDK and what it stands on, as npm would publish them. */
export async function packSdk(): Promise<string[]> {
  const target = join(cache, 'packed')
  await mkdir(target, { recursive: true })
  const built = await run('tsc', ['-b', 'packages/sdk'], root)
  if (built.code !== 0) throw new Error(built.output)
  const packed = []
  for (const name of ['protocol', 'sdk']) {
    packed.push((await pack(join(root, 'packages', name), target)).tarball)
  }
  return packed
}

export interface Installed {
  readonly folder: string
  readonly version: string
}

/**
 * The newest version at all, or the newest of a range.
 *
 * @throws Error when npm finds none
 */
export async function install(
  { library, others, needsOptional }: Framework,
  node: Node,
  { range, sdk }: { readonly range: string | undefined; readonly sdk: readonly string[] },
): Promise<Installed> {
  const name = `${library.replaceAll(/[@/]+/g, '-').replace(/^-/, '')}-on-${node.major}`
  const folder = await emptyPackage(name)
  const specs =
    range === undefined
      ? [library, ...others].map((each) => `${each}@latest`)
      : [`${library}@${range}`, ...others.map((each) => `${each}@*`)]
  const omitted = needsOptional ? [] : ['--omit=optional']
  await npm(['install', ...flags, ...omitted, ...specs, ...sdk], folder, node)
  await cp(join(import.meta.dirname, 'agents'), folder, { recursive: true })
  return { folder, version: await versionOf(folder, library) }
}

async function emptyPackage(name: string): Promise<string> {
  const folder = join(cache, name)
  await mkdir(folder, { recursive: true })
  // What an earlier run has installed stays; what it asked for does not bind this one.
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  return folder
}

async function npm(args: readonly string[], folder: string, node?: Node): Promise<void> {
  // npm chooses versions by the Node that runs it.
  const command = node === undefined ? ['npm'] : ['env', pathOf(node), 'npm']
  const [program = 'npm', ...before] = command
  const { code, output } = await run(program, [...before, ...args], folder)
  if (code !== 0) throw new Error(`npm ${args.join(' ')}: ${output}`)
}

function pathOf({ path }: Node): string {
  return `PATH=${[dirname(path), process.env.PATH].join(delimiter)}`
}

async function versionOf(folder: string, name: string): Promise<string> {
  const path = join(folder, 'node_modules', name, 'package.json')
  // A manifest that npm has installed.
  return (JSON.parse(await readFile(path, 'utf8')) as { version: string }).version
}
