import { timingSafeEqual } from 'node:crypto'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { aead, cipherKeyBytes, nonceBytes, tagBytes } from './aead.ts'
import { draw, lengthPrefixed, type RandomBytes, readU32, u32 } from './bytes.ts'
import { VaultError } from './errors.ts'

/**
 * The layout that records and wrapped tenant keys share: format version 1, suite 1 (HKDF-SHA-256,
 * AES-256-GCM, 32-byte key commitment). The label keeps the two apart, even under one key.
 *
 * ```
 * 0 magic "KW" · 2 format · 3 suite · 4 key version (u32) · 8 salt · 40 commitment · 72 nonce · 84 text, tag
 * ```
 *
 * Every envelope has a key of its own, derived with a fresh salt and used once. So no key has a
 * message budget, and the commitment distinguishes a wrong key from a changed text.
 */
export interface EnvelopeContext {
  readonly label: 'keywell/1/record' | 'keywell/1/wrap'
  /** Of the tenant key that seals, or that is wrapped; written in clear. */
  readonly keyVersion: number
  readonly context: Uint8Array
}

/**
 * Lends a key to a function that derives bytes from it, at once: no `await` lies between, so the
 * owner can fill the key with zeros at any time, and nothing is sealed under zeros.
 */
export type LendKey = (derive: (key: Uint8Array) => Uint8Array) => Promise<Uint8Array>

/** What an envelope adds to its plaintext. */
export const envelopeOverheadBytes = 100

const magicAndSuite = Uint8Array.of(0x4b, 0x57, 1, 1)
const headerBytes = 8
const saltBytes = 32
const commitmentBytes = 32
const saltAt = headerBytes
const commitmentAt = saltAt + saltBytes
const nonceAt = commitmentAt + commitmentBytes
const textAt = nonceAt + nonceBytes

/** @throws whatever `randomBytes` throws; nothing is sealed then */
export async function sealEnvelope(
  lendKey: LendKey,
  { label, keyVersion, context }: EnvelopeContext,
  plaintext: Uint8Array,
  randomBytes: RandomBytes,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(textAt + plaintext.length + tagBytes)
  bytes.set(magicAndSuite)
  bytes.set(u32(keyVersion), 4)
  bytes.set(draw(randomBytes, saltBytes), saltAt)
  bytes.set(draw(randomBytes, nonceBytes), nonceAt)
  const { header, salt, nonce } = split(bytes)

  const derived = await lendKey((key) => derive({ key, label, header, salt, context }))
  try {
    const key = derived.subarray(0, cipherKeyBytes)
    bytes.set(derived.subarray(cipherKeyBytes), commitmentAt)
    const aad = lengthPrefixed(header, salt, context)
    bytes.set(await aead.encrypt({ key, nonce, aad }, plaintext), textAt)
    return bytes
  } finally {
    derived.fill(0)
  }
}

/**
 * @param envelope has been through {@link readKeyVersion}
 * @throws VaultError `key_commit` or `tampered`, or whatever `lendKey` throws
 */
export async function openEnvelope(
  lendKey: LendKey,
  { label, context }: Omit<EnvelopeContext, 'keyVersion'>,
  envelope: Uint8Array,
): Promise<Uint8Array> {
  const { header, salt, commitment, nonce, text } = split(envelope)
  const derived = await lendKey((key) => derive({ key, label, header, salt, context }))
  try {
    if (!timingSafeEqual(commitment, derived.subarray(cipherKeyBytes))) {
      throw new VaultError(
        'key_commit',
        'the key or the context is not the one that was sealed under',
      )
    }
    const key = derived.subarray(0, cipherKeyBytes)
    const aad = lengthPrefixed(header, salt, context)
    const plaintext = aead.decrypt({ key, nonce, aad }, text)
    if (!plaintext) throw new VaultError('tampered', 'the sealed bytes were changed')
    return plaintext
  } finally {
    derived.fill(0)
  }
}

/**
 * Checks length, magic, format version and suite, and reads the version of the key.
 *
 * @throws VaultError `format`
 */
export function readKeyVersion(envelope: Uint8Array, maxBytes: number): number {
  if (envelope.length < envelopeOverheadBytes || envelope.length > maxBytes) {
    throw new VaultError('format', `${envelope.length} bytes cannot be a sealed record`)
  }
  if (magicAndSuite.some((byte, index) => envelope[index] !== byte)) {
    throw new VaultError('format', 'not a sealed record of a known version and suite')
  }
  return readU32(envelope, magicAndSuite.length)
}

function split(
  envelope: Uint8Array,
): Record<'header' | 'salt' | 'commitment' | 'nonce' | 'text', Uint8Array> {
  return {
    header: envelope.subarray(0, headerBytes),
    salt: envelope.subarray(saltAt, commitmentAt),
    commitment: envelope.subarray(commitmentAt, nonceAt),
    nonce: envelope.subarray(nonceAt, textAt),
    text: envelope.subarray(textAt),
  }
}

/**
 * The context goes in here and again as associated data: here a wrong one yields a wrong key, which
 * the commitment sees before anything is decrypted; there the promise outlives a change of this.
 */
function derive(input: {
  key: Uint8Array
  label: string
  header: Uint8Array
  salt: Uint8Array
  context: Uint8Array
}): Uint8Array {
  const info = lengthPrefixed(input.label, input.header, input.context)
  return hkdf(sha256, input.key, input.salt, info, cipherKeyBytes + commitmentBytes)
}
