import { createDecipheriv } from 'node:crypto'
import { gcm } from '@noble/ciphers/webcrypto.js'

/** Length of the key that {@link aead} takes. */
export const cipherKeyBytes = 32
/** Length of its nonce. */
export const nonceBytes = 12
/** What it appends to the plaintext. */
export const tagBytes = 16

export interface CipherInput {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  /** Authenticated along with the text, and not stored in it. */
  readonly aad: Uint8Array
}

/** The cipher of suite 1. Another implementation of the same bytes can take its place. */
export interface Aead {
  encrypt(input: CipherInput, plaintext: Uint8Array): Promise<Uint8Array>
  /** The plaintext, or `undefined` when tag and text don't belong together. */
  decrypt(input: CipherInput, ciphertext: Uint8Array): Uint8Array | undefined
}

/**
 * AES-256-GCM of the platform: hardware instructions, no table look-ups whose timing could leak
 * (which is why it isn't the pure JavaScript of `@noble/ciphers/aes.js`).
 *
 * Sealed through noble, which refuses a second use of a nonce and checks every length; opened by
 * `node:crypto`, over the same OpenSSL, since a WebCrypto job for a few hundred bytes costs a reader
 * many times what the cipher does. So every read is a cross-check of two callers of these bytes.
 */
export const aead: Aead = {
  encrypt: ({ key, nonce, aad }, plaintext) => gcm(key, nonce, aad).encrypt(plaintext),

  decrypt({ key, nonce, aad }, ciphertext) {
    const textLength = ciphertext.length - tagBytes
    const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
    cipher.setAAD(aad).setAuthTag(ciphertext.subarray(textLength))
    const text = cipher.update(ciphertext.subarray(0, textLength))
    // A plain array on the same bytes: the `slice` of a Buffer would not copy.
    const plaintext = new Uint8Array(text.buffer, text.byteOffset, text.length)
    try {
      cipher.final()
      return plaintext
    } catch {
      // What was decrypted before the tag was checked must not be used.
      plaintext.fill(0)
      return undefined
    }
  },
}
