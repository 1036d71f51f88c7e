import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { Secret } from './secret.ts'

const marked = 'marked-secret-value'
const secret = new Secret(marked)

test('expose is the way to the value', () => {
  expect(secret.expose()).toBe(marked)
})

test.each<[string, () => string]>([
  ['a template', () => `${secret}`],
  // biome-ignore lint/style/useTemplate: concatenation is what is tried
  ['concatenation', () => `a${secret}` + secret],
  ['JSON', () => JSON.stringify({ secret, list: [secret] })],
  ['inspect', () => inspect(secret, { showHidden: true, depth: 9 })],
  ['inspect without custom inspection', () => inspect(secret, { customInspect: false })],
  ['every directive of format', () => format('%s %d %i %f %j %o %O', ...Array(7).fill(secret))],
  ['spread and assign', () => JSON.stringify({ ...secret, ...Object.assign({}, secret) })],
  ['a structured clone', () => inspect(structuredClone({ ...secret }))],
  ['v8 serialisation', () => serialize(secret).toString('latin1')],
  ['an error and its cause', () => inspect(new Error('failed', { cause: secret }))],
  ['String and keys', () => String(secret) + Object.keys(secret).join()],
])('%s does not show it', (_what, show) => {
  expect(show()).not.toContain(marked)
})

test('nothing can be hung on it', () => {
  expect(() => Object.assign(secret, { expose: () => 'forged' })).toThrow(TypeError)
})
