import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { type ParseResult, parseSync, Visitor, type VisitorObject } from 'oxc-parser'

/** A source file, by its path from the root of the repository, with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** One `import`, `export … from`, `import()` or `require()` of a file. */
export interface Import {
  readonly specifier: string
  /** Gone after compiling: a whole `import type` or `export type`, not `import { type X }`. */
  readonly typeOnly: boolean
}

/** A rule that was broken: where, and what to know about it. */
export interface Fault {
  readonly path: string
  readonly message: string
}

const skipped = new Set(['node_modules', 'dist', 'fixtures', '.keywell'])

/** Reads all TypeScript and JavaScript of the workspaces and of `test/`. */
export function readSources(root: string): SourceFile[] {
  return ['packages', 'apps', 'test']
    .flatMap((folder) => listFiles(join(root, folder)))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path))
    .map((path) => ({
      path: relative(root, path).split(sep).join('/'),
      text: readFileSync(path, 'utf8'),
    }))
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? listFiles(path) : [path]
  })
}

/** Tests, type tests, what only tests use, and scripts that write source. They may reach for more than the product may. */
export function isTest(path: string): boolean {
  return /\.test(-d|\.support)?\.tsx?$|\/src\/testing\/|^packages\/[^/]+\/scripts\//.test(path)
}

/** Every module that the file asks for, types included. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = []
  const add = (source: { value: unknown } | null, typeOnly: boolean) => {
    if (source !== null) found.push({ specifier: String(source.value), typeOnly })
  }
  visit(file, {
    ImportDeclaration: (node) => add(node.source, node.importKind === 'type'),
    ExportNamedDeclaration: (node) => add(node.source, node.exportKind === 'type'),
    ExportAllDeclaration: (node) => add(node.source, node.exportKind === 'type'),
    TSImportType: (node) => add(node.source, true),
    ImportExpression: (node) => add(literalOrUnknown(node.source), false),
    CallExpression: (node) => {
      const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require'
      if (isRequire) add(literalOrUnknown(node.arguments[0]), false)
    },
  })
  return found
}

/** What cannot be read must not pass: a computed specifier counts as a module that may not be imported. */
function literalOrUnknown(node: { type: string; value?: unknown } | undefined): { value: unknown } {
  return node?.type === 'Literal' ? { value: node.value } : { value: '<computed>' }
}

/** A dozen rules walk the same files, and parsing takes three times as long as a walk. */
const parsed = new WeakMap<SourceFile, ParseResult['program']>()

/** Walks the syntax tree of a file. Throws when it does not parse, since a skipped file proves nothing. */
export function visit(file: SourceFile, visitor: VisitorObject): void {
  const program = parsed.get(file) ?? parse(file)
  parsed.set(file, program)
  new Visitor(visitor).visit(program)
}

function parse(file: SourceFile): ParseResult['program'] {
  const { program, errors } = parseSync(file.path, file.text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${file.path}: ${error.message}`)
  return program
}
