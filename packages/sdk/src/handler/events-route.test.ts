import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ConnectRequest } from './connect-request.ts'
import { followConnections } from './events-route.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A page that follows; `left` counts how often its place was given back. */
function open() {
  const aborted = new AbortController()
  const page = { left: 0, wake: () => {}, abort: () => aborted.abort() }
  const follow: ConnectRequest['parts']['follow'] = (_, wake) => {
    page.wake = wake
    return () => {
      page.left += 1
    }
  }
  const request = new Request('https://app.example/api/keywell/connections/events', {
    signal: aborted.signal,
  })
  const response = followConnections({
    parts: { follow },
    who: { tenantId: 'org_1', userId: 'user_1' },
    request,
  } as unknown as ConnectRequest)
  if (response.body === null) throw new Error('no body')
  return Object.assign(page, {
    reader: response.body.getReader(),
  })
}

test('ends after five minutes, with a heartbeat every twenty seconds until then', async () => {
  const page = open()
  const read: string[] = []
  const reading = (async () => {
    for (;;) {
      const { done, value } = await page.reader.read()
      if (done) return
      read.push(Buffer.from(value).toString())
    }
  })()
  await vi.advanceTimersByTimeAsync(5 * 60_000)
  await reading
  expect(read[0]).toBe('data: {}\n\n')
  expect(read.slice(1).every((text) => text === ':\n\n')).toBe(true)
  expect(read).toHaveLength(1 + 15)
  expect(page.left).toBe(1)
  expect(vi.getTimerCount()).toBe(0)
})

test('a page that goes away gives its place back, however its server says so', async () => {
  const cancelled = open()
  await cancelled.reader.cancel()
  const aborted = open()
  aborted.abort()
  for (const page of [cancelled, aborted]) {
    expect(page.left).toBeGreaterThan(0)
    // What comes later is sent nowhere.
    page.wake()
  }
  expect(vi.getTimerCount()).toBe(0)
})

test('a page that does not read is sent no more than it can hold', async () => {
  const page = open()
  for (let changes = 0; changes < 10_000; changes += 1) page.wake()
  await vi.advanceTimersByTimeAsync(5 * 60_000)
  let events = 0
  for (;;) {
    const { done } = await page.reader.read()
    if (done) break
    events += 1
  }
  expect(events).toBeLessThan(100)
})
