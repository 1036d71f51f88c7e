/** The documentation holds together: links lead somewhere, and its lists are those of the code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes, routeList } from '@keywell/protocol'
import { logLines } from '@keywell/protocol/log-lines'
import { providers } from '@keywell/providers'
import { KeywellConnectElement } from '@keywell/react/element'
import { findTool } from '@keywell/tools'
import { describe, expect, test } from 'vitest'
import { isTest, readSources } from './architecture/source.ts'
import { citationFaults, citationsInComments } from './docs/citations.ts'
import { componentsPage, undocumented } from './docs/components.ts'
import { linkFaults } from './docs/links.ts'
import { pageOf, placeFaults, spansOfFirstCells } from './docs/lists.ts'
import { logFaults } from './docs/log-lines.ts'
import { type Pages, readPages, repositoryFiles } from './docs/pages.ts'
import { providerPages } from './docs/providers.ts'
import { routeFaults } from './docs/routes.ts'
import { membersOf, quotedMembersOf, upperCaseKeys, variablesRead } from './docs/settings.ts'
import { toolPages } from './docs/tools.ts'
import { root } from './packaging/run.ts'
import { requirements } from './requirements.ts'
import { listFaults, sectionOf } from './support/markdown.ts'
import { verifies } from './support/verifies.ts'

const pages = readPages(root)
const sources = readSources(root)
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')

const errorsPage = pageOf(pages, 'apps/docs/reference/errors.md')
const settingsPage = pageOf(pages, 'apps/docs/reference/settings.md')

const logsPage = pageOf(pages, 'apps/docs/reference/logs.md')
const routesPage = pageOf(pages, 'apps/docs/reference/http-api.md')

const headings = (markdown: string) =>
  [...markdown.matchAll(/^## `(.+)`$/gm)].map(([, name = '']) => name)

const serviceSettings = () => upperCaseKeys('settings.ts', textOf('apps/service/src/settings.ts'))
const startSettings = () => upperCaseKeys('plan.ts', textOf('apps/demo/src/start/plan.ts'))
const sdkSettings = () => [
  ...variablesRead(
    sources.filter(({ path }) => path.startsWith('packages/sdk/src/') && !isTest(path)),
  ),
  ...membersOf('options.ts', textOf('packages/sdk/src/options.ts'), 'KeywellOptions'),
]

verifies.suite('house:links', () => {
  test('every link of a page leads to a file, and every anchor to a heading', () => {
    expect(pages.size).toBeGreaterThan(20)
    expect(linkFaults(pages, repositoryFiles(root))).toEqual([])
  })
})

verifies.suite('house:docs-lists', () => {
  test('each code of an error has its heading', () => {
    expect(listFaults(headings(errorsPage), errorCodes)).toEqual([])
  })

  test.each([
    ['The service', 1, serviceSettings],
    // Of an SDK's option, the variable and the name.
    ['The SDK', 2, sdkSettings],
    ['npm start', 1, startSettings],
  ])('each setting is on its page: %s', (section, cells, read) => {
    const named = read()
    expect(named.length).toBeGreaterThan(5)
    expect(listFaults(spansOfFirstCells(settingsPage, section, cells), named)).toEqual([])
  })
})

verifies('house:docs-routes', () => {
  expect(routeFaults(routesPage, routeList)).toEqual([])
})

verifies('house:docs-logs', () => {
  expect(logFaults(logsPage, logLines)).toEqual([])
})

verifies.suite('house:docs-providers', () => {
  test('the pages are as `npm run provider-pages` writes them', () => {
    const written = [...pages].filter(([path]) => path.startsWith('apps/docs/reference/providers'))
    expect(new Map(written)).toEqual(providerPages(providers))
  })

  test('another value of a definition makes another page', () => {
    const [first] = providers
    if (first === undefined) throw new Error('invariant: a catalogue')
    const changed = [{ ...first, title: 'Other' }, ...providers.slice(1)]
    expect(providerPages(changed)).not.toEqual(providerPages(providers))
  })
})

verifies('house:docs-tools', () => {
  const written = [...pages].filter(([path]) => path.startsWith('apps/docs/reference/tools'))
  expect(new Map(written)).toEqual(toolPages())
})

test('prompts name tools that there are', () => {
  const prompts = pageOf(pages, 'apps/docs/guide/prompts.md')
  const named = [...prompts.matchAll(/`(git(?:lab|hub)_\w+)`/g)].map(([, name = '']) => name)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => findTool(name) === undefined)).toEqual([])
})

const stylesheet = textOf('packages/react/src/styles.css')
const componentsPath = 'apps/docs/reference/components.md'
const ofReact = sources.filter(({ path }) => path.startsWith('packages/react/'))

verifies.suite('house:docs-components', () => {
  test('the page is as `npm run components` writes it', () => {
    expect(pageOf(pages, componentsPath)).toBe(componentsPage(sources, stylesheet))
  })

  test('each prop and component says what it is', () => {
    expect(undocumented(sources)).toEqual([])
  })

  test('the guide has each attribute, property and event of the element', () => {
    const guide = pageOf(pages, 'apps/docs/guide/without-react.md')
    const named = spansOfFirstCells(guide, 'The element', 1).map((span) => span.split('(')[0])
    const { prototype, observedAttributes } = KeywellConnectElement
    const own = Object.getOwnPropertyNames(prototype)
    const path = 'packages/react/src/element/keywell-connect.ts'
    const events = quotedMembersOf(path, textOf(path), 'KeywellConnectEvents')
    expect(events.length).toBeGreaterThan(3)
    const real = [
      ...observedAttributes,
      ...own.filter((name) => name !== 'constructor' && !name.endsWith('Callback')),
      ...events,
    ]
    expect(listFaults(named.map(String), real)).toEqual([])
  })
})

verifies('house:citations', () => {
  const promised = Object.values(requirements).map(({ source }) => source)
  const commented = sources
    .filter(({ path }) => path !== 'test/docs/citations.ts')
    .flatMap(({ text }) => citationsInComments(text))
  expect(commented.length).toBeGreaterThan(0)
  expect(citationFaults(pages, [...promised, ...commented])).toEqual([])
})

verifies('house:docs-places', () => {
  const path = 'apps/docs/internals/architecture.md'
  const table = sectionOf(pageOf(pages, path), 'Where to find things')
  expect(table.split('\n').filter((line) => line.startsWith('|')).length).toBeGreaterThan(11)
  expect(placeFaults(path, table, sources)).toEqual([])
})

describe('pages with faults', () => {
  const planted: Pages = new Map([
    ['README.md', '# Top\n\n[a](docs/a.md) [b](docs/b.md) [c](docs/a.md#the-2nd-part) [d](#top)'],
    ['docs/a.md', '# A\n\n## The 2nd part\n\n[up](../README.md#bottom) [web](https://a.example)'],
  ])

  test('a link that leads nowhere is found, and an anchor without a heading', () => {
    expect(linkFaults(planted, new Set(planted.keys()))).toEqual([
      'README.md: docs/b.md does not exist',
      'docs/a.md: README.md has no heading "bottom"',
    ])
  })

  test('code is not taken for links or headings', () => {
    const page = '# A\n\n`[a](b.md)`\n\n```text\n# B\n[a](c.md)\n```\n\n[b](#b)'
    expect(linkFaults(new Map([['a.md', page]]), new Set(['a.md']))).toEqual([
      'a.md: a.md has no heading "b"',
    ])
  })

  test('what is missing in a list is found, and what is too much', () => {
    expect(listFaults(['a', 'b'], ['b', 'c'])).toEqual(['a is not in the code', 'c is missing'])
    expect(listFaults(['a', 'a'], ['a'])).toEqual(['a is there twice'])
  })

  test('a route that a page forgets is found, and one that it says otherwise', () => {
    const page = routesPage
      .replace(/^.*`GET \/v1\/audit\/head`.*\n/m, '')
      .replace('`providers:read`', '`connections:read`')
      .replace('`key_refused`, ', '')
      .replace('`session.create`', '')
      .replace('`key_in_browser`', '')
    const faults = routeFaults(page, routeList)
    for (const part of ['audit/head', 'providers:read', 'key_refused', 'session.create']) {
      expect(faults.filter((fault) => fault.includes(part)).join()).toMatch(/is missing/)
    }
    expect(faults).toContainEqual(expect.stringMatching(/with an API key .* is not in the code/))
  })

  test('a line of the log that a page forgets is found, and one that it says otherwise', () => {
    const page = logsPage
      .replace(/^\| `sweep failed`.*\n/m, '')
      .replace(/(?<=`clock skew` *\| )`error`/, '`warn`')
      .replace('`drainMs`', '`drainMs`, `user`')
    expect(logFaults(page, logLines)).toEqual([
      'clock skew warn alarm skewMs is not in the code',
      'stop timed out error drainMs user is not in the code',
      'sweep failed warn reason is missing',
      'clock skew error alarm skewMs is missing',
      'stop timed out error drainMs is missing',
    ])
  })

  test('a prop, a key, a part or a component that the page of components forgets is found', () => {
    const page = componentsPage(ofReact, stylesheet)
    const changed = (path: string, before: string, after: string) =>
      ofReact.map((file) => {
        if (file.path !== `packages/react/src/${path}`) return file
        expect(file.text).toContain(before)
        return { ...file, text: file.text.replace(before, after) }
      })
    const planted = {
      path: 'packages/react/src/planted.tsx',
      text: `export interface PlantedProps { deep?: 'a' | 'b' | undefined }
        /** It is planted. */
        export function Planted(): unknown { return <i data-keywell-planted="" /> }`,
    }
    const withPlanted = [
      ...changed('index.ts', 'export ', "export { Planted } from './planted.tsx'\nexport "),
      planted,
    ]
    const found = componentsPage(withPlanted, stylesheet)
    expect(found).toContain('## Planted\n\nIt is planted.')
    expect(found).toMatch(/\| `deep` +\| `'a' \\\| 'b'` +\|/)
    expect(found).toContain('| `i[data-keywell-planted]` |')
    expect(undocumented(withPlanted)).toEqual(['Planted: deep has no docstring'])
    for (const [path, before, after] of [
      ['connect-button-props.ts', "'primary' | 'outline'", "'primary' | 'loud'"],
      ['core/button.ts', 'The account is connected.', 'The account is there.'],
      ['host-field.tsx', '@key Enter:', '@key F5:'],
      ['connect-content.tsx', "part('label')", "part('words')"],
      ['connect-actions.tsx', "part('action')", "part('reply')"],
      ['account-dialog.tsx', "partOf('facts')", "partOf('words')"],
    ] as const) {
      expect(componentsPage(changed(path, before, after), stylesheet), after).not.toBe(page)
    }
    expect(componentsPage(ofReact, stylesheet.replace('0.5rem)', '1rem)'))).not.toBe(page)
  })

  test('the settings that code reads are found', () => {
    const code = `const schema = z.object({ KEYWELL_A: z.string(), notOne: 1 })
      variable('KEYWELL_B'); secretVariable('KEYWELL_C'); other('KEYWELL_D')
      interface Options { url?: string; wait: number }`
    expect(upperCaseKeys('planted.ts', code)).toEqual(['KEYWELL_A'])
    expect(variablesRead([{ path: 'planted.ts', text: code }])).toEqual([
      'KEYWELL_B',
      'KEYWELL_C',
      'KEYWELL_C_FILE',
    ])
    expect(membersOf('planted.ts', code, 'Options')).toEqual(['url', 'wait'])
  })

  test('a citation of a page, a heading or a threat that is not there is found', () => {
    const cited = new Map([
      ['docs/threats.md', '# Threats\n\n| T1  | one |\n\n## Audit, failing closed'],
      ['docs/refresh.md', '## R1'],
    ])
    const right = ['T1; RFC 6749', 'threats.md', 'threats.md, audit, failing closed', 'R1']
    expect(citationFaults(cited, right)).toEqual([])
    expect(
      citationFaults(cited, ['T1 and T2; R3', 'vault.md, Keys', 'refresh.md, R1 and Rules']),
    ).toEqual([
      'threats.md, T1 and T2: threats.md has no such heading',
      'refresh.md, R3: refresh.md has no such heading',
      'vault.md, Keys: there is no page vault.md',
      'refresh.md, R1 and Rules: refresh.md has no such heading',
    ])
    const comment = `${'// as it was decided ('}refresh.md, R1)`
    expect(citationsInComments(comment)).toEqual(['refresh.md, R1'])
  })

  test('a symbol that a file does not declare is found, and a file that is not there', () => {
    const table = `| task | file | function |\n| --- | --- | --- |\n| a | [\`a.ts\`](../a.ts) | \`one\` |
| b | [\`a.ts\`](../a.ts) | \`two\` |\n| c | [\`b.ts\`](../b.ts) | \`one\` |`
    const files = [{ path: 'a.ts', text: 'export function one() {}\n// two' }]
    expect(placeFaults('docs/page.md', table, files)).toEqual([
      'a.ts declares no two',
      'b.ts does not exist',
    ])
  })
})
