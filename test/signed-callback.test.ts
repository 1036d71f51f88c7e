/** Callbacks that a provider signs with the secret of the app. */
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { integrate } from './support/journey.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-notes'
const who = { tenantId: 'ten_shop', userId: 'usr_shop' }

let other: OtherProvider
let stage: Stage

beforeAll(async () => {
  other = await startOtherProvider({ signed: true })
  stage = await createStage(await openEmbedded(), {
    providers: [other.definition],
    privateHosts: [{ origin: other.signIn }, { origin: other.api }],
  })
  const app = { provider, scopes: ['notes:read'], variables: { shop: 'north' } }
  await integrate(stage, app, () => ({ clientId, clientSecret }))
})
afterAll(async () => {
  await stage.stop()
  await other.stop()
})

/** Consents, lets something become of the callback, and opens it. */
async function openCallback(change: (callback: URL) => void) {
  const person = new Person()
  const session = await stage.session(who)
  const flow = must(
    await stage.page<{ startUrl: string; startCode: string }>(
      session.connectToken,
      'POST',
      '/connect/flows',
      { provider },
    ),
    201,
  )
  const { url: callback } = await person.visit(flow.startUrl, {
    init: {
      method: 'POST',
      body: new URLSearchParams({ start_code: flow.startCode }),
      headers: { origin: appOrigin },
    },
    stopAt: (to) => to.pathname.startsWith('/oauth/callback/'),
  })
  change(callback)
  return stage.callback(person, callback)
}

/** How the flow of it ended. */
async function comeBack(change: (callback: URL) => void) {
  const { url: finish } = await openCallback(change)
  return must(await stage.confirm(finish, who), 200)
}

verifies('callback:signed', async () => {
  const forgeries: ((callback: URL) => void)[] = [
    ({ searchParams }) => searchParams.set('code', 'another-code'),
    ({ searchParams }) => searchParams.set('shop', 'south.acme.example'),
    ({ searchParams }) => searchParams.append('more', '1'),
    ({ searchParams }) => searchParams.delete('timestamp'),
    ({ searchParams }) => searchParams.delete('hmac'),
    ({ searchParams }) => searchParams.set('hmac', ''),
    ({ searchParams }) => searchParams.append('hmac', searchParams.get('hmac') ?? ''),
    ({ searchParams }) => searchParams.set('hmac', (searchParams.get('hmac') ?? '').toUpperCase()),
  ]
  for (const forge of forgeries) {
    expect(await comeBack(forge)).toMatchObject({
      status: 'failed',
      error: { code: 'provider_error' },
    })
  }
  // Signed by the provider, and not what the flow began with.
  other.shop = 'south.acme.example'
  expect(await comeBack(() => {})).toMatchObject({
    status: 'failed',
    error: { code: 'provider_error' },
  })
  expect(other.asked, 'calls of the token endpoint').toEqual([])
  expect(await stage.database.query('select id from connections')).toEqual([])

  other.shop = 'north.acme.example'
  expect(await comeBack(() => {})).toMatchObject({ status: 'connected' })
})

verifies('reach:moved-variable', async () => {
  const before = other.asked.length
  const put = (shop: string) =>
    stage.database.query('update integrations set variables = $1::jsonb', [
      JSON.stringify({ shop }),
    ])
  await put('south')
  other.shop = 'south.acme.example'
  const page = await openCallback(() => {})
  expect(page.status).toBe(500)
  expect(page.text).toContain('could not be finished')
  expect(stage.logs.join('\n')).toContain('"alarm":"integration_altered"')
  expect(other.asked.length - before, 'calls of the token endpoint').toBe(0)
  await put('north')
  other.shop = 'north.acme.example'
  expect(await comeBack(() => {})).toMatchObject({ status: 'connected' })
})
