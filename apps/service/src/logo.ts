import { readFileSync } from 'node:fs'
import type { Logo } from '@keywell/server'

/** Largest logo, in bytes: each page of the service loads it. */
const maxBytes = 256 * 1024

const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const jpeg = [0xff, 0xd8, 0xff]

/**
 * The logo of a file. Its first bytes say what it is, whatever its name ends with. It is served as an image, with a
 * policy under which none of its scripts runs.
 *
 * @throws Error with one sentence
 */
export function readLogo(path: string): Logo {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new Error(`KEYWELL_APP_LOGO: ${path} cannot be read.`, { cause })
  }
  if (bytes.length > maxBytes) {
    throw new Error(`KEYWELL_APP_LOGO: ${path} has more than ${maxBytes} bytes.`)
  }
  const type = typeOf(bytes)
  if (type !== undefined) return { type, bytes }
  throw new Error(`KEYWELL_APP_LOGO: ${path} is neither PNG, JPEG, WebP nor SVG.`)
}

function typeOf(bytes: Uint8Array): Logo['type'] | undefined {
  if (beginsWith(bytes, png)) return 'image/png'
  if (beginsWith(bytes, jpeg)) return 'image/jpeg'
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 1_000))
  if (/^RIFF.{4}WEBP/s.test(text)) return 'image/webp'
  return /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^>]*-->\s*)?<svg[\s>]/.test(text)
    ? 'image/svg+xml'
    : undefined
}

function beginsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte)
}
