import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

/** What Acme's page is built of, below the top folder. */
const sources = [
  'apps/demo/index.html',
  'apps/demo/gallery.html',
  'apps/demo/package.json',
  'apps/demo/vite.config.ts',
  'apps/demo/src',
  'packages/react/src',
]
const builtPage = 'apps/demo/dist/public/index.html'

/** Whether the built page is missing, or older than anything that it is built of. */
export async function pageIsOld(root: string): Promise<boolean> {
  const built = join(root, builtPage)
  if (!existsSync(built)) return true
  const { mtimeMs } = await stat(built)
  const times = await Promise.all(sources.map((source) => newestMs(join(root, source))))
  return Math.max(...times) > mtimeMs
}

/** Builds the page with Vite, which is loaded only here: a warm start does without it. */
export async function buildPage(root: string): Promise<void> {
  const { build } = await import('vite')
  const configFile = join(root, 'apps/demo/vite.config.ts')
  await build({ configFile, logLevel: 'silent' }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new StartError(`Acme’s page could not be built.\n\n${reason}`)
  })
}

async function newestMs(path: string): Promise<number> {
  const info = await stat(path)
  if (!info.isDirectory()) return info.mtimeMs
  const names = await readdir(path)
  const times = await Promise.all(names.map((name) => newestMs(join(path, name))))
  return Math.max(info.mtimeMs, ...times)
}
