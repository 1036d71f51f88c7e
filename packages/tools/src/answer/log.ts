import { stripVTControlCharacters } from 'node:util'
import { cutBytes } from './bytes.ts'
import { withoutSecrets } from './withhold.ts'

export interface LogView {
  readonly content: string
  readonly truncated: boolean
  /** Of the log as it came. */
  readonly byte_count: number
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
}

/** What a job printed, without colours and marks, cut at whole lines where a part has one. */
export function viewLog(body: Uint8Array, { maxBytes, keep, secrets }: LogOptions): LogView {
  const plain = stripVTControlCharacters(new TextDecoder().decode(body)).replace(sectionMark, '')
  const text = withoutSecrets(plain, secrets)
  const part = cutBytes(text, maxBytes, keep)
  const truncated = part.length < text.length
  return {
    content: truncated ? wholeLines(part, keep) : part,
    truncated,
    byte_count: body.length,
    kept: keep,
  }
}

function wholeLines(part: string, keep: 'start' | 'end'): string {
  const at = keep === 'start' ? part.lastIndexOf('\n') : part.indexOf('\n')
  if (at === -1) return part
  return keep === 'start' ? part.slice(0, at + 1) : part.slice(at + 1)
}
