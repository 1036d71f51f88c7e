import { byteLength, cutBytes } from './bytes.ts'

/** Long texts of which the beginning says most. */
const longFields = new Set(['diff', 'description', 'body', 'content'])
const longestText = 2_000
const mark = ' … [cut]'

export interface Bounded {
  readonly data: unknown
  readonly truncated: boolean
  readonly warnings: readonly string[]
}

/** At most so many bytes as JSON: long texts are cut first, then items of a list, from its end. */
export function boundData(data: unknown, maxBytes: number): Bounded {
  if (sizeOf(data) <= maxBytes) return { data, truncated: false, warnings: [] }
  const shortened = shorten(data)
  const cutTexts = 'Long texts were cut. Read one item by itself for all of it.'
  if (sizeOf(shortened) <= maxBytes) {
    return { data: shortened, truncated: true, warnings: [cutTexts] }
  }
  if (!Array.isArray(shortened)) return { data: undefined, truncated: true, warnings: [cutTexts] }
  const kept = firstItems(shortened, maxBytes)
  const missing = `${shortened.length - kept.length} of ${shortened.length} items are left out. Ask for fewer on a page.`
  return { data: kept, truncated: true, warnings: [cutTexts, missing] }
}

function sizeOf(data: unknown): number {
  return byteLength(JSON.stringify(data) ?? '')
}

function firstItems(items: readonly unknown[], maxBytes: number): unknown[] {
  let size = 2
  const kept: unknown[] = []
  for (const item of items) {
    size += sizeOf(item) + 1
    if (size > maxBytes) break
    kept.push(item)
  }
  return kept
}

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shorten)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      typeof each === 'string' && longFields.has(name) && byteLength(each) > longestText
        ? cutBytes(each, longestText, 'start') + mark
        : shorten(each),
    ]),
  )
}
