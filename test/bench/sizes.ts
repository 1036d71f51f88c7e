/** What a page downloads for a connect button: ours, and what others ask of it, bundled by one tool in one run. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run } from '../packaging/run.ts'
import { type Bench, type Figure, tableOf } from './figure.ts'
import { type Weight, weigh } from './weigh.ts'

interface Page {
  readonly name: string
  /** What the page imports. */
  readonly code: string
  /** Of what the first paint waits for, in kB; null: printed for comparison. */
  readonly goal: number | null
}

/** In kB, brotli. A change that needs more says why, here. */
interface OurPage extends Page {
  readonly limits: {
    readonly first: number
    /** With what comes after the first paint. */
    readonly all: number
  }
}

const button = 'ConnectButton, KeywellProvider, useConnection, useConnections'

export const ours: readonly OurPage[] = [
  {
    name: 'core',
    code: `export { createKeywellClient } from '@keywell/react/core'`,
    goal: 3,
    limits: { first: 2.2, all: 4.9 },
  },
  {
    name: 'ConnectButton and hooks',
    code: `export { ${button} } from '@keywell/react'`,
    goal: 5,
    limits: { first: 5, all: 15.8 },
  },
  {
    name: '<keywell-connect>',
    code: `import '@keywell/react/element'`,
    goal: null,
    limits: { first: 5.8, all: 14.5 },
  },
  {
    name: 'everything, with the stylesheet',
    code: `import '@keywell/react/styles.css'; export * from '@keywell/react'`,
    goal: 14,
    limits: { first: 13, all: 27 },
  },
  {
    name: 'the client, with all that a page without React may use',
    code: `export * from '@keywell/react/core'`,
    goal: null,
    limits: { first: 4.2, all: 6.4 },
  },
  {
    name: 'German',
    code: `export { de } from '@keywell/react/de'`,
    goal: null,
    limits: { first: 4.7, all: 4.7 },
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

async function measureOurs({ name, code, goal }: Page): Promise<Figure[]> {
  return figuresOf(`@keywell/react: ${name}`, await weigh(root, code), goal)
}

/** As a gate: the goal of each figure is its limit. */
export async function sizesWithLimits(
  pages: readonly OurPage[],
): Promise<{ table: string; aboveLimit: string[] }> {
  const figures: Figure[] = []
  for (const { name, code, limits } of pages) {
    const [first, all] = figuresOf(name, await weigh(root, code), limits.first)
    if (first) figures.push(first)
    if (all) figures.push({ ...all, goal: limits.all })
  }
  const aboveLimit = figures.filter(({ value, goal }) => goal !== null && value > goal)
  return { table: tableOf(figures), aboveLimit: aboveLimit.map(({ name }) => name) }
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

function figuresOf(name: string, { first, all }: Weight, goal: number | null): Figure[] {
  const figure = (what: string, bytes: number, wanted: number | null): Figure => ({
    name: what,
    value: bytes / 1000,
    unit: 'kB',
    goal: wanted,
    better: 'lower',
  })
  const atFirst = figure(name, first, goal)
  return all === first
    ? [atFirst]
    : [atFirst, figure(`${name}, with what comes after the first paint`, all, null)]
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'keywell-sizes-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
