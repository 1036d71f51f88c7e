import { crc32 } from 'node:zlib'
import { type ApiKeyId, base32 } from '@keywell/protocol'

/**
 * An API key: `kw_`, the key's id, 256 random bits, a checksum. The prefix lets secret scanners find
 * it, the checksum reveals a typing error without a look-up.
 */
const pattern = /^kw_([0-9A-HJKMNP-TV-Z]{26})_([0-9A-HJKMNP-TV-Z]{52})([0-9A-HJKMNP-TV-Z]{7})$/
const secretBytes = 32

export function writeKey(id: ApiKeyId, randomBytes: (bytes: number) => Uint8Array): string {
  const body = `kw_${id.slice(4)}_${base32(randomBytes(secretBytes))}`
  return body + checksum(body)
}

/** The id that a key names; undefined for what is none. */
export function idInKey(key: string): string | undefined {
  const [, id, , sum] = pattern.exec(key) ?? []
  return sum !== undefined && checksum(key.slice(0, -7)) === sum ? `key_${id}` : undefined
}

function checksum(text: string): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(text))
  return base32(bytes)
}
