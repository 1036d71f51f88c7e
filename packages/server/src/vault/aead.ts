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
  decrypt(input: CipherInput, ciphertext: Uint8Array): Promise<Uint8Array | undefined>
}

/**
 * AES-256-GCM of the platform: hardware instructions, no table look-ups whose timing could leak
 * (which is why it isn't the pure JavaScript of `@noble/ciphers/aes.js`).
 */
export const aead: Aead = {
  encrypt: ({ key, nonce, aad }, plaintext) => gcm(key, nonce, aad).encrypt(plaintext),

  async decrypt({ key, nonce, aad }, ciphertext) {
    try {
      return await gcm(key, nonce, aad).decrypt(ciphertext)
    } catch (error) {
      // WebCrypto's only name for a tag that does not fit. Anything else is a fault of the platform.
      if (error instanceof Error && error.name === 'OperationError') return undefined
      throw error
    }
  },
}
