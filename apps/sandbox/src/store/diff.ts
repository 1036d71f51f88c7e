/** Lines that a hunk shows before and after what has changed. */
const contextLines = 3

export interface Hunk {
  text: string
  additions: number
  deletions: number
}

/**
 * The change of a text as one hunk of a unified diff: from the first line that differs to the last. It is correct,
 * and longer than git's where lines in between stayed as they were.
 */
export function diffText(before: string, after: string): Hunk {
  if (before === after) return { text: '', additions: 0, deletions: 0 }
  const [old, now] = [linesOf(before), linesOf(after)]
  const same = sharedStart(old, now)
  const sameAtEnd = sharedStart(old.slice(same).reverse(), now.slice(same).reverse())
  const start = Math.max(0, same - contextLines)
  const removed = old.slice(same, old.length - sameAtEnd)
  const added = now.slice(same, now.length - sameAtEnd)
  const tail = old.slice(old.length - sameAtEnd).slice(0, contextLines)
  const lead = old.slice(start, same)
  const around = lead.length + tail.length
  const lines = [
    `@@ -${range(start, around + removed.length)} +${range(start, around + added.length)} @@\n`,
    ...lead.map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...tail.map((line) => ` ${line}`),
  ]
  const text = lines.map(endOfLine).join('')
  return { text, additions: added.length, deletions: removed.length }
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function endOfLine(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`
}

function sharedStart(one: readonly string[], other: readonly string[]): number {
  const end = Math.min(one.length, other.length)
  for (let index = 0; index < end; index += 1) if (one[index] !== other[index]) return index
  return end
}

function range(start: number, length: number): string {
  const first = length === 0 ? start : start + 1
  return length === 1 ? String(first) : `${first},${length}`
}
