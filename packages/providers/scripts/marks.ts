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

/** A mark as dark as this is lost on a dark page: its owner draws it in white there, and it is shown in the colour of the text. */
const darkest = 0x40

/** Licences of a drawing that allow to copy it. One without an entry is its owner's, whose guidelines hold. */
const freeLicenses = new Set(['CC0-1.0', 'MIT', 'Apache-2.0', 'ISC'])

/** Text of `src/marks.ts`. A provider that simple-icons has no usable mark of gets a monogram. */
export function createMarks(): string {
  const found = Object.keys(knownScopes).flatMap((provider) => {
    const icon = allIcons.find(({ slug }) => slug === provider)
    return icon && (!icon.license || freeLicenses.has(icon.license.type))
      ? [{ provider, icon }]
      : []
  })
  return `${header()}
export const marks = {
${found.map(({ provider, icon }) => entryOf(provider, icon)).join('\n')}
} satisfies Readonly<Record<string, Mark>>
`
}

function header(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const version: string = JSON.parse(manifest).devDependencies['simple-icons']
  return `// Written by scripts/marks.ts from simple-icons ${version} (CC0-1.0). Do not edit.
import type { Mark } from '@keywell/protocol'
`
}

function entryOf(provider: string, { hex, path, source, guidelines }: icons.SimpleIcon): string {
  const color = isDark(hex)
    ? ''
    : `
    color: '#${hex.toLowerCase()}',`
  return `  // Guidelines of its owner: ${guidelines ?? source}
  ${provider}: {${color}
    path: '${path}',
  },`
}

function isDark(hex: string): boolean {
  return [0, 2, 4].every((place) => Number.parseInt(hex.slice(place, place + 2), 16) < darkest)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(marksPath, createMarks())
}
