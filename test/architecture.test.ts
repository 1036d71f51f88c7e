/**
 * The house keeps the shape that the architecture promises. Each rule is used twice: on the source as
 * it stands, where it finds nothing, and on planted faults, each of which it has to find.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { childFaults } from './architecture/children.ts'
import { importFaults, manifestFaults, readWorkspace } from './architecture/packages.ts'
import { countPatterns, patternFaults } from './architecture/patterns.ts'
import { providerNameFaults, staleExamples } from './architecture/provider-names.ts'
import { scopeFaults, staleScopes } from './architecture/scopes.ts'
import { exposeFaults, moduleStateFaults, staleExposers } from './architecture/secrets.ts'
import { networkFaults, serverFolderFaults, stalePermits } from './architecture/server.ts'
import { type Fault, importsOf, readSources, type SourceFile } from './architecture/source.ts'
import { sqlFaults, staleSqlExceptions } from './architecture/sql.ts'
import { standInFaults, standIns } from './architecture/stand-ins.ts'
import { wordFaults } from './architecture/words.ts'
import { verifies } from './support/verifies.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = readSources(root)
const workspaces = ['packages', 'apps']
  .flatMap((folder) => readdirSync(`${root}/${folder}`).map((name) => `${folder}/${name}`))
  .filter((folder) => existsSync(`${root}/${folder}/package.json`))
  .map((folder) => readWorkspace(root, folder))

const importRule = (files: readonly SourceFile[]): Fault[] => importFaults(files, workspaces)

function listPages(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => `apps/docs/${path}`)
}

/** What a rule says about one planted file. */
function found(rule: (files: readonly SourceFile[]) => Fault[], path: string, text: string) {
  return rule([{ path, text }]).map(({ message }) => message)
}

test('the source is there to be read', () => {
  const folders = new Set(sources.map(({ path }) => path.split('/src/')[0]))
  expect([...folders]).toEqual(expect.arrayContaining(workspaces.map(({ folder }) => folder)))
  expect(workspaces.length).toBeGreaterThanOrEqual(8)
})

verifies.suite('house:words', () => {
  const pages = ['README.md', 'SECURITY.md', ...listPages(`${root}/apps/docs`)].map((path) => ({
    path,
    text: readFileSync(`${root}/${path}`, 'utf8'),
  }))

  test('no source and no page uses a retired word', () => {
    expect(pages.length).toBeGreaterThan(15)
    expect(wordFaults([...sources, ...pages])).toEqual([])
  })

  test.each([
    ['in code', 'packages/sdk/src/a.ts', 'const layGround = 1', '"layGround" is "createPlatform"'],
    ['in a comment', 'packages/sdk/src/a.ts', '// it mends', '"mends" is "reconnects"'],
    ['in a text', 'packages/sdk/src/a.ts', "throw Error('codeLive')", '"codeLive" is gone'],
    ['as a file', 'packages/a/src/own-process.ts', '', '"own-process" is "process-hardening"'],
    ['on a page', 'apps/docs/a.md', 'An objection is raised.', '"objection" is "violation"'],
    ['in the SDK', 'packages/sdk/src/a.ts', '// it vouches', '"vouches" is "validate" here'],
    ['in a name', 'packages/sdk/src/a.ts', 'isHeard()', '"Heard" is "received" here'],
    [
      'before a capital',
      'packages/sdk/src/a.ts',
      'tellAll()',
      '"tell" is "sent, notify or report" here',
    ],
    [
      'of a default',
      'packages/react/src/a.ts',
      '// 5 unless told',
      '"unless told" is "Default: …" here',
    ],
  ])('one %s is found', (_, path, text, fault) => {
    expect(found(wordFaults, path, text)).toEqual([fault])
  })

  test('a longer word that holds one is another word', () => {
    expect(found(wordFaults, 'packages/a/src/a.ts', 'recommends, objectionable')).toEqual([])
    expect(found(wordFaults, 'packages/sdk/src/a.ts', 'satellite, sheared, tellurium')).toEqual([])
  })

  test('a word that is retired in one package is another word elsewhere', () => {
    expect(found(wordFaults, 'packages/server/src/a.ts', 'told, heard, unless told')).toEqual([])
  })
})

verifies.suite('providers:no-names', () => {
  test('neither the service, the SDK, the React package nor the executor of tools names a provider', () => {
    expect(providerNameFaults(sources)).toEqual([])
    expect(staleExamples(sources)).toEqual([])
  })

  test.each([
    ['a comparison', 'packages/server/src/a.ts', "if (name === 'github') send()", 'github'],
    ['a key', 'packages/server/src/a.ts', 'const limits = { bitbucket: 5 }', 'bitbucket'],
    ['a function', 'packages/sdk/src/a.ts', 'isAzureDevops()', 'isAzureDevops'],
    ['a text', 'packages/react/src/a.tsx', 'a = <p>Ask Azure DevOps</p>', 'Ask Azure DevOps'],
    ['a template', 'packages/react/src/a.ts', 'a = `at GitLab`', 'at GitLab'],
    ['a pattern', 'packages/server/src/a.ts', 'a = /\bbuildkite_/', '\bbuildkite_'],
    ['a header', 'packages/tools/src/execute/a.ts', "a = 'x-github-id'", 'x-github-id'],
    ['a file', 'packages/server/src/github.ts', '', 'packages/server/src/github.ts'],
  ])('%s that names one is found', (_, path, text, named) => {
    expect(found(providerNameFaults, path, text)).toEqual([`names a provider: ${named}`])
  })

  test('comments, tests, other words, and what is data may have its name', () => {
    expect(found(providerNameFaults, 'packages/server/src/a.ts', '// as GitHub does')).toEqual([])
    expect(found(providerNameFaults, 'packages/server/src/a.test.ts', "a = 'github'")).toEqual([])
    expect(found(providerNameFaults, 'packages/server/src/a.ts', "a = 'githubbed'")).toEqual([])
    expect(found(providerNameFaults, 'packages/providers/src/a.ts', "a = 'github'")).toEqual([])
  })
})

verifies.suite('house:imports', () => {
  test('the source stays inside the table', () => {
    expect(importRule(sources)).toEqual([])
    expect(manifestFaults(workspaces)).toEqual([])
  })

  test.each([
    ['sdk', "import '@keywell/server'", 'packages/sdk may not import @keywell/server'],
    ['sdk', "export * from '@keywell/providers'", 'packages/sdk may not import @keywell/providers'],
    ['sdk', "await import('@keywell/server')", 'packages/sdk may not import @keywell/server'],
    ['sdk', "require('@keywell/server')", 'packages/sdk may not import @keywell/server'],
    ['sdk', "type A = import('@keywell/server').A", 'packages/sdk may not import @keywell/server'],
    ['sdk', 'await import(name)', 'imports something that cannot be read from the source'],
    ['protocol', "import 'hono'", 'packages/protocol may not import hono'],
    ['providers', "import 'zod'", 'packages/providers may not import zod'],
    ['tools', "import '@keywell/server'", 'packages/tools may not import @keywell/server'],
    ['sdk', "import '@keywell/tools'", 'packages/sdk may not import @keywell/tools'],
    ['react', "import '@keywell/tools'", 'packages/react may not import @keywell/tools'],
    ['server', "import '@keywell/sdk'", 'packages/server may not import @keywell/sdk'],
    ['server', "import '@keywell/sandbox'", 'packages/server may not import @keywell/sandbox'],
    [
      'sdk',
      "import '@keywell/protocol/src/ids.ts'",
      '@keywell/protocol/src/ids.ts is not a public export',
    ],
    [
      'sdk',
      "import '../../protocol/src/ids.ts'",
      'reaches out of packages/sdk with ../../protocol/src/ids.ts',
    ],
    [
      'react',
      "import { KeywellError } from '@keywell/protocol'",
      'packages/react may import @keywell/protocol by "import type" only',
    ],
    [
      'react',
      "import { type Connection } from '@keywell/protocol'",
      'packages/react may import @keywell/protocol by "import type" only',
    ],
    [
      'react',
      "import { gitlab } from '@keywell/providers'",
      'packages/react may import @keywell/providers by "import type" only',
    ],
  ])('in %s, `%s` is found', (name, text, message) => {
    expect(found(importRule, `packages/${name}/src/planted.ts`, text)).toEqual([message])
  })

  test('react may import the types of protocol', () => {
    const text = "import type { Connection } from '@keywell/protocol'"
    expect(found(importRule, 'packages/react/src/planted.ts', text)).toEqual([])
  })

  test('react may run the planner and the choice of scopes, and show titles and words of providers, which bring nothing along', () => {
    const text = `export { planScopes } from '@keywell/protocol/scope-plan'
      export { chooseScopes } from '@keywell/protocol/scope-choice'
      export { germanWords } from '@keywell/providers/german'
      export { titles } from '@keywell/providers/titles'`
    expect(found(importRule, 'packages/react/src/planted.ts', text)).toEqual([])
    const brought = [
      ...['scope-choice', 'scope-plan', 'scopes'].map((name) => `packages/protocol/src/${name}.ts`),
      ...['german', 'titles'].map((name) => `packages/providers/src/${name}.ts`),
    ]
    const imports = sources
      .filter(({ path }) => brought.includes(path))
      .flatMap((file) => importsOf(file))
      .filter(({ typeOnly }) => !typeOnly)
    expect(new Set(imports.map(({ specifier }) => specifier))).toEqual(
      new Set(['./scope-plan.ts', './scopes.ts']),
    )
  })

  test('an app may import a package, but no other app', () => {
    const text = "import '@keywell/server'\nimport '@keywell/sandbox'"
    expect(found(importRule, 'apps/service/src/planted.ts', text)).toEqual([
      'apps/service may not import @keywell/sandbox',
    ])
  })

  test('a test of a package may use other packages and test support, but no insides', () => {
    const text = `import '@keywell/server'
      import '../../../test/support/verifies.ts'
      import '../../server/src/keywell.ts'`
    expect(found(importRule, 'packages/sdk/src/planted.test.ts', text)).toEqual([
      'reaches out of packages/sdk with ../../server/src/keywell.ts',
    ])
  })

  test('a file that does not parse is not passed over', () => {
    expect(() => found(importRule, 'packages/sdk/src/planted.ts', 'import { from')).toThrow()
  })

  test('a forbidden or inexact dependency in package.json is found', () => {
    const manifest = {
      name: '@keywell/sdk',
      dependencies: { '@keywell/server': '0.1.0', 'lru-cache': '^11.5.3' },
    }
    expect(
      manifestFaults([{ folder: 'packages/sdk', manifest }]).map(({ message }) => message),
    ).toEqual(['may not depend on @keywell/server', 'lru-cache ^11.5.3 is not an exact version'])
  })

  test('a package that is not in the table is found', () => {
    const path = 'packages/misc/src/planted.ts'
    expect(() => found(importRule, path, "import 'zod'")).toThrow('not in the import table')
  })
})

verifies.suite('providers:independent', () => {
  test('the source has no other', () => {
    expect(standIns(sources)).toEqual([
      'algolia',
      'bitbucket',
      'buildkite',
      'generic',
      'github',
      'microsoft',
    ])
    expect(standInFaults(sources)).toEqual([])
  })

  test.each([
    "import '@keywell/providers'",
    "import type { Definition } from '@keywell/protocol'",
    "import '../../../../../packages/providers/src/github.ts'",
  ])('`%s` in a stand-in is found', (text) => {
    const [fault] = found(standInFaults, 'apps/sandbox/src/dialects/acme/index.ts', text)
    expect(fault).toContain('a stand-in may not import')
  })

  test('a part that answers requests without a source is found', () => {
    const path = 'apps/sandbox/src/dialects/acme/token.ts'
    const text = "import type { Context } from 'hono'\n"
    expect(found(standInFaults, path, text)).toEqual(['names no source of what it answers'])
    expect(found(standInFaults, path, `// https://acme.example/docs\n${text}`)).toEqual([])
  })
})

verifies.suite('house:layers', () => {
  test('the source goes downwards', () => {
    expect(serverFolderFaults(sources)).toEqual([])
  })

  test.each([
    ['store/planted.ts', '../http/app.ts', 'store may not import http'],
    ['store/planted.ts', '../vault/vault.ts', 'store may not import vault'],
    ['outbound/planted.ts', '../oauth/client.ts', 'outbound may not import oauth'],
    ['vault/planted.ts', '../ids.ts', 'vault may not import ids.ts'],
    ['refresh/planted.ts', '../connect/flows.ts', 'refresh may not import connect'],
    ['http/planted.ts', '../keywell.ts', 'http may not import keywell.ts'],
    ['ids.ts', './store/database.ts', 'ids.ts may not import store'],
    ['store/planted.ts', '../outbound/outbound.ts', 'store may not import outbound'],
    ['vault/planted.ts', '../metrics/metrics.ts', 'vault may not import metrics'],
    ['metrics/planted.ts', '../store/census.ts', 'metrics may not import store'],
  ])('%s may not import %s', (file, specifier, message) => {
    const path = `packages/server/src/${file}`
    expect(found(serverFolderFaults, path, `import '${specifier}'`)).toEqual([message])
  })

  test('two folders that import each other are found', () => {
    const files = [
      { path: 'packages/server/src/changes/a.ts', text: "import '../audit/b.ts'" },
      { path: 'packages/server/src/audit/b.ts', text: "import '../changes/a.ts'" },
    ]
    expect(serverFolderFaults(files).map(({ message }) => message)).toEqual([
      'changes and audit import each other',
      'audit and changes import each other',
    ])
  })

  test('a folder that has no place is found', () => {
    const path = 'packages/server/src/misc/planted.ts'
    expect(() => found(serverFolderFaults, path, "import '../store/database.ts'")).toThrow(
      'misc is not in the layers of the server',
    )
  })
})

verifies.suite('T23:one-exit', () => {
  test('the source has no other', () => {
    expect(networkFaults(sources)).toEqual([])
    expect(stalePermits(sources)).toEqual([])
  })

  test.each([
    ["import { fetch } from 'undici'", 'undici is for outbound only'],
    ["import { connect } from 'node:net'", 'node:net is for outbound only'],
    ["import https from 'https'", 'https is for outbound only'],
    ["import { spawn } from 'node:child_process'", 'node:child_process is for outbound only'],
    ['globalThis.fetch', 'globalThis is a way round outbound'],
  ])('`%s` elsewhere is found', (text, message) => {
    expect(found(networkFaults, 'packages/server/src/health/planted.ts', text)).toEqual([message])
    expect(found(networkFaults, 'packages/server/src/outbound/planted.ts', text)).toEqual([])
  })
})

verifies.suite('T17:children', () => {
  test('the source has none that inherits anything', () => {
    expect(childFaults(sources)).toEqual([])
  })

  test.each([
    ['new Worker(url, { workerData })', 'a thread inherits the environment'],
    ['new Worker(url)', 'a thread inherits the environment'],
    ["import { fork } from 'child_process'", 'child_process: the service has no children'],
    ["import cluster from 'node:cluster'", 'node:cluster: the service has no children'],
  ])('`%s` is found', (text, message) => {
    expect(found(childFaults, 'packages/server/src/store/planted.ts', text)).toEqual([message])
    expect(found(childFaults, 'apps/service/src/planted.ts', text)).toEqual([message])
  })
})

verifies.suite('T20:expose', () => {
  test('the source opens them nowhere else', () => {
    expect(exposeFaults(sources)).toEqual([])
    expect(staleExposers(sources)).toEqual([])
  })

  test.each([
    'secret.expose()',
    'secret?.expose()',
    "secret['expose']()",
    'const { expose } = secret',
  ])('`%s` elsewhere is found', (text) => {
    expect(found(exposeFaults, 'packages/server/src/http/planted.ts', text)).toEqual([
      'may not open a Secret with expose()',
    ])
  })
})

verifies.suite('T19:statements', () => {
  test('the source has no other statement', () => {
    expect(sqlFaults(sources)).toEqual([])
    expect(staleSqlExceptions(sources)).toEqual([])
  })

  test.each([
    'select id from flows where id = $1',
    'delete from upkeep',
    'select id from flows where tenant_id is not null',
    'select tenant_id from flows where id = $1',
    'select f.id from flows f join sessions s on s.tenant_id = f.tenant_id',
    'insert into flows (id) values ($1) returning tenant_id',
    'update flows set used_at = now() where id = $1',
  ])('`%s` is bound to no tenant', (text) => {
    expect(found(sqlFaults, 'packages/server/src/store/planted.ts', `'${text}'`)).toEqual([
      `bound to no tenant: ${text}`,
    ])
  })

  test('a list of columns that names the tenant binds nothing', () => {
    const text = `const columns = 'tenant_id, id'
      const text = \`select \${columns} from flows where id = $1\``
    expect(found(sqlFaults, 'packages/server/src/store/planted.ts', text)).toEqual([
      'bound to no tenant: select … from flows where id = $1',
    ])
  })

  test('text that is not a constant is found', () => {
    const text = `(id) => \`select from flows where tenant_id = $1 and id = '\${id}'\``
    expect(found(sqlFaults, 'packages/server/src/store/planted.ts', text)).toEqual([
      "text is put into: select from flows where tenant_id = $1 and id = ' … '",
    ])
  })

  test('a constant of a neighbouring file may be put into text, and nothing else of it', () => {
    const columns = { path: 'packages/server/src/store/columns.ts' }
    const reader = {
      path: 'packages/server/src/store/planted.ts',
      text: `import { columns } from './columns.ts'
        const text = \`select \${columns} from flows where tenant_id = $1\``,
    }
    const faults = (text: string) => sqlFaults([{ ...columns, text }, reader])
    expect(faults(`export const columns = 'id, tenant_id'`)).toEqual([])
    for (const text of [
      'export let columns = "id"',
      'export const columns = process.env.COLUMNS',
    ]) {
      expect(faults(text).map(({ message }) => message)).toEqual([
        'text is put into: select … from flows where tenant_id = $1',
      ])
    }
  })
})

verifies.suite('T19:scopes', () => {
  test('the source reaches beyond a tenant in these places alone', () => {
    expect(scopeFaults(sources)).toEqual([])
    expect(staleScopes(sources)).toEqual([])
  })

  test.each(['database.of(everyTenant)', "import { everyTenant as all } from './scope.ts'"])(
    '`%s` elsewhere is found',
    (text) => {
      expect(found(scopeFaults, 'packages/server/src/http/planted.ts', text)).toEqual([
        'may not use the scope everyTenant',
      ])
    },
  )
})

verifies.suite('house:patterns', () => {
  test('the source has no other', { timeout: 300_000 }, async () => {
    expect(countPatterns(sources)).toBeGreaterThan(50)
    expect(await patternFaults(sources)).toEqual([])
  })

  test.each([
    [String.raw`path.replace(/\/+$/, '')`, String.raw`/\/+$/ is not linear`],
    ['/(a+)+$/.test(text)', '/(a+)+$/ is not linear'],
    ['/(?<!a)a+$/.test(text)', '/(?<!a)a+$/ cannot be shown to be linear'],
    ['new RegExp(text)', 'RegExp makes a pattern that cannot be checked'],
    ['text.match("a+")', 'match makes a pattern that cannot be checked'],
  ])('`%s` is found', async (text, message) => {
    for (const path of ['packages/sdk/src/planted.ts', 'apps/service/src/planted.tsx']) {
      expect(await patternFaults([{ path, text }])).toEqual([{ path, message }])
    }
  })

  test('the check of every commit reads them too', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
    expect(scripts.check).toContain('test/architecture/check-patterns.ts')
  })
})

verifies.suite('house:state', () => {
  test('the source has none', () => {
    expect(moduleStateFaults(sources)).toEqual([])
  })

  test.each(['let open = 0', 'export let open = 0', 'var open'])('`%s` is found', (text) => {
    expect(found(moduleStateFaults, 'packages/sdk/src/planted.ts', text)).toHaveLength(1)
  })
})
