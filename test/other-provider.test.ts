/** A provider that is described by data alone, and does nearly everything otherwise than the bundled one. */
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { connectInBrowser, integrate } from './support/journey.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-notes'
const who = { tenantId: 'ten_notes', userId: 'usr_notes' }

let other: OtherProvider
let stage: Stage

beforeAll(async () => {
  other = await startOtherProvider()
  stage = await createStage(await openEmbedded(), {
    providers: [other.definition],
    privateHosts: [{ origin: other.signIn }, { origin: other.api }],
    timing: {
      pollMs: 40,
      sweepMs: 100,
      recheckAfterMs: 50,
      confirmAfterMs: 100,
      incidentWindowMs: 0,
    },
  })
  const scopes = ['notes:read', 'notes:write']
  await integrate(stage, { provider, scopes }, () => ({ clientId, clientSecret }))
})
afterAll(async () => {
  await stage.stop()
  await other.stop()
})

const connect = () =>
  connectInBrowser(stage, {
    provider,
    who,
    session: { scopes: { [provider]: { required: ['notes:write'] } } },
  })

const query = () => new URLSearchParams(who)
const read = (more = {}) =>
  stage.call<Record<string, unknown>>('POST', '/v1/credentials', { provider, ...who, ...more })

verifies('providers:data-alone', async () => {
  const { connection } = await connect()
  expect(connection).toMatchObject({
    provider,
    host: other.api,
    account: { id: 'member_7', name: 'Ada of Acme', username: 'ada' },
    scopes: ['notes:write'],
  })
  const [grant] = other.grants
  expect(must(await read(), 200)).toMatchObject({
    credential: grant?.accessToken,
    header: { name: 'X-Acme-Auth', value: `Token ${grant?.accessToken}` },
  })

  // Renewed ahead of its end, with the scopes named again.
  await stage.database.query(
    `update refresh_schedule set refresh_at = now() where tenant_id = $1`,
    [who.tenantId],
  )
  await until('renewed', async () => must(await read(), 200).generation === 2)
  expect(must(await read(), 200).credential).toBe(other.grants[0]?.accessToken)
  expect(other.asked.map(({ grantType }) => grantType)).toEqual([
    'authorization_code',
    'refresh_token',
  ])
  expect(other.asked[1]?.form.get('permissions')).toBe('notes:write')

  // Withdrawn there: a 403 in its own words is the end, and the user is asked to connect again.
  other.withdraw('member_7')
  expect(await read({ minGeneration: 3 })).toMatchObject({
    status: 409,
    body: { code: 'needs_reauth', reason: 'revoked' },
  })

  // Connected again and disconnected: the access token is withdrawn by a request of its own, as its data says.
  const again = await connect()
  const gone = await stage.call<{ upstream: string; manualUrl: string }>(
    'DELETE',
    `/v1/connections/${again.connection?.id}?${query()}`,
  )
  expect(must(gone, 200)).toMatchObject({ upstream: 'revoked', manualUrl: `${other.signIn}/apps` })
  expect(other.grants.every(({ ended }) => ended)).toBe(true)
})
