/** Draws `length` random bytes. Passed in everywhere; the default is the system's generator. */
export type RandomBytes = (length: number) => Uint8Array

/** Random bytes, or a throw: a generator that gives too few must never lead to a record. */
export function draw(randomBytes: RandomBytes, length: number): Uint8Array {
  const bytes = randomBytes(length)
  if (bytes.length !== length)
    throw new Error(`the random source gave ${bytes.length} of ${length} bytes`)
  return bytes
}

/**
 * Writes each part as its length (`u32`) and its bytes: text as UTF-8, numbers as `u32`, all
 * big-endian. Different part lists never give the same bytes.
 */
export function lengthPrefixed(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  let length = 0
  for (const part of parts) length += 4 + lengthOf(part)
  const bytes = Buffer.alloc(length)
  let offset = 0
  for (const part of parts) {
    const partLength = lengthOf(part)
    bytes.writeUInt32BE(partLength, offset)
    offset += 4
    if (typeof part === 'number') bytes.set(u32(part), offset)
    else if (typeof part === 'string') bytes.write(part, offset, 'utf8')
    else bytes.set(part, offset)
    offset += partLength
  }
  return bytes
}

function lengthOf(part: string | number | Uint8Array): number {
  if (typeof part === 'number') return 4
  if (typeof part !== 'string') return part.length
  // Encoding turns every lone surrogate into U+FFFD, so two texts would become one.
  if (loneSurrogate.test(part)) throw new TypeError('a context part is not well-formed Unicode')
  return Buffer.byteLength(part, 'utf8')
}

const loneSurrogate = /\p{Surrogate}/u

export function u32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new TypeError(`not a number of 32 bits: ${value}`)
  }
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset)
}
