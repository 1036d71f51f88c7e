import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Keywell, type KeywellOptions } from './index.ts'
import { apiKey, fetchWithoutChanges, StandInService } from './testing/stand-in-service.ts'

const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }
const inProgress = { code: 'refresh_in_progress' }

let service: StandInService
beforeEach(async () => {
  service = await new StandInService().start()
  service.connect()
})
afterEach(() => service.stop())

/** Without a change stream, whose beginning looks at everything once more. */
function open(options: KeywellOptions = {}): Keywell {
  const keywell = new Keywell({
    url: service.url,
    apiKey,
    fetch: fetchWithoutChanges,
    ...options,
  })
  onTestFinished(() => keywell.close())
  return keywell
}

test('readers of a token that is being renewed wait for it, with one request at a time', async () => {
  service.renewing = { reads: 3, retryAfterMs: 5 }
  const keywell = open()
  const all = await Promise.all(Array.from({ length: 20 }, () => keywell.getCredential(query)))
  expect(new Set(all).size).toBe(1)
  // The service is asked to wait for less than a call may take.
  expect(service.reads.map(({ waitMs }) => waitMs)).toEqual([5_000, 5_000, 5_000, 5_000])
})

test('so do readers who were refused, and calls to the provider', async () => {
  const statuses: (number | undefined)[] = []
  const calling = open({
    fetch: async (url, init) => {
      if (!String(url).startsWith('https://gitlab.com')) return fetch(url, init)
      statuses.push(statuses.length === 0 ? 401 : 200)
      return new Response(null, { status: statuses.at(-1) ?? 200 })
    },
  })
  const { generation } = await calling.getCredential(query)
  service.onReport = (kept) => service.refresh(kept)
  service.renewing = { reads: 2, retryAfterMs: 5 }
  expect((await calling.fetch(query, '/api/v4/user')).status).toBe(200)
  expect(statuses).toEqual([401, 200])
  expect(calling.getCredentialSync(query)?.generation).toBe(generation + 1)
})

test('a caller who does not wait gets the error at once, and others go on waiting', async () => {
  service.renewing = { reads: 2, retryAfterMs: 5 }
  const keywell = open()
  const patient = keywell.getCredential(query)
  await expect(keywell.getCredential(query, { waitMs: 0 })).rejects.toMatchObject(inProgress)
  expect((await patient).generation).toBe(1)
  service.renewing = { reads: 1, retryAfterMs: 5 }
  const hasty = open({ waitMs: 0 })
  expect(await hasty.getCredential.safe(query)).toMatchObject({ ok: false, error: inProgress })
})

test('a time that lies beyond what the caller waits is an error at once', async () => {
  service.renewing = { reads: 1, retryAfterMs: 60_000 }
  await expect(open().getCredential(query)).rejects.toMatchObject({
    ...inProgress,
    retryAfterMs: 60_000,
  })
  expect(service.reads).toHaveLength(1)
})

test('a signal ends the wait of its caller, and of no other', async () => {
  service.renewing = { reads: 1, retryAfterMs: 100 }
  const keywell = open()
  const leaving = new AbortController()
  const reason = new Error('the request was closed')
  const left = keywell.getCredential(query, { signal: leaving.signal })
  const patient = keywell.getCredential(query)
  leaving.abort(reason)
  await expect(left).rejects.toBe(reason)
  await expect(keywell.getCredential.safe(query, { signal: leaving.signal })).rejects.toBe(reason)
  expect((await patient).generation).toBe(1)
  // What is held does not wait.
  const held = await keywell.getCredential(query, { signal: leaving.signal })
  expect(held).toBe(await patient)
})

test.each([-1, 1.5, Number.NaN])('a wait of %s is refused', (waitMs) => {
  expect(() => open({ waitMs })).toThrow('`waitMs`')
})
