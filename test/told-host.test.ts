/** A provider that tells with the tokens where an account lives. */
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { connectInBrowser, integrate } from './support/journey.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, listen, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-notes'
const who = { tenantId: 'ten_told', userId: 'usr_told' }

let other: OtherProvider
let stranger: Awaited<ReturnType<typeof listen>>
let stage: Stage
let strangerWasAsked = 0

beforeAll(async () => {
  other = await startOtherProvider({ told: true })
  const answering = new Hono().all('*', (context) => {
    strangerWasAsked += 1
    return context.json({ member: { key: 'member_7' } })
  })
  stranger = await listen(() => answering)
  stage = await createStage(await openEmbedded(), {
    providers: [other.definition],
    // The service may call the stranger: what stops it is the definition alone.
    privateHosts: [other.signIn, other.api, stranger.url].map((origin) => ({ origin })),
    timing: { pollMs: 40, sweepMs: 100, confirmAfterMs: 100 },
  })
  const app = { provider, scopes: ['notes:read'] }
  await integrate(stage, app, () => ({ clientId, clientSecret }))
})
afterAll(async () => {
  await stage.stop()
  await other.stop()
  stranger.server.close()
})

const connect = () => connectInBrowser(stage, { provider, who })

verifies('reach:told-host', async () => {
  const { port } = new URL(other.api)
  const moved = [
    stranger.url,
    `http://127.0.0.1.evil.example:${port}`,
    `http://127.0.0.1:${port}@127.0.0.1:${new URL(stranger.url).port}`,
    `${other.api}/../..`,
    `${other.api}/v3`,
    `${other.api}?x`,
    `${other.api}#`,
    '',
    'not an address',
  ]
  for (const home of moved) {
    other.home = home
    const flow = await connect()
    expect(flow, home).toMatchObject({ status: 'failed', error: { code: 'provider_error' } })
  }
  expect(strangerWasAsked).toBe(0)
  await until('each grant is withdrawn', () => other.grants.every(({ ended }) => ended))
  expect(other.grants).toHaveLength(moved.length)
  expect(await stage.database.query('select id from connections')).toEqual([])

  other.home = undefined
  expect(await connect()).toMatchObject({ status: 'connected', connection: { host: other.api } })
  const read = must(await stage.read({ ...who, provider }), 200)
  expect(read).toMatchObject({ host: other.api, account: { id: 'member_7' } })
  // It is refreshed, probed and withdrawn as any other.
  await stage.database.query('update refresh_schedule set refresh_at = now()')
  await until(
    'refreshed',
    async () => (await stage.read({ ...who, provider })).body.generation === 2,
  )
  const again = await connect()
  expect(again.connection?.host).toBe(other.api)
  const gone = await stage.call<{ upstream: string }>(
    'DELETE',
    `/v1/connections/${again.connection?.id}?${new URLSearchParams(who)}`,
  )
  expect(must(gone, 200).upstream).toBe('revoked')
  await until('nothing is left', () => other.grants.every(({ ended }) => ended))
  expect(strangerWasAsked).toBe(0)
})

test('the page of a link offers it, without asking where the account lives', async () => {
  const made = must(
    await stage.call<{ url: string }>('POST', '/v1/connect/links', {
      ...who,
      accountLabel: 'mira@acme.example',
      providers: [provider],
      returnUrl: `${appOrigin}/api/keywell/finish`,
    }),
    201,
  )
  const { text } = await new Person().visit(made.url)
  expect(text).toContain('Acme Notes')
  expect(text).toContain('Read your notes.')
  expect(text).not.toContain('name="host"')
  expect(text).not.toContain('name="typed_host"')
  expect(text).not.toContain('{home}')
})

test('an answer with an empty list of scopes granted none', async () => {
  other.grantsNothing = true
  const flow = await connect()
  expect(flow.connection).toMatchObject({ scopes: [], missingScopes: ['notes:read'] })
})
