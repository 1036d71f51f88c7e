import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gcm } from '@noble/ciphers/aes.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { verifies } from '../../../../test/support/verifies.ts'
import { aead, tagBytes } from './aead.ts'

const hex = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')))
const message = z.object({ key: hex, nonce: hex, aad: hex, sealed: hex })
const answers = z
  .object({
    sealed: z.array(message.extend({ text: hex })).min(60),
    refused: z.array(message).min(60),
    derived: z.array(z.object({ key: hex, salt: hex, info: hex, output: hex })).min(9),
  })
  .parse(JSON.parse(readFileSync(new URL('known-answers.test.json', import.meta.url), 'utf8')))

/** The same bytes by callers that know nothing of ours. */
const others: Record<string, typeof aead> = {
  'node:crypto': {
    async encrypt({ key, nonce, aad }, text) {
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad)
      const bytes = [cipher.update(text), cipher.final(), cipher.getAuthTag()]
      return new Uint8Array(Buffer.concat(bytes))
    },
    decrypt({ key, nonce, aad }, sealed) {
      const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      cipher.setAAD(aad).setAuthTag(sealed.subarray(-tagBytes))
      try {
        const bytes = [cipher.update(sealed.subarray(0, -tagBytes)), cipher.final()]
        return new Uint8Array(Buffer.concat(bytes))
      } catch {
        return undefined
      }
    },
  },
  'pure JavaScript': {
    encrypt: async ({ key, nonce, aad }, text) => gcm(key, nonce, aad).encrypt(text),
    decrypt({ key, nonce, aad }, sealed) {
      try {
        return gcm(key, nonce, aad).decrypt(sealed)
      } catch {
        return undefined
      }
    },
  },
}

verifies.suite('vault:known-answers', () => {
  test.each(Object.entries({ ours: aead, ...others }))(
    'AES-256-GCM of %s gives the answers that are known',
    async (_, cipher) => {
      for (const { text, sealed, ...input } of answers.sealed) {
        expect(Buffer.from(await cipher.encrypt(input, text))).toEqual(Buffer.from(sealed))
        expect(Buffer.from(cipher.decrypt(input, sealed) ?? 'refused')).toEqual(Buffer.from(text))
      }
      for (const { sealed, ...input } of answers.refused) {
        expect(cipher.decrypt(input, sealed)).toBeUndefined()
      }
    },
  )

  test('HKDF-SHA-256 gives the answers that are known', () => {
    for (const { key, salt, info, output } of answers.derived) {
      expect(hkdf(sha256, key, salt, info, output.length)).toEqual(output)
      expect(new Uint8Array(hkdfSync('sha256', key, salt, info, output.length))).toEqual(output)
    }
  })

  test.each(Object.entries(others))(
    '%s opens what ours seals, and the reverse',
    async (_, cipher) => {
      for (const length of [0, 1, 15, 16, 17, 128, 4_096]) {
        const key = crypto.getRandomValues(new Uint8Array(32))
        const input = { key, nonce: key.slice(0, 12), aad: key.slice(0, length % 31) }
        const text = crypto.getRandomValues(new Uint8Array(length))
        expect(cipher.decrypt(input, await aead.encrypt(input, text))).toEqual(text)
        expect(aead.decrypt(input, await cipher.encrypt(input, text))).toEqual(text)
      }
    },
  )
})
