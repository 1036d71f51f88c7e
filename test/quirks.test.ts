/** Each quirk that is known of a provider is shown by its stand-in, and met by the service. */
import { readFileSync } from 'node:fs'
import { providers } from '@keywell/providers'
import { quirks } from '@keywell/sandbox'
import { expect, test } from 'vitest'
import { visit } from './architecture/source.ts'
import { type Cell, matrix } from './quirks.ts'
import { requirements } from './requirements.ts'
import { verifies } from './support/verifies.ts'

/** Names of quirks, by provider. */
type Known = Readonly<Record<string, object>>
type Matrix = typeof matrix

const sandbox = new URL('../apps/sandbox/src/', import.meta.url)

/** Names of the tests of a file that are run. */
function testsOf(file: string): string[] {
  const text = readFileSync(new URL(file, sandbox), 'utf8')
  const names: string[] = []
  visit(
    { path: file, text },
    {
      CallExpression: ({ callee, arguments: [name] }) => {
        const isTest = callee.type === 'Identifier' && ['test', 'it'].includes(callee.name)
        if (isTest && name?.type === 'Literal') names.push(String(name.value))
      },
    },
  )
  return names
}

/** What is known and not shown, or shown and not known, or shown by nothing that is there. */
function faultsOf(shipped: readonly string[], known: Known, rows: Matrix): string[] {
  const cells = Object.entries(rows).flatMap(([quirk, byProvider]) =>
    Object.entries(byProvider).map(([provider, cell]) => ({ quirk, provider, cell })),
  )
  const place = (provider: string, quirk: string) => `${provider}: ${quirk}`
  const facts = Object.entries(known).flatMap(([provider, named]) =>
    Object.keys(named).map((quirk) => place(provider, quirk)),
  )
  const shown = cells.map(({ provider, quirk }) => place(provider, quirk))
  return [
    ...shipped.filter((name) => Object.keys(known[name] ?? {}).length === 0).map(noQuirk),
    ...facts.filter((fact) => !shown.includes(fact)).map((fact) => `${fact} is shown by nothing`),
    ...shown.filter((one) => !facts.includes(one)).map((one) => `${one} is not known`),
    ...cells.flatMap(({ provider, quirk, cell }) =>
      cellFaults(cell).map((fault) => `${place(provider, quirk)} ${fault}`),
    ),
  ]
}

const noQuirk = (name: string) => `${name}: nothing is known of it`

function cellFaults({ shown: [file, name], held }: Cell): string[] {
  return [
    ...(testsOf(file).includes(name) ? [] : [`has no test "${name}" in ${file}`]),
    ...(typeof held === 'string' && !(held in requirements) ? [`cites no promise: ${held}`] : []),
  ]
}

const shipped = providers.map(({ name }) => name)

verifies('providers:quirks-covered', () => {
  expect(faultsOf(shipped, quirks, matrix)).toEqual([])
})

test('each quirk that is known, and not shown by the test that is named, is found', () => {
  const { 'refusal-in-200': row, ...others } = matrix
  expect(faultsOf(shipped, quirks, others)).toEqual(['github: refusal-in-200 is shown by nothing'])
  const unknown = { ...quirks, algolia: {} }
  expect(faultsOf(shipped, unknown, { 'refusal-in-200': row ?? {} })).toContain(
    'algolia: nothing is known of it',
  )
  const cell = row?.github
  if (cell === undefined) throw new Error('no cell to change')
  const renamed = { ...cell, shown: [cell.shown[0], 'another name'] as const }
  expect(faultsOf(shipped, quirks, { ...others, 'refusal-in-200': { github: renamed } })).toEqual([
    'github: refusal-in-200 has no test "another name" in dialects/github.test.ts',
  ])
  const elsewhere = { ...others, 'refusal-in-200': { github: cell, gitlab: cell } }
  expect(faultsOf(shipped, quirks, elsewhere)).toEqual(['gitlab: refusal-in-200 is not known'])
})
