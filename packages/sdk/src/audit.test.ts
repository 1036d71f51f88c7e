import type { AuditLine } from '@keywell/protocol'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { charactersSearched } from '../../../test/support/counted-text.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell, type KeywellOptions } from './index.ts'
import { apiKey, StandInService } from './testing/stand-in-service.ts'

const tenantId = 'org_acme'

let service: StandInService
beforeEach(async () => {
  service = await new StandInService().start()
})
afterEach(() => service.stop())

function open(options: KeywellOptions = {}): Keywell {
  // Pauses are at random up to some length, so there are none.
  const keywell = new Keywell({ url: service.url, apiKey, random: () => 0, ...options })
  onTestFinished(() => keywell.close())
  return keywell
}

function lineOf(position: number): AuditLine {
  return {
    id: `aud_${position}`,
    tenantId,
    at: '2026-11-21T12:00:00.000Z',
    actor: 'key:key_1',
    action: 'credential.read',
    userId: 'user_ü',
    connectionId: null,
    generation: 1,
    result: 'ok',
    reason: null,
    requestId: null,
    call: null,
    position,
    link: 'bGluaw',
  }
}

const textOf = (...positions: number[]) =>
  positions.map((position) => `${JSON.stringify(lineOf(position))}\n`).join('')

/** An answer in pieces, which breaks at its end unless it is whole. */
function answer(bytes: Uint8Array[], end: 'whole' | 'breaks' = 'whole'): Response {
  const pieces = bytes.values()
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { value, done } = pieces.next()
    if (!done) controller.enqueue(value)
    else if (end === 'whole') controller.close()
    else controller.error(new Error('broken'))
  }
  // Nothing is read ahead, so that a break takes nothing along that came before it.
  const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
  return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Answers one call after the other, the last for ever. */
function answerInTurn(...answers: (() => Response)[]): () => Promise<Response> {
  const last = answers.at(-1)
  const next = () => (answers.shift() ?? last)?.() ?? new Response(null, { status: 404 })
  service.answerAll = next
  return async () => next()
}

async function exported(keywell: Keywell, after?: number): Promise<number[]> {
  const positions: number[] = []
  const query = after === undefined ? { tenantId } : { tenantId, after }
  for await (const line of keywell.audit.export(query)) {
    expect(line).toEqual(lineOf(line.position))
    positions.push(line.position)
  }
  return positions
}

test('lines come whole, however they are cut into pieces', async () => {
  const bytes = bytesOf(textOf(1, 2, 3))
  for (const size of [1, 7, 500, bytes.length]) {
    const pieces: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size))
    answerInTurn(() => answer(pieces))
    expect(await exported(open())).toEqual([1, 2, 3])
  }
  answerInTurn(() => answer([]))
  expect(await exported(open())).toEqual([])
})

verifies('sdk:linear-text', async () => {
  const line = { ...lineOf(1), reason: 'x'.repeat(20_000) }
  const bytes = bytesOf(`${JSON.stringify(line)}\n`)
  // Without a network, which would put the pieces together.
  const fetch = answerInTurn(() => answer([...bytes].map((byte) => Uint8Array.of(byte))))
  const searched = await charactersSearched(async () => {
    for await (const { reason } of open({ fetch }).audit.export({ tenantId })) {
      expect(reason).toHaveLength(20_000)
    }
  })
  expect(searched).toBeGreaterThan(0)
  expect(searched).toBeLessThan(10 * bytes.length)
})

test('goes on behind the last line where it breaks, also in the middle of one', async () => {
  const middle = bytesOf(textOf(5)).slice(0, 60)
  const asked: string[] = []
  const next = answerInTurn(
    () => answer([bytesOf(textOf(4))], 'breaks'),
    () => answer([middle], 'breaks'),
    () => answer([middle]),
    () => Response.json({ error: 'restarting' }, { status: 502 }),
    () => answer([bytesOf(textOf(5, 6))]),
  )
  // Without a network, so that each break is where it is.
  const fetch: typeof globalThis.fetch = (url) => {
    asked.push(new URL(String(url)).searchParams.get('after') ?? '')
    return next()
  }
  expect(await exported(open({ fetch }), 3)).toEqual([4, 5, 6])
  expect(asked).toEqual(['3', '4', '4', '4', '4'])
})

test('a service that stays away is an error in the end, and what came before it is not lost', async () => {
  const fetch = answerInTurn(
    () => answer([bytesOf(textOf(1))], 'breaks'),
    () => answer([], 'breaks'),
  )
  const came: number[] = []
  const loop = async () => {
    for await (const { position } of open({ fetch }).audit.export({ tenantId })) came.push(position)
  }
  await expect(loop()).rejects.toMatchObject({ code: 'unavailable' })
  expect(came).toEqual([1])
})

test('a refusal ends it at once', async () => {
  const problem = { code: 'forbidden', status: 403, title: 'forbidden', type: 'about:blank' }
  let calls = 0
  service.answerAll = () => {
    calls += 1
    return Response.json({ ...problem, detail: 'no', nextStep: 'none' }, { status: 403 })
  }
  await expect(exported(open())).rejects.toMatchObject({ code: 'forbidden' })
  expect(calls).toBe(1)
})

test('a service that falls silent is taken for a break', async () => {
  const silent = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(bytesOf(textOf(1))),
      }),
    )
  answerInTurn(silent, () => answer([bytesOf(textOf(2))]))
  expect(await exported(open({ requestTimeoutMs: 200 }))).toEqual([1, 2])
})

test('who takes no more ends the answer', async () => {
  let cancelled = false
  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(bytesOf(textOf(1))),
        cancel() {
          cancelled = true
        },
      }),
    )
  answerInTurn(endless)
  for await (const { position } of open().audit.export({ tenantId })) {
    expect(position).toBe(1)
    break
  }
  await expect.poll(() => cancelled).toBe(true)
})

test('an endless line and a line of something else are errors', async () => {
  for (const text of ['x'.repeat(6_000_000), '{"position":1}\n', 'no JSON\n']) {
    answerInTurn(() => answer([bytesOf(text)]))
    await expect(exported(open())).rejects.toMatchObject({ code: 'unavailable' })
  }
})

test('a query that does not fit is refused before the first call', () => {
  expect(() => open().audit.export({ tenantId: '' })).toThrow('audit.export: "tenantId"')
  expect(() => open().audit.export({ tenantId, after: -1 })).toThrow('audit.export: "after"')
  expect(service.calls).toEqual([])
})
