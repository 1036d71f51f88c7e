import { mkdir, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readWorkspace } from '../architecture/packages.ts'
import { root, run } from './run.ts'

/**
 * Unpacks tarballs as an installation would lay them out, and imports everything that they export
 * with plain Node: no condition of ours, no TypeScript. Answers what failed.
 */
export async function consumerFaults(
  tarballs: readonly string[],
  target: string,
): Promise<string[]> {
  // What the packages depend on is found one folder further up.
  await symlink(join(root, 'node_modules'), join(target, 'node_modules'))
  const consumer = join(target, 'consumer')
  const faults = []
  for (const specifier of (
    await Promise.all(tarballs.map((each) => unpack(each, consumer)))
  ).flat()) {
    const script = `await import(${JSON.stringify(specifier)})`
    const { code, output } = await run('node', ['--input-type=module', '-e', script], consumer)
    if (code !== 0) faults.push(`import '${specifier}': ${output.trim()}`)
  }
  return faults
}

/** Answers what can be imported from the package. */
async function unpack(tarball: string, consumer: string): Promise<string[]> {
  const name = /^keywell-([a-z]+)-/.exec(basename(tarball))?.[1]
  if (name === undefined) throw new Error(`${tarball} is no package of ours`)
  const folder = join(consumer, 'node_modules/@keywell', name)
  await mkdir(folder, { recursive: true })
  const { code, output } = await run('tar', ['-xzf', tarball, '--strip-components=1'], folder)
  if (code !== 0) throw new Error(output)
  const { exports = {} } = readWorkspace(folder, '.').manifest
  const modules = Object.keys(exports).filter((key) => !isAsset(exports[key]))
  return modules.map((key) => join('@keywell', name, key))
}

/** A stylesheet or the manifest itself: a file under its own name, which is not imported as a module. */
export function isAsset(target: unknown): boolean {
  return typeof target === 'string' && !target.endsWith('.js')
}
