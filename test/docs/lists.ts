import { posix } from 'node:path'
import { type SourceFile, visit } from '../architecture/source.ts'
import { sectionOf, spansIn, tableRows } from '../support/markdown.ts'
import type { Pages } from './pages.ts'

export function pageOf(pages: Pages, path: string): string {
  const page = pages.get(path)
  if (page === undefined) throw new TypeError(`There is no page ${path}.`)
  return page
}

/** Code spans in the first cells of the tables below a heading of the second rank. */
export function spansOfFirstCells(markdown: string, heading: string, cells: number): string[] {
  return tableRows(sectionOf(markdown, heading)).flatMap((row) =>
    row.slice(0, cells).flatMap(spansIn),
  )
}

/** Rows of a table "task, file, function" that name a file or a declaration that does not exist. */
export function placeFaults(
  page: string,
  markdown: string,
  sources: readonly SourceFile[],
): string[] {
  return tableRows(markdown)
    .slice(1)
    .flatMap(([, file = '', symbol = '']) => {
      const path = posix.join(posix.dirname(page), /\]\(([^)]+)\)/.exec(file)?.[1] ?? '')
      const source = sources.find((each) => each.path === path)
      if (source === undefined) return [`${path} does not exist`]
      const declared = declarationsOf(source)
      return spansIn(symbol)
        .filter((name) => !declared.has(name))
        .map((name) => `${path} declares no ${name}`)
    })
}

/** Names of functions, constants, types and classes that a file declares at any depth. */
function declarationsOf(source: SourceFile): ReadonlySet<string> {
  const names = new Set<string>()
  const add = (node: { id: { name?: unknown } | null }) => {
    if (typeof node.id?.name === 'string') names.add(node.id.name)
  }
  visit(source, {
    FunctionDeclaration: add,
    ClassDeclaration: add,
    TSInterfaceDeclaration: add,
    TSTypeAliasDeclaration: add,
    VariableDeclarator: ({ id }) => {
      if (id.type === 'Identifier') names.add(id.name)
    },
  })
  return names
}
