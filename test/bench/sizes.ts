/** What a page downloads for a connect button: ours, and what others ask of it, bundled by one tool in one run. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { root, run } from '../packaging/run.ts'
import type { Bench, Figure } from './figure.ts'

interface Page {
  readonly name: string
  /** What the page imports. */
  readonly code: string
  /** Bytes before the first paint that we want at most, in kB; null: printed for comparison. */
  readonly goal: number | null
}

const button = `export { ConnectButton, KeywellProvider, useConnection, useConnections } from '@keywell/react'`

const ours: readonly Page[] = [
  { name: 'core', code: `export { createKeywellClient } from '@keywell/react/core'`, goal: 3 },
  { name: 'ConnectButton and hooks', code: button, goal: 5 },
  { name: '<keywell-connect>', code: `import '@keywell/react/element'`, goal: null },
  {
    name: 'everything, with the stylesheet',
    code: `import '@keywell/react/styles.css'; export * from '@keywell/react'`,
    goal: 14,
  },
]

/**
 * Too heavy for our own lockfile: installed in a folder of their own while the bench runs, without their scripts.
 * Their versions are exact, so that a figure is that of a known release.
 */
const others: readonly (Page & { readonly version: string })[] = [
  { name: '@nangohq/frontend', version: '0.71.10', code: 'default', goal: null },
  { name: 'react-plaid-link', version: '5.0.0', code: 'PlaidLink, usePlaidLink', goal: null },
  {
    name: '@clerk/clerk-react',
    version: '5.61.11',
    code: 'ClerkProvider, SignInButton, useUser',
    goal: null,
  },
  { name: '@pipedream/connect-react', version: '3.0.1', code: '*', goal: null },
]

export const sizes: Bench = [...ours.map((page) => () => measureOurs(page)), measureOthers]

async function measureOurs(page: Page): Promise<Figure[]> {
  return inFolder(async (folder) => {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    return figuresOf(`@keywell/react: ${page.name}`, await weigh(folder, page.code), page.goal)
  })
}

async function measureOthers(): Promise<Figure[]> {
  return inFolder(async (folder) => {
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    const wanted = others.map(({ name, version }) => `${name}@${version}`)
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']
    const peers = ['react@19.3.1', 'react-dom@19.3.1']
    const command = ['install', '--silent', ...flags, ...wanted, ...peers]
    const { code, output } = await run('npm', command, folder)
    if (code !== 0) {
      process.stderr.write(`The packages of others could not be installed: ${output}\n`)
      return []
    }
    const figures: Figure[] = []
    for (const { name, version, code } of others) {
      const from = code === '*' ? `export * from '${name}'` : `export { ${code} } from '${name}'`
      figures.push(...figuresOf(`${name} ${version}`, await weigh(folder, from), null))
    }
    return figures
  })
}

interface Weight {
  /** Of what is loaded with the page, compressed. */
  readonly initial: number
  /** With what is loaded when it is first used. */
  readonly all: number
}

function figuresOf(name: string, { initial, all }: Weight, goal: number | null): Figure[] {
  const figure = (what: string, bytes: number, wanted: number | null): Figure => ({
    name: what,
    value: bytes / 1000,
    unit: 'kB',
    goal: wanted,
    better: 'lower',
  })
  const first = figure(name, initial, goal)
  return all === initial
    ? [first]
    : [first, figure(`${name}, with what its first use loads`, all, null)]
}

/** Bundles a page as an app would, for production, React left out. */
async function weigh(folder: string, code: string): Promise<Weight> {
  const entry = join(folder, 'entry.js')
  await writeFile(entry, code)
  // With one entry this is what `build` answers. As an app: a library's spaces are left in.
  const output = (await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { conditions: ['@keywell/source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: {
        input: entry,
        external: /^react(-dom)?(\/|$)/,
        preserveEntrySignatures: 'strict',
      },
    },
  })) as Rolldown.RolldownOutput
  let [initial, all] = [0, 0]
  const loadedFirst = firstLoaded(output)
  for (const part of output.output) {
    const text = part.type === 'chunk' ? part.code : part.source
    const bytes = brotliCompressSync(text).length
    all += bytes
    if (loadedFirst.has(part.fileName)) initial += bytes
  }
  return { initial, all }
}

/** The entry with what it imports statically, and the stylesheet. */
function firstLoaded({ output }: Rolldown.RolldownOutput): ReadonlySet<string> {
  const found = new Set(
    output.filter((part) => part.type === 'asset' || part.isEntry).map(({ fileName }) => fileName),
  )
  for (const name of found) {
    const part = output.find(({ fileName }) => fileName === name)
    if (part?.type === 'chunk') for (const imported of part.imports) found.add(imported)
  }
  return found
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'keywell-sizes-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
