/** What a provider is like stands in its definition: the packages that read definitions name none of them. */
import { providers } from '@keywell/providers'
import { type Fault, isTest, type SourceFile, visit } from './source.ts'

const folders = [
  'packages/server/src/',
  'packages/sdk/src/',
  'packages/react/src/',
  'packages/tools/src/execute/',
]

/** Texts for a developer that show a name as an example, and how often. */
const examples: Readonly<Record<string, number>> = {
  'packages/react/src/check-props.ts': 1,
  'packages/react/src/connections-manager.tsx': 1,
  'packages/react/src/element/settings.ts': 1,
  'packages/react/src/scope-picker.tsx': 1,
}

/** Every way to write a provider's name, in words. */
const names = [...new Set(providers.flatMap(({ name, title }) => [wordsIn(name), wordsIn(title)]))]

/** Names of providers in code: in identifiers, strings, patterns, texts and names of files. Comments may have them. */
export function providerNameFaults(files: readonly SourceFile[]): Fault[] {
  return files
    .filter(({ path }) => folders.some((folder) => path.startsWith(folder)) && !isTest(path))
    .flatMap((file) => {
      const found = [file.path, ...writtenIn(file)].filter(isNaming)
      return found.length === (examples[file.path] ?? 0)
        ? []
        : found.map((text) => ({ path: file.path, message: `names a provider: ${text}` }))
    })
}

/** Files that are permitted an example, and have none. */
export function staleExamples(files: readonly SourceFile[]): string[] {
  return Object.keys(examples).filter(
    (path) => !files.some((file) => file.path === path && writtenIn(file).some(isNaming)),
  )
}

function isNaming(text: string): boolean {
  const all = [` ${wordsIn(text)} `, ` ${wordsIn(text.toLowerCase())} `]
  return names.some((name) => all.some((words) => words.includes(` ${name} `)))
}

/** `azure-devops`, `azureDevops` and `Azure Devops` are the same words. */
function wordsIn(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim()
}

function writtenIn(file: SourceFile): string[] {
  const found: string[] = []
  visit(file, {
    Identifier: ({ name }) => void found.push(name),
    JSXIdentifier: ({ name }) => void found.push(name),
    JSXText: ({ value }) => void found.push(value),
    Literal: (node) => void found.push('regex' in node ? node.regex.pattern : String(node.value)),
    TemplateElement: ({ value }) => void found.push(value.raw),
  })
  return found
}
