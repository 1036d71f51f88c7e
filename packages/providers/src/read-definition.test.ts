import { expect, test } from 'vitest'
import { acme, rows, withValue } from '../../../test/support/bad-definitions.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { providers, readDefinition } from './index.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const read = (value: unknown) => readDefinition(bytesOf(JSON.stringify(value)))

verifies('providers:data-only', () => {
  for (const provider of providers) {
    const text = JSON.parse(JSON.stringify(provider))
    expect(text, provider.name).toStrictEqual(provider)
    expect(read(provider), provider.name).toEqual({ definition: provider })
  }
})

test('a definition is read as it is written', () => {
  expect(read(acme)).toEqual({ definition: acme })
})

const texts: [what: string, text: string, reason: RegExp][] = [
  ['an empty file', '', /JSON/],
  ['half of a file', JSON.stringify(acme).slice(0, 500), /JSON/],
  ['two values', '{}{}', /JSON/],
  ['a list', '[]', /object/],
  ['a file above 64 KiB', JSON.stringify(acme) + ' '.repeat(65_536), /64 KiB/],
]

verifies.suite('custom:validation', () => {
  test('there are at least 60 of them, and their bases are right', () => {
    expect(rows.length + texts.length).toBeGreaterThanOrEqual(60)
    for (const base of new Set(rows.map(([each]) => each))) {
      expect(read(base)).toHaveProperty('definition')
    }
  })

  const named = rows.map(([base, at, value, ...found]) => [at, value, ...found, base] as const)
  test.each(named)('%s as %j is refused at %s', (at, value, pointer, reason, base) => {
    const answer = read(withValue(base, at, value))
    const problems = 'problems' in answer ? answer.problems : []
    expect(problems).toContainEqual({ pointer, reason: expect.stringMatching(reason) })
  })

  test.each(texts)('%s is refused as a whole', (_, text, reason) => {
    expect(readDefinition(bytesOf(text))).toEqual({
      problems: [{ pointer: '', reason: expect.stringMatching(reason) }],
    })
  })

  test('bytes that are no text are refused', () => {
    expect(readDefinition(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual({
      problems: [{ pointer: '', reason: 'is not UTF-8' }],
    })
  })

  test('what is said of another file repeats nothing of it', () => {
    const secret = 'glpat-0123456789abcdef'
    for (const text of [secret, `{"private_key": "${secret}"`, `{"title": "${secret}"}`]) {
      expect(JSON.stringify(readDefinition(bytesOf(text)))).not.toContain(secret)
    }
  })
})
