/** What our pages show, works: code compiles, commands are run somewhere, data parses. */
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyFile, localKeys } from '@keywell/server'
import { describe, expect, test, vi } from 'vitest'
import { readPages } from './docs/pages.ts'
import { root, run } from './packaging/run.ts'
import { type Block, commandsOf, compileFaults, readBlocks } from './readme/blocks.ts'
import { verifies } from './support/verifies.ts'

// Tools as processes of their own; they take what a busy machine leaves them.
vi.setConfig({ testTimeout: 120_000 })

/** Makes a root key; run below. */
const rootKeyCommand = '(umask 077; openssl rand 32 | basenc --base64url > root-keys)'
/** Every command that a page may show, and the file that runs it. */
const executed: Readonly<Record<string, string>> = {
  'npx shadcn add ./node_modules/@keywell/react/registry/integration-card.json':
    'test/e2e/theming.test.ts',
  'npm ci': '.ci/run',
  'npm start': 'apps/demo/src/start.test.ts',
  'npm run bench -- sdk': 'test/bench/bench.test.ts',
  'npm run bench -- push': 'test/bench/bench.test.ts',
  'npm install': '.ci/run',
  'npx @keywell/service': 'test/packaging/service.ts',
  'npx @keywell/cli mcp': 'packages/cli/src/mcp/mcp.test.ts',
  'npx @keywell/cli mcp test': 'packages/cli/src/mcp/mcp.test.ts',
  'keywell-service providers check acme-notes.json': 'apps/service/src/providers-command.test.ts',
  'keywell-service providers discover acme-login.json > providers/acme-login.json':
    'apps/service/src/providers-command.test.ts',
  'npm test': '.ci/run',
  'npm run check': '.ci/run',
  'npm run build': '.ci/run',
  'npm run pack:check': '.ci/run',
  'npm run size': '.ci/run',
  [rootKeyCommand]: 'test/readme.test.ts',
}
/** Languages of blocks that are shown and not run here; stylesheets are, in `test/e2e/theming.test.ts`. */
const shown = new Set(['css', 'text', 'http', 'html', 'mermaid', 'yaml', 'sql'])

const pages = [...readPages(root)].filter(([path]) =>
  /^(README|packages\/|apps\/docs\/)/.test(path),
)
const blocks = pages.flatMap(([path, text]) => readBlocks(path, text))

function commandFaults(all: readonly Block[]): string[] {
  return commandsOf(all)
    .filter(({ command }) => executed[command] === undefined)
    .map(({ where, command }) => `${where}: nothing runs "${command}"`)
}

function languageFaults(all: readonly Block[]): string[] {
  return all.flatMap(({ language, text, where }) => {
    if (['ts', 'tsx', 'bash'].includes(language) || shown.has(language)) return []
    if (language !== 'json') return [`${where}: no check for blocks of "${language}"`]
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

  test('the command that makes a root key makes one that the service accepts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keywell-readme-'))
    try {
      expect(await run('bash', ['-c', rootKeyCommand], folder)).toEqual({ code: 0, output: '' })
      const warnings: string[] = []
      const warn = (message: string) => warnings.push(message)
      const keys = localKeys(keyFile({ path: join(folder, 'root-keys'), warn }))
      expect(keys.primary).toMatch(/^kek_/)
      expect(warnings).toEqual([])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
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

  test('shows a command that no test runs', () => {
    expect(commandFaults(page)).toEqual(['planted.md:12: nothing runs "npm run no-such-script"'])
  })

  test('shows broken data, and a block without a language', () => {
    expect(languageFaults(page)).toEqual([
      expect.stringMatching(/^planted\.md:16: SyntaxError/),
      'planted.md:19: no check for blocks of ""',
    ])
  })

  test('has a block without an end', () => {
    expect(() => readBlocks('planted.md', '```ts\nconst a = 1')).toThrow('planted.md:1')
  })
})
