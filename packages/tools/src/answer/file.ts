import { createHash } from 'node:crypto'
import { AnswerError } from './answer-error.ts'
import { cutBytes } from './bytes.ts'
import { withoutSecrets } from './withhold.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * A file as GitLab answers it, readable: its content decoded where it is text, else left in Base64.
 *
 * @throws AnswerError for content that is not what its checksum is of
 */
export function viewFile(
  file: Fields,
  { maxBytes, secrets }: { readonly maxBytes: number; readonly secrets: readonly string[] },
): { data: Fields; truncated: boolean } {
  const { content, content_sha256: checksum } = file
  if (typeof content !== 'string' || file.encoding !== 'base64')
    return { data: file, truncated: false }
  const bytes = Buffer.from(content, 'base64')
  if (typeof checksum === 'string' && checksum !== sha256(bytes)) {
    throw new AnswerError('unusable', 'The content of the file is not what its checksum is of.')
  }
  const text = textOf(bytes)
  const truncated = bytes.length > maxBytes
  const shown =
    text === undefined
      ? { content: bytes.subarray(0, maxBytes).toString('base64'), encoding: 'base64' }
      : { content: cutBytes(withoutSecrets(text, secrets), maxBytes, 'start'), encoding: 'text' }
  return { data: { ...file, ...shown, ...(truncated && { truncated }) }, truncated }
}

/** Undefined for what is not text: no UTF-8, or with a NUL. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
