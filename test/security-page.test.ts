/** SECURITY.md promises nothing that no test proves: what it cites exists, and each promise cites something. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './packaging/run.ts'
import { requirements } from './requirements.ts'
import { verifies } from './support/verifies.ts'

const page = readFileSync(join(root, 'SECURITY.md'), 'utf8')

/** The lines below a heading, up to the next one of its rank. */
function section(markdown: string, heading: string): string[] {
  const [, rest] = markdown.split(`\n## ${heading}\n`)
  if (rest === undefined) throw new TypeError(`There is no section "${heading}".`)
  return (rest.split('\n## ')[0] ?? '').split('\n')
}

/** Ids in code spans, as `T6:replay`. The one without a colon counts where it is known. */
function citationsIn(markdown: string): string[] {
  const spans = withoutComments(markdown).matchAll(/`([^`\n]+)`/g)
  return [...spans]
    .map(([, span = '']) => span)
    .filter((span) => /^[A-Za-z0-9]+:[a-z0-9-]+$/.test(span) || Object.hasOwn(requirements, span))
}

function unknownIds(markdown: string): string[] {
  return citationsIn(markdown).filter((id) => !Object.hasOwn(requirements, id))
}

function unprovedPromises(markdown: string): string[] {
  return section(withoutComments(markdown), 'What is promised')
    .join('\n')
    .split(/\n(?=- |\n)/)
    .filter((block) => block.trim() !== '' && !/^\s*### .*$/.test(block))
    .filter((block) => citationsIn(block).length === 0)
    .map((block) => block.trim())
}

/** Rows whose last cell neither cites a test nor says why there is none. */
function unprovedItems(markdown: string): string[] {
  return section(withoutComments(markdown), 'OWASP ASVS 5.0')
    .filter((line) => /^\| *\d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, , , , proof = '']) => citationsIn(proof).length === 0)
    .filter(([, , , , proof = '']) => !/^(?:no test|not applicable)\b.*/.test(proof))
    .map(([, item = '']) => item)
}

/** Its rows, as cells. */
function writersTable(markdown: string): string[][] {
  return section(withoutComments(markdown), 'What a writer of the database can do')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1))
}

function unprovedTables(markdown: string): string[] {
  return writersTable(markdown)
    .filter(([, ...cells]) => cells.some((cell) => citationsIn(cell).length === 0))
    .map(([tables = '']) => tables.trim())
}

const spansIn = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, it = '']) => it)

/** Those that hold rows of tenants or of the installation. */
function tablesOfSchema(): string[] {
  const folder = join(root, 'packages/server/src/store/migrations')
  const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  return [...text.join('\n').matchAll(/^create table (\w+) \(/gm)]
    .map(([, name = '']) => name)
    .filter((name, index, all) => all.indexOf(name) === index)
}

/** A comment names what is still to come, and proves nothing. */
function withoutComments(markdown: string): string {
  return markdown.replaceAll(/<!--[\s\S]*?-->/g, '')
}

verifies.suite('house:security-page', () => {
  test('it cites what exists', () => {
    expect(citationsIn(page).length).toBeGreaterThan(80)
    expect(unknownIds(page)).toEqual([])
  })

  test('each promise has a proof', () => {
    expect(unprovedPromises(page)).toEqual([])
  })

  test('each item of ASVS has a proof, or says why not', () => {
    expect(section(page, 'OWASP ASVS 5.0').filter((line) => /^\| *\d/.test(line))).toHaveLength(21)
    expect(unprovedItems(page)).toEqual([])
  })

  test('each table of the database is there, with a proof of what its writer can and cannot do', () => {
    expect(unprovedTables(page)).toEqual([])
    const named = writersTable(page).flatMap(([tables = '']) => spansIn(tables))
    expect(named.toSorted()).toEqual(tablesOfSchema().toSorted())
  })

  test('the README leads to it', () => {
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('](SECURITY.md)')
  })
})

test('planted faults are found', () => {
  const planted = `# Security

## What is promised

### Use

- All is well. \`T6:replay\`
- All is better still,
  for an unknown reason. <!-- \`T6:replay\` -->
- Guessing is hard. \`T29:no-such-test\`, \`toString\`

All is best, says a paragraph.

## What a writer of the database can do

| table | cannot | can |
| --- | --- | --- |
| \`flows\` | move it. \`T6:replay\` | end it. \`T6:replay\` |
| \`codes\` | plant one. \`T6:replay\` | end one |

## OWASP ASVS 5.0

| item | level | what | proof |
| --- | --- | --- | --- |
| 10.1.1 | 2 | one | \`disconnect\` |
| 10.1.2 | 2 | two | surely |
| 10.2.1 | 2 | three | no test yet |
`
  expect(unknownIds(planted)).toEqual(['T29:no-such-test'])
  expect(unprovedPromises(planted)).toEqual([
    '- All is better still,\n  for an unknown reason.',
    'All is best, says a paragraph.',
  ])
  expect(unprovedTables(planted)).toEqual(['`codes`'])
  expect(unprovedItems(planted)).toEqual(['10.1.2'])
  expect(() => unprovedPromises('# Security')).toThrow('There is no section')
})
