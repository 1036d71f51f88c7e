/**
 * Writes `registry/*.json`: the items that `npx shadcn add` copies into an app, from `apps/docs/registry`. Run it
 * after a source was changed: `npm run registry -w packages/react`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sourceFolder = fileURLToPath(new URL('../../../apps/docs/registry/', import.meta.url))
export const registryFolder = fileURLToPath(new URL('../registry/', import.meta.url))

interface Item {
  readonly name: string
  readonly title: string
  readonly description: string
  /** Names of files. */
  readonly sources: readonly string[]
  /** What the command says afterwards. */
  readonly docs: string
}

// A file that several items bring is the same one in each, so that every item can be added alone.
const items: readonly Item[] = [
  {
    name: 'keywell',
    title: 'Keywell, in your classes',
    description:
      'A provider that gives each part of the connect kit Tailwind classes, by the colours of your shadcn theme.',
    sources: ['keywell.tsx'],
    docs: 'Put KeywellProvider of components/keywell around your app, and import ConnectButton from there, too.',
  },
  {
    name: 'integration-card',
    title: 'Integration card',
    description: 'One integration of a settings page: mark, state and connect button.',
    sources: ['keywell.tsx', 'integration-card.tsx'],
    docs: 'Put KeywellProvider of components/keywell around your app.',
  },
]

/** Texts of the files, by name. */
export function createRegistry(): Map<string, string> {
  const catalogue = {
    $schema: 'https://ui.shadcn.com/schema/registry.json',
    name: 'keywell',
    homepage: 'https://www.npmjs.com/package/@keywell/react',
    items: items.map((item) => entryOf(item, () => ({}))),
  }
  const files = items.map((item): [string, string] => {
    const entry = entryOf(item, (source) => ({
      content: readFileSync(join(sourceFolder, source), 'utf8'),
    }))
    const schema = { $schema: 'https://ui.shadcn.com/schema/registry-item.json' }
    return [`${item.name}.json`, asJson({ ...schema, ...entry })]
  })
  return new Map([['registry.json', asJson(catalogue)], ...files])
}

function entryOf({ sources, ...item }: Item, more: (source: string) => object): object {
  const type = 'registry:component'
  return {
    ...item,
    type,
    dependencies: ['@keywell/react'],
    files: sources.map((source) => ({ path: `registry/${source}`, type, ...more(source) })),
  }
}

const asJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of createRegistry()) writeFileSync(join(registryFolder, name), text)
}
