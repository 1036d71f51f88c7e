import { generateKeyPairSync } from 'node:crypto'
import { type KeywellError, Secret } from '@keywell/protocol'
import { appOf, consentOf, github, reachOf } from '@keywell/providers'
import { jwtVerify } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { listeners } from '../outbound/listeners.test.support.ts'
import { createOutbound } from '../outbound/outbound.ts'
import { requireKeyFor } from './app-key.ts'
import type { Registration } from './client.ts'
import { installationFields, removeInstallation } from './installation.ts'
import { mintToken } from './mint.ts'

// What an app asks for itself, at a real listener that checks its signature.

const running = listeners()
const closers: (() => Promise<void>)[] = [running.close]
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = keys.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
const method = appOf(github, 'app_installation')
if (method.kind !== 'installation') throw new Error('invariant: an installation')
const installed = method

interface Answer {
  status: number
  body?: unknown
}

async function ask(answer: Answer, id = '7', privateKey: string | null = pem) {
  const asked: { line: string; authorization: string }[] = []
  const listener = await running.http((request, response) => {
    asked.push({
      line: `${request.method} ${request.url}`,
      authorization: request.headers.authorization ?? '',
    })
    response.writeHead(answer.status).end(answer.body && JSON.stringify(answer.body))
  })
  const outbound = createOutbound({ allow: [{ origin: listener.origin }] })
  closers.push(outbound.close)
  const variables = { web: listener.origin, api: listener.origin, appSlug: 'northwind' }
  const reach = reachOf(github, installed, variables)
  const app: Registration = {
    provider: github,
    method: consentOf(github, installed),
    appMethod: installed,
    host: listener.origin,
    variables,
    reach,
    clientId: 'Iv1.northwind',
    clientSecret: new Secret('the-secret'),
    privateKey: privateKey === null ? null : new Secret(privateKey),
    revision: 1,
  }
  const fields = installationFields(id)
  const sending = { tenantId: 'ten_1' }
  const seed = { provider: github, method: installed, variables, fields, reach, app }
  const tokens = { accessToken: new Secret('at-1'), refreshToken: null, fields, reach }
  return {
    asked,
    mint: () => mintToken(outbound, seed, sending),
    remove: () => removeInstallation(outbound, { app, method: installed, tokens }, sending),
  }
}

const inAnHour = () => `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`

test('an access token is minted by what the app signs about itself, and by no secret', async () => {
  const permissions = { contents: 'read', 'no word': 'x', issues: 7 }
  const body = {
    token: 'ghs_1',
    expires_at: inAnHour(),
    permissions,
    repository_selection: 'selected',
  }
  const { asked, mint } = await ask({ status: 201, body })
  const outcome = await mint()
  expect(outcome).toMatchObject({
    kind: 'tokens',
    scopes: null,
    details: { permissions: { contents: 'read' }, repositories: 'selected' },
  })
  const life = outcome.kind === 'tokens' ? (outcome.expiresInMs ?? 0) : 0
  expect(life).toBeGreaterThan(3_590_000)
  expect(life).toBeLessThanOrEqual(3_600_000)
  const [{ line, authorization } = { line: '', authorization: '' }] = asked
  expect(line).toBe('POST /app/installations/7/access_tokens')
  const jwt = authorization.replace('Bearer ', '')
  const { payload, protectedHeader } = await jwtVerify(jwt, keys.publicKey)
  expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT' })
  expect(Object.keys(payload).sort()).toEqual(['exp', 'iat', 'iss'])
  expect(payload.iss).toBe('Iv1.northwind')
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(540)
  // A clock that is a minute behind is no reason to refuse it.
  expect(payload.iat).toBeLessThanOrEqual(Date.now() / 1000 - 59)
})

test.each<[string, Answer, string]>([
  [
    'suspended',
    { status: 403, body: { message: 'This installation has been suspended' } },
    'suspended',
  ],
  ['removed', { status: 404, body: { message: 'Not Found' } }, 'rejected'],
  [
    'signed by another key',
    { status: 401, body: { message: 'A JSON web token could not be decoded' } },
    'client_rejected',
  ],
  ['asked for wrongly', { status: 422, body: { message: 'No.' } }, 'request_rejected'],
  ['asked for too often', { status: 403, body: { message: 'rate limit' } }, 'ambiguous'],
  ['behind a page that is not found', { status: 404, body: {} }, 'ambiguous'],
])('an installation that is %s is told from the others', async (_, answer, kind) => {
  const { mint } = await ask(answer)
  expect(await mint()).toMatchObject({ kind })
})

test('an id that would be more than a segment is never sent', async () => {
  const { asked, mint, remove } = await ask({ status: 200 }, '7/../8')
  await expect(mint()).rejects.toThrow(TypeError)
  await expect(remove()).rejects.toThrow(TypeError)
  expect(asked).toEqual([])
})

test('without its private key an app asks for nothing', async () => {
  const { asked, mint } = await ask({ status: 200 }, '7', null)
  await expect(mint()).rejects.toMatchObject({ code: 'integration_missing' })
  expect(asked).toEqual([])
})

test('the app is removed by its own word, and one that is gone counts as removed', async () => {
  const gone = await ask({ status: 204 })
  expect(await gone.remove()).toBe('removed')
  expect(gone.asked[0]?.line).toBe('DELETE /app/installations/7')
  const [jwt = ''] = gone.asked.map(({ authorization }) => authorization.replace('Bearer ', ''))
  await jwtVerify(jwt, keys.publicKey)
  const before = await ask({ status: 404, body: { message: 'Not Found' } })
  expect(await before.remove()).toBe('removed')
  const refused = await ask({ status: 403, body: {} })
  expect(await refused.remove()).toBe('refused')
})

const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const

test.each<[string, string | null]>([
  ['missing', null],
  ['no PEM', 'not a key at all '.repeat(9)],
  ['cut off', pem.slice(0, -80)],
  ['a public key', keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
  ['too small', small.privateKey.export(pkcs8).toString()],
  ['of another algorithm', curve.privateKey.export(pkcs8).toString()],
  [
    'behind a password',
    keys.privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
  ],
])('a private key that is %s is refused by name, and is not repeated', (_, text) => {
  const privateKey = text === null ? null : new Secret(text)
  const refused = refusalOf(() => requireKeyFor(github, installed, { privateKey }))
  expect(refused).toMatchObject({ code: 'invalid_request' })
  expect(refused?.message).toMatch(/^privateKey: /)
  expect(JSON.stringify([refused, refused?.message, refused?.stack])).not.toContain(
    text?.slice(60, 90) ?? 'nothing',
  )
})

test('a key in PKCS #1 or PKCS #8 is taken, and none by a method that signs nothing', () => {
  for (const text of [pem, keys.privateKey.export(pkcs8).toString()]) {
    requireKeyFor(github, installed, { privateKey: new Secret(text) })
  }
  const asUser = appOf(github, 'app_user')
  requireKeyFor(github, asUser, { privateKey: null })
  const refused = refusalOf(() => requireKeyFor(github, asUser, { privateKey: new Secret(pem) }))
  expect(refused).toMatchObject({ code: 'invalid_request' })
})

function refusalOf(work: () => void): KeywellError | undefined {
  try {
    work()
  } catch (error) {
    return error as KeywellError
  }
  return undefined
}
