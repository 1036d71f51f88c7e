/** What our pages show, works: code compiles, commands are run somewhere, data parses. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { root } from './packaging/run.ts'
import { type Block, commandsOf, compileFaults, readBlocks } from './readme/blocks.ts'
import { verifies } from './support/verifies.ts'

// Tools as processes of their own; they take what a busy machine leaves them.
vi.setConfig({ testTimeout: 120_000 })

/** Every command that a page may show, and the file that runs it. */
const executed: Readonly<Record<string, string>> = {
  'npm ci': '.ci/run',
  'npm start': 'apps/demo/src/start.test.ts',
  'npm run bench -- sdk': 'test/bench/bench.test.ts',
  'npm run bench -- push': 'test/bench/bench.test.ts',
  'npm install': '.ci/run',
  'npm test': '.ci/run',
  'npm run check': '.ci/run',
  'npm run build': '.ci/run',
  'npm run pack:check': '.ci/run',
  'npm run size': '.ci/run',
}
/** Languages of blocks that are shown and not run. */
const shown = new Set(['text', 'http', 'html', 'mermaid', 'yaml', 'sql'])

const pages = ['.', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)]
  .map((folder) => join(folder, 'README.md'))
  .filter((page) => existsSync(join(root, page)))
const blocks = pages.flatMap((page) => readBlocks(page, readFileSync(join(root, page), 'utf8')))

function commandFaults(all: readonly Block[]): string[] {
  return commandsOf(all)
    .filter(({ command }) => executed[command] === undefined)
    .map(({ where, command }) => `${where}: nothing runs "${command}"`)
}

function languageFaults(all: readonly Block[]): string[] {
  return all.flatMap(({ language, text, where }) => {
    if (['ts', 'tsx', 'bash'].includes(language) || shown.has(language)) return []
    if (language !== 'json') return [`${where}: nobody checks blocks of "${language}"`]
    try {
      JSON.parse(text)
      return []
    } catch (error) {
      return [`${where}: ${String(error)}`]
    }
  })
}

verifies.suite('house:readme', () => {
  test('every package has a page with code', () => {
    for (const name of readdirSync(join(root, 'packages'))) {
      expect(blocks.map(({ where }) => where.split(':')[0])).toContain(`packages/${name}/README.md`)
    }
  })

  test('code compiles', async () => {
    expect(await compileFaults(blocks)).toEqual([])
  })

  test('commands are run', () => {
    expect(commandFaults(blocks)).toEqual([])
    for (const file of Object.values(executed)) expect(existsSync(join(root, file))).toBe(true)
  })

  test('blocks have a language that is checked', () => {
    expect(languageFaults(blocks)).toEqual([])
  })
})

describe('a page with faults', () => {
  const page = readBlocks(
    'planted.md',
    `Wrong:
\`\`\`ts
import { KeywellError } from '@keywell/protocol'
new KeywellError('no_such_code', 'text')
\`\`\`
Right:
\`\`\`ts
import { KeywellError } from '@keywell/protocol'
const error = new KeywellError('internal', 'text')
greet(error.code)
\`\`\`
\`\`\`bash
npm test # runs the tests
npm ci && npm run no-such-script
\`\`\`
\`\`\`json
{ "trailing": "comma", }
\`\`\`
\`\`\`
nothing
\`\`\`
`,
  )

  test('does not compile', async () => {
    const faults = await compileFaults(page)
    expect(faults).toEqual([expect.stringMatching(/^planted\.md:2: error TS2345: .*no_such_code/)])
  })

  test('shows a command that nobody runs', () => {
    expect(commandFaults(page)).toEqual(['planted.md:12: nothing runs "npm run no-such-script"'])
  })

  test('shows broken data, and a block without a language', () => {
    expect(languageFaults(page)).toEqual([
      expect.stringMatching(/^planted\.md:16: SyntaxError/),
      'planted.md:19: nobody checks blocks of ""',
    ])
  })

  test('has a block without an end', () => {
    expect(() => readBlocks('planted.md', '```ts\nconst a = 1')).toThrow('planted.md:1')
  })
})
