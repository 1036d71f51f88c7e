/**
 * What a read costs. Ratios are taken in one run on one machine; the contenders take turns.
 * The service here is the smallest thing that speaks the protocol: what is measured is the SDK.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Credential, type CredentialQuery, Keywell } from '@keywell/sdk'
import { LRUCache } from 'lru-cache'
import { coldRead } from './cold-read.ts'
import { contest, isShort, quantile } from './contest.ts'
import type { Bench, Figure } from './figure.ts'

/** Users whose credentials are read in turn. */
const users = isShort ? 50 : 1_000
const readsOneByOne = isShort ? 1_000 : 200_000
const readsPerRound = isShort ? 500 : 20_000
const queries = Array.from(
  { length: users },
  (_, index): CredentialQuery => ({
    provider: 'gitlab',
    tenantId: `org_${index % 50}`,
    userId: `user_${index}`,
  }),
)

export const sdk: Bench = [warmAsync, warmSync, warmAgainstUncached, coldRead, memory]

/** `getCredential` against an async function around a bare `lru-cache`. */
async function warmAsync(): Promise<readonly Figure[]> {
  const { keywell, bare, keys } = await warmed()
  const get = async (key: string): Promise<Credential | undefined> => bare.get(key)
  const getByQuery = async (query: CredentialQuery): Promise<Credential | undefined> =>
    bare.get(keyOf(query))
  const ns = await contest(
    {
      keywell: async (times) => {
        for (let i = 0; i < times; i += 1) await keywell.getCredential(at(queries, i))
      },
      readyKey: async (times) => {
        for (let i = 0; i < times; i += 1) await get(at(keys, i))
      },
      builtKey: async (times) => {
        for (let i = 0; i < times; i += 1) await getByQuery(at(queries, i))
      },
    },
    readsPerRound,
  )
  const p99 = await singleReads(keywell)
  keywell.close()
  return [
    ratio('warm getCredential / bare lru-cache, ready key', ns.keywell / ns.readyKey, 1.5),
    ratio('warm getCredential / bare lru-cache, key from query', ns.keywell / ns.builtKey, 1.5),
    time('warm getCredential, median', ns.keywell / 1000, 'µs', null),
    time('warm getCredential, p99', p99, 'µs', 5),
  ]
}

/** `getCredentialSync` against a bare `lru-cache`. */
async function warmSync(): Promise<readonly Figure[]> {
  const { keywell, bare, keys } = await warmed()
  let found = 0
  const ns = await contest(
    {
      keywell: (times) => {
        for (let i = 0; i < times; i += 1) {
          if (keywell.getCredentialSync(at(queries, i)) !== undefined) found += 1
        }
      },
      readyKey: (times) => {
        for (let i = 0; i < times; i += 1) if (bare.get(at(keys, i)) !== undefined) found += 1
      },
      builtKey: (times) => {
        for (let i = 0; i < times; i += 1) {
          if (bare.get(keyOf(at(queries, i))) !== undefined) found += 1
        }
      },
    },
    readsPerRound,
  )
  keywell.close()
  if (found === 0) throw new Error('nothing was found: nothing was measured')
  return [
    ratio('warm getCredentialSync / bare lru-cache, key from query', ns.keywell / ns.builtKey, 1.5),
    // A caller with a query does not have the key at hand, so this ratio is reported without a limit.
    ratio('warm getCredentialSync / bare lru-cache, ready key', ns.keywell / ns.readyKey, null),
  ]
}

/** A warm read against the same SDK without its memory: one call over HTTP. */
async function warmAgainstUncached(): Promise<readonly Figure[]> {
  const service = createServer((request, response) => {
    if (request.url !== '/v1/credentials') {
      response.writeHead(404).end()
      return
    }
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(answerTo(body))
    })
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const { port } = service.address() as AddressInfo // listening on TCP, hence no string
  const keywell = new Keywell({ url: `http://127.0.0.1:${port}`, apiKey: 'bench' })
  const query = at(queries, 0)
  // Short rounds: the garbage of an HTTP call is collected while the one that runs then is timed, and a
  // collection (5 ms) must be seldom enough for the median not to see it.
  const warmReads = 2_000
  const uncachedReads = 10
  const ns = await contest(
    {
      warm: async () => {
        for (let i = 0; i < warmReads; i += 1) await keywell.getCredential(query)
      },
      uncached: async () => {
        for (let i = 0; i < uncachedReads; i += 1) {
          keywell.invalidate(query)
          await keywell.getCredential(query)
        }
      },
    },
    1,
  )
  keywell.close()
  service.close()
  service.closeAllConnections()
  const warm = ns.warm / warmReads
  const uncached = ns.uncached / uncachedReads
  return [
    {
      name: 'uncached / warm read',
      value: uncached / warm,
      unit: 'x',
      goal: 1_000,
      better: 'higher',
    },
    time('uncached read, one call over HTTP', uncached / 1e6, 'ms', null),
  ]
}

/** What ten thousand credentials weigh. */
async function memory(): Promise<readonly Figure[]> {
  const count = 10_000
  const before = heapBytes()
  const keywell = offline()
  for (let index = 0; index < count; index += 1) {
    // The ids are made here, so that their weight is counted too.
    await keywell.getCredential({
      provider: 'gitlab',
      tenantId: `org_${index % 500}`,
      userId: `user_${index}`,
    })
  }
  const bytes = heapBytes() - before
  keywell.close()
  return [{ name: '10,000 credentials', value: bytes / 1e6, unit: 'MB', goal: 15, better: 'lower' }]
}

/** A Keywell that holds a credential for every query, and a bare cache with the same. */
async function warmed(): Promise<{
  keywell: Keywell
  bare: LRUCache<string, Credential>
  keys: string[]
}> {
  const keywell = offline()
  const bare = new LRUCache<string, Credential>({ max: 10_000 })
  for (const result of await keywell.warm(queries)) {
    if (!result.ok) throw result.error
  }
  const keys = queries.map(keyOf)
  for (const [index, query] of queries.entries()) {
    bare.set(at(keys, index), await keywell.getCredential(query))
  }
  return { keywell, bare, keys }
}

/** A Keywell whose service is a function: no sockets, no weight but its own. */
function offline(): Keywell {
  return new Keywell({
    url: 'http://127.0.0.1',
    apiKey: 'bench',
    maxStaleMs: 3_600_000,
    fetch: async (url, init) =>
      String(url).endsWith('/v1/credentials')
        ? new Response(answerTo(String(init?.body)))
        : new Response(null, { status: 404 }),
  })
}

function answerTo(body: string): string {
  const { userId } = JSON.parse(body)
  const token = `glpat-${String(userId).padEnd(58, 'x')}`
  const letters = String(userId)
    .toUpperCase()
    .replace(/[^0-9A-HJKMNP-TV-Z]/g, '0')
  return JSON.stringify({
    unchanged: false,
    connectionId: `con_${letters.padStart(26, '0')}`,
    generation: 1,
    type: 'oauth_token',
    credential: token,
    headers: [{ name: 'Authorization', value: `Bearer ${token}` }],
    expiresAt: '2030-01-01T00:00:00.000Z',
    expiresInMs: 7_200_000,
    scopes: ['api', 'read_user'],
    missingScopes: [],
    host: 'https://gitlab.com',
    account: { id: String(userId), name: `Name of ${userId}`, username: userId, avatarUrl: null },
  })
}

/** One read at a time, in microseconds; what the clock itself costs is in it. */
async function singleReads(keywell: Keywell): Promise<number> {
  const taken: number[] = []
  for (let i = 0; i < readsOneByOne; i += 1) {
    const query = at(queries, i)
    const beganMs = performance.now()
    await keywell.getCredential(query)
    taken.push((performance.now() - beganMs) * 1000)
  }
  return quantile(taken, 0.99)
}

/** The key that one would write without Keywell. */
function keyOf(query: CredentialQuery): string {
  return `${query.tenantId}:${query.userId}:${query.provider}`
}

function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index % values.length]
  if (value === undefined) throw new RangeError('there is nothing to choose from')
  return value
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function ratio(name: string, value: number, goal: number | null): Figure {
  return { name, value, unit: 'x', goal, better: 'lower' }
}

function time(name: string, value: number, unit: string, goal: number | null): Figure {
  return { name, value, unit, goal, better: 'lower' }
}
