import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifies } from '../../../../../test/support/verifies.ts'
import { colorsOf, contrastOf, readAppearance } from './appearance.ts'

const cards = { light: '#ffffff', dark: '#1b1d23' } as const

verifies('pages:contrast', () => {
  const channel = fc.integer({ min: 0, max: 255 })
  const color = fc
    .tuple(channel, channel, channel)
    .map((parts) => `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`)
  fc.assert(
    fc.property(color, fc.constantFrom('light' as const, 'dark' as const), (chosen, scheme) => {
      const { accent, onAccent, accentText } = colorsOf(chosen, scheme)
      expect(contrastOf(onAccent, accent)).toBeGreaterThanOrEqual(4.5)
      expect(contrastOf(accent, cards[scheme])).toBeGreaterThanOrEqual(3)
      expect(contrastOf(accentText, cards[scheme])).toBeGreaterThanOrEqual(4.5)
    }),
    { numRuns: 2_000 },
  )
})

test('a colour that can be seen is taken as it is', () => {
  expect(colorsOf('#0b7285', 'light').accent).toBe('#0b7285')
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 5)
  // https://webaim.org/resources/contrastchecker/
  expect(contrastOf('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
})

test('a colour that is none is refused', () => {
  for (const color of ['red', '#fff', '#12345g', '#123456;}']) {
    expect(() => readAppearance({ color })).toThrow(TypeError)
  }
})
