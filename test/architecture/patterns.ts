/** What a regular expression may cost: no more than a fixed number of steps for each character it reads. */
import { check } from 'recheck'
import { type Fault, isTest, type SourceFile, visit } from './source.ts'

/** A regular expression of the source. */
interface Pattern {
  readonly path: string
  readonly source: string
  readonly flags: string
}

/** Milliseconds for one pattern; what cannot be decided in that time is to be written in a simpler way. */
const timeoutMs = 60_000
/** Methods of a text that make a pattern of the text they are given. */
const makers = new Set(['match', 'matchAll', 'search'])

/**
 * Patterns of the product that may need more than linear time, and those for which the checker cannot decide.
 *
 * Only what is proved counts: the checker decides by an automaton, and does not try texts at random.
 */
export async function patternFaults(files: readonly SourceFile[]): Promise<Fault[]> {
  const product = files.filter(isProduct)
  const unread = product.flatMap((file) =>
    madeAtRunTime(file).map((message) => ({ path: file.path, message })),
  )
  const judged = await Promise.all(product.flatMap(patternsOf).map(judge))
  return [...unread, ...judged.flat()]
}

async function judge({ path, source, flags }: Pattern): Promise<Fault[]> {
  const { status } = await check(source, flags, { checker: 'automaton', timeout: timeoutMs })
  if (status === 'safe') return []
  const what = status === 'vulnerable' ? 'is not linear' : 'cannot be shown to be linear'
  return [{ path, message: `/${source}/${flags} ${what}` }]
}

/** How many patterns the rule reads: a rule that reads none proves nothing. */
export function countPatterns(files: readonly SourceFile[]): number {
  return files.filter(isProduct).flatMap(patternsOf).length
}

function isProduct({ path }: SourceFile): boolean {
  return /^(packages|apps)\//.test(path) && !isTest(path)
}

function patternsOf(file: SourceFile): Pattern[] {
  const found: Pattern[] = []
  visit(file, {
    Literal: (node) => {
      if (!('regex' in node)) return
      found.push({ path: file.path, source: node.regex.pattern, flags: node.regex.flags })
    },
  })
  return found
}

/** A pattern that is put together while the program runs cannot be checked. */
function madeAtRunTime(file: SourceFile): string[] {
  const found: string[] = []
  const refuse = (name: string) => found.push(`${name} makes a pattern that cannot be checked`)
  const look = (callee: { type: string; name?: unknown }) => {
    if (callee.type === 'Identifier' && callee.name === 'RegExp') refuse('RegExp')
  }
  visit(file, {
    NewExpression: ({ callee }) => look(callee),
    CallExpression: ({ callee, arguments: [argument] }) => {
      look(callee)
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
      const isText = argument?.type === 'TemplateLiteral' || isTextLiteral(argument)
      if (makers.has(callee.property.name) && isText) refuse(callee.property.name)
    },
  })
  return found
}

function isTextLiteral(node: { type: string; value?: unknown } | undefined): boolean {
  return node?.type === 'Literal' && typeof node.value === 'string'
}
