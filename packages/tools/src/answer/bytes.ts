/** Text by its bytes. */

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function byteLength(text: string): number {
  return encoder.encode(text).length
}

/** The beginning or the end of a text, in at most so many bytes, and whole characters. */
export function cutBytes(text: string, maxBytes: number, keep: 'start' | 'end'): string {
  const bytes = encoder.encode(text)
  if (bytes.length <= maxBytes) return text
  if (keep === 'start') return decoder.decode(bytes.subarray(0, boundaryBefore(bytes, maxBytes)))
  return decoder.decode(bytes.subarray(boundaryAfter(bytes, bytes.length - maxBytes)))
}

function boundaryBefore(bytes: Uint8Array, at: number): number {
  let place = at
  while (isInside(bytes[place])) place -= 1
  return place
}

function boundaryAfter(bytes: Uint8Array, at: number): number {
  let place = at
  while (isInside(bytes[place])) place += 1
  return place
}

/** Whether a byte continues a character (RFC 3629). */
function isInside(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
