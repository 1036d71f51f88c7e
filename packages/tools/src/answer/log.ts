import { stripVTControlCharacters } from 'node:util'
import { cutBytes } from './bytes.ts'
import { withoutSecrets } from './withhold.ts'

export interface LogView {
  readonly content: string
  readonly truncated: boolean
  /** Of the log as it came. */
  readonly byte_count?: number
  /** In its place, where the log was not read to its end: `content` is of what was. */
  readonly byte_count_at_least?: number
  /** Which part `content` is. */
  readonly kept: 'start' | 'end'
}

/** GitLab's marks of a part that its page folds, such as `section_start:1560896352:build[collapsed=true]`. */
const sectionMark = /section_(?:start|end):\d{1,15}:[\w.-]{1,200}(?:\[[^\]\n]{0,200}\])?\r?/g

interface LogOptions {
  readonly maxBytes: number
  readonly keep: 'start' | 'end'
  /** Cut out wherever they stand. */
  readonly secrets: readonly string[]
  readonly isCut: boolean
}

/** What a job printed, without colours and marks, cut at whole lines where a part has one. */
export function viewLog(body: Uint8Array, { maxBytes, keep, secrets, isCut }: LogOptions): LogView {
  // Of a log that was cut, no half of a secret is left at its end.
  const longest = Math.max(0, ...secrets.map((secret) => secret.length))
  const read = isCut ? body.subarray(0, Math.max(0, body.length - longest)) : body
  const plain = stripVTControlCharacters(new TextDecoder().decode(read)).replace(sectionMark, '')
  const text = withoutSecrets(plain, secrets)
  const part = cutBytes(text, maxBytes, keep)
  const truncated = part.length < text.length || isCut
  return {
    content: part.length < text.length ? wholeLines(part, keep) : part,
    truncated,
    ...(isCut ? { byte_count_at_least: body.length } : { byte_count: body.length }),
    kept: keep,
  }
}

function wholeLines(part: string, keep: 'start' | 'end'): string {
  const at = keep === 'start' ? part.lastIndexOf('\n') : part.indexOf('\n')
  if (at === -1) return part
  return keep === 'start' ? part.slice(0, at + 1) : part.slice(at + 1)
}
