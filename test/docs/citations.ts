import { headingsOf } from './links.ts'
import type { Pages } from './pages.ts'

/**
 * Sources of promises that name no page, heading or threat of the documentation: `vault.md, Keys`, `T1`,
 * `R5`, several with `;` between. Other sources, such as an RFC, are not looked up.
 */
export function citationFaults(pages: Pages, sources: readonly string[]): string[] {
  const faults = sources.flatMap((source) => source.split('; ')).flatMap((it) => fault(pages, it))
  return [...new Set(faults)]
}

function fault(pages: Pages, citation: string): string[] {
  const [, threats] = /^(T\d+(?: and T\d+)*)$/.exec(citation) ?? []
  if (threats !== undefined) return fault(pages, `threats.md, ${threats}`)
  if (/^R\d+$/.test(citation)) return fault(pages, `refresh.md, ${citation}`)
  const [, name, heading] = /^([\w-]+\.md)(?:, (.+))?$/.exec(citation) ?? []
  if (name === undefined) return []
  const [, page] = [...pages].find(([path]) => path.split('/').at(-1) === name) ?? []
  if (page === undefined) return [`${citation}: there is no page ${name}`]
  const known = new Set([...headingsOf(page).map((text) => text.toLowerCase()), ...numbersOf(page)])
  const cited = heading === undefined ? [] : heading.split(' and ')
  const isThere = (text: string) => known.has(text) || known.has(text.toLowerCase())
  if (heading === undefined || isThere(heading) || cited.every(isThere)) return []
  return [`${citation}: ${name} has no such heading`]
}

/** Threats have a row in a table and no heading. */
function numbersOf(page: string): string[] {
  return [...page.matchAll(/^\| (T\d+) +\|/gm)].map(([, number = '']) => number)
}

/** Pages and headings that comments name in brackets, as `(vault.md, Keys)`. */
export function citationsInComments(text: string): string[] {
  return [...text.matchAll(/\(([a-z-]+\.md, [^)\n]+)\)/g)].map(([, citation = '']) => citation)
}
