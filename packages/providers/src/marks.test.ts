import { readFileSync } from 'node:fs'
import { markSchema } from '@keywell/protocol'
import { expect, it } from 'vitest'
import { createMarks, marksPath } from '../scripts/marks.ts'
import { providers } from './catalogue.ts'
import { marks } from './marks.ts'
import { titles } from './titles.ts'

it('the marks are those of simple-icons: else run `npm run marks -w packages/providers`', () => {
  expect(Object.keys(marks)).toContain('gitlab')
  expect(readFileSync(marksPath, 'utf8')).toBe(createMarks())
})

it('a mark names its owner’s guidelines', () => {
  const text = readFileSync(marksPath, 'utf8')
  const guidelines = text.match(/\/\/ Guidelines of its owner: https:\/\//g)
  expect(guidelines).toHaveLength(Object.keys(marks).length)
})

it('each mark is that of a definition', () => {
  const drawn = providers.flatMap(({ name, mark }) => (mark ? [[name, mark]] : []))
  expect(Object.fromEntries(drawn)).toEqual(marks)
})

it.each(['', 'M0 0"/><script>', 'M0 0 url(#x)', 'M0\n0', `M${'0'.repeat(8_000)}`])(
  'a mark is path data only, and not %j',
  (path) => {
    expect(markSchema.safeParse({ path }).success).toBe(false)
  },
)

it('titles has each that is not its name with a capital letter', () => {
  const others = providers
    .filter(({ name, title }) => title !== name.charAt(0).toUpperCase() + name.slice(1))
    .map(({ name, title }) => [name, title])
  expect(titles).toEqual(Object.fromEntries(others))
})
