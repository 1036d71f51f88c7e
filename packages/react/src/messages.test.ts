// @vitest-environment node
import { errorCodes, providerReasonSchema, reauthReasonSchema } from '@keywell/protocol'
import { describe, expect, it } from 'vitest'
import { de } from './de.ts'
import { english } from './testing/english.ts'
import { fill, mergeTexts } from './texts/texts.ts'

/** `group.key`, and the text. */
function textsOf(messages: object): [string, string][] {
  return Object.entries(messages).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[key, value] as [string, string]]
      : textsOf(value).map(([name, text]): [string, string] => [`${key}.${name}`, text]),
  )
}

const names = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

describe('the catalogue', () => {
  it('has words for every reason that the protocol knows', () => {
    expect(Object.keys(english.reasons).sort()).toEqual([...reauthReasonSchema.options].sort())
    const reasons = Object.keys(english.providerReasons).sort()
    expect(reasons).toEqual([...providerReasonSchema.options].sort())
    expect(errorCodes).toEqual(expect.arrayContaining(Object.keys(english.errors)))
  })

  it('is complete in German, with the same values in each sentence', () => {
    const german = new Map(textsOf({ ...de, scopeWords: {} }))
    expect([...german.keys()].sort()).toEqual(
      textsOf(english)
        .map(([key]) => key)
        .sort(),
    )
    for (const [key, text] of textsOf(english)) {
      expect(german.get(key), key).not.toBe(text)
      expect(german.get(key), key).toBeTruthy()
      expect(names(german.get(key) ?? ''), key).toEqual(names(text))
    }
  })

  it.each([
    ['English', english],
    ['German', de],
  ])('says the next step after each error: %s', (_, { errors, providerReasons, reasons }) => {
    const step =
      /Please|bitte|Bitte|try again|versuchen|Connect it again|Verbinden|disconnect it|trennen Sie/
    for (const text of [errors, providerReasons, reasons].flatMap(Object.values)) {
      expect(text).toMatch(step)
      expect(text).toMatch(/\.$/)
    }
  })
})

it('takes what the app gives, group by group', () => {
  const merged = mergeTexts(english, { note: { denied: 'No.' }, popup: 'Again' })
  expect(merged).toMatchObject({ locale: 'en', popup: 'Again', reference: english.reference })
  expect(merged.note).toEqual({ ...english.note, denied: 'No.' })
  expect(mergeTexts(english, de)).toEqual(de)
})

it('puts values in the place of their names, and nothing else', () => {
  expect(fill('{a} and {b}, {constructor}', { a: '$& {b}', b: '2' })).toBe(
    '$& {b} and 2, {constructor}',
  )
})
