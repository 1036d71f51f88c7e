import fc from 'fast-check'
import { expect, test } from 'vitest'
import { charactersSearched } from '../../../../test/support/counted-text.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { readEvents } from './server-sent-events.ts'

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array, void, void> {
  for (const text of texts) yield new TextEncoder().encode(text)
}

async function read(...texts: string[]): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const event of readEvents(chunksOf(...texts))) seen.push(event)
  return seen
}

test('reads name, id and data, and skips comments', async () => {
  expect(await read(': hi\n\nevent: change\nid: 7\ndata: {"a":1}\n\n:\n\n')).toMatchObject([
    { event: 'change', id: '7', data: '{"a":1}' },
  ])
})

test('an event may have no name; its lines of data are joined', async () => {
  expect(await read('data: one\ndata: two\n\n')).toMatchObject([
    { event: undefined, data: 'one\ntwo' },
  ])
})

test('an event that was cut off does not count', async () => {
  expect(await read('data: whole\n\ndata: ha')).toHaveLength(1)
  expect(await read('data: half\n')).toEqual([])
})

test('an event without data does not count, and leaves no name behind', async () => {
  expect(await read('event: a\n\ndata: b\n\n')).toMatchObject([{ event: undefined, data: 'b' }])
})

test('where the chunks are cut makes no difference, whatever the line ends are', async () => {
  const plain = 'event: change\nid: 1\ndata: äöü €\n\n: beat\n\ndata: two\ndata:lines\n\n'
  const whole = await read(plain)
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
  await fc.assert(
    fc.asyncProperty(
      lineEnd,
      fc.array(fc.nat({ max: 80 }), { maxLength: 6 }),
      async (end, cuts) => {
        const bytes = new TextEncoder().encode(plain.replaceAll('\n', end))
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]
        async function* cut() {
          for (const [i, from] of at.entries()) yield bytes.slice(from, at[i + 1] ?? bytes.length)
        }
        const seen: unknown[] = []
        for await (const event of readEvents(cut())) seen.push(event)
        // The last CR may be half of a CRLF, so that with CR alone the last event waits.
        expect(seen).toEqual(end === '\r' ? whole.slice(0, seen.length) : whole)
        expect(seen.length).toBeGreaterThanOrEqual(whole.length - 1)
      },
    ),
  )
})

verifies('sdk:linear-text', async () => {
  const line = `data: ${'x'.repeat(20_000)}`
  const bytes = new TextEncoder().encode(`${line}\n\n`)
  async function* oneByOne() {
    for (const byte of bytes) yield Uint8Array.of(byte)
  }
  const searched = await charactersSearched(async () => {
    for await (const { data } of readEvents(oneByOne())) expect(data).toHaveLength(20_000)
  })
  expect(searched).toBeGreaterThan(0)
  expect(searched).toBeLessThan(10 * bytes.length)
})

test('an event of many lines is refused before it fills the memory', async () => {
  await expect(read('data: one more line\n'.repeat(10_000))).rejects.toThrow('too long')
})

test('an endless line is refused before it fills the memory', async () => {
  await expect(read('x'.repeat(200_000))).rejects.toThrow('too long')
})
