import { posix } from 'node:path'
import type { Pages } from './pages.ts'

/** Relative links and anchors that lead nowhere, as `page: what is wrong`. Links to the web are not followed. */
export function linkFaults(pages: Pages, files: ReadonlySet<string>): string[] {
  return [...pages].flatMap(([page, markdown]) =>
    linksIn(markdown).flatMap((link) => {
      if (/^[a-z]+:/.test(link)) return []
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : posix.join(posix.dirname(page), path)
      if (!files.has(target.replace(/\/$/, ''))) return [`${page}: ${target} does not exist`]
      if (anchor === undefined || anchorsOf(pages.get(target) ?? '').has(anchor)) return []
      return [`${page}: ${target} has no heading "${anchor}"`]
    }),
  )
}

function linksIn(markdown: string): string[] {
  const prose = withoutCode(markdown).replaceAll(/`[^`\n]*`/g, 'code')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
}

/** Anchors of a page's headings, made as GitHub makes them. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const counts = new Map<string, number>()
  const anchors = headingsOf(markdown).map((text) => {
    const anchor = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-')
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
  return new Set(anchors)
}

/** The texts of a page's headings. */
export function headingsOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => text.trim())
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^\s*```[\s\S]*?^\s*```/gm, '')
}
