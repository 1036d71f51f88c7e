/**
 * Writes `src/marks.ts`: the marks of the catalogue's providers, from simple-icons. Run it after a provider was added,
 * or simple-icons renewed: `npm run marks -w packages/providers`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { knownScopes } from '@keywell/protocol'
import * as icons from 'simple-icons'

export const marksPath = fileURLToPath(new URL('../src/marks.ts', import.meta.url))

// The module's own namespace has no other exports; its types say there is a default one.
const allIcons = Object.values(icons as unknown as Record<string, icons.SimpleIcon>)

/** Those that every page downloads with the kit, whatever it connects. The others have the first letter of their names. */
const inKit = new Set(['gitlab'])

/** Licences of a drawing that allow to copy it. One without an entry is its owner's, whose guidelines hold. */
const freeLicenses = new Set(['CC0-1.0', 'MIT', 'Apache-2.0', 'ISC'])

/** Text of `src/marks.ts`. A provider that simple-icons has no usable mark of gets a monogram. */
export function createMarks(): string {
  const providers = Object.keys(knownScopes).filter((name) => inKit.has(name))
  const found = providers.flatMap((provider) => {
    const icon = allIcons.find(({ slug }) => slug === provider)
    return icon && (!icon.license || freeLicenses.has(icon.license.type))
      ? [{ provider, icon }]
      : []
  })
  return `${header()}
export const marks: Readonly<Record<string, Mark>> = {
${found.map(({ provider, icon }) => entryOf(provider, icon)).join('\n')}
}
`
}

function header(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const version: string = JSON.parse(manifest).devDependencies['simple-icons']
  return `// Written by scripts/marks.ts from simple-icons ${version} (CC0-1.0). Do not edit.

/** A provider's mark, on a square of 24. A mark is its owner's trademark: it may name the provider, unchanged. */
export interface Mark {
  /** How its owner writes the name; shown until the service has sent the provider's title. */
  readonly title: string
  readonly color: string
  readonly path: string
}
`
}

function entryOf(
  provider: string,
  { title, hex, path, source, guidelines }: icons.SimpleIcon,
): string {
  return `  // Guidelines of its owner: ${guidelines ?? source}
  ${provider}: {
    title: '${title}',
    color: '#${hex.toLowerCase()}',
    path: '${path}',
  },`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(marksPath, createMarks())
}
