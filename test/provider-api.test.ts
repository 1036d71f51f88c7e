/** Providers that an admin defines by the API: for one tenant, or for all. */
import type { CustomProvider, CustomProviderCheck, Problem } from '@keywell/protocol'
import { gitlab } from '@keywell/providers'
import { afterAll, beforeAll, expect } from 'vitest'
import { acme as publicNotes, rows, withValue } from './support/bad-definitions.ts'
import { openEmbedded } from './support/databases.ts'
import { connectInBrowser } from './support/journey.ts'
import { type KeyProvider, startKeyProvider } from './support/key-provider.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { type Answer, createStage, listen, must, type Stage } from './support/stage.ts'
import { expectNowhere } from './support/sweep.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const path = '/v1/custom-providers'
const acme = { tenantId: 'ten_acme', userId: 'usr_acme' }
const other = { tenantId: 'ten_other', userId: 'usr_other' }

let notes: OtherProvider
let watch: KeyProvider
/** Listed by the operator for everybody, as an internal service may be. */
let inner: Awaited<ReturnType<typeof listen>>
const innerCalls: string[] = []
let stage: Stage
/** A key with the role admin that is limited to one tenant. */
let acmeKey: string

beforeAll(async () => {
  notes = await startOtherProvider()
  watch = await startKeyProvider()
  inner = await listen(() => ({
    fetch: async (request: Request) => {
      innerCalls.push(`${request.method} ${request.url}`)
      return Response.json({ member: { key: 'm1' }, org: { id: 'o1' } })
    },
  }))
  const tenants = [acme.tenantId, other.tenantId]
  stage = await createStage(await openEmbedded(), {
    privateHosts: [
      { origin: notes.signIn, tenants },
      { origin: notes.api, tenants },
      { origin: watch.url, tenants },
      { origin: new URL(inner.url).origin },
    ],
  })
  acmeKey = await keyFor([acme.tenantId])
})
afterAll(async () => {
  await stage.stop()
  await notes.stop()
  await watch.stop()
  inner.server.close()
})

async function keyFor(tenants: string[], providers?: string[]): Promise<string> {
  const wanted = { name: 'limited', roles: ['admin'], tenants, providers }
  return must(await stage.call<{ key: string }>('POST', '/v1/api-keys', wanted), 201).key
}

async function send<Body = Problem>(
  key: string,
  method: string,
  to: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${stage.url}${to}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // Whoever asked says what is expected.
  const parsed = (await response.json()) as Body
  return { status: response.status, headers: response.headers, body: parsed }
}

const called = (name: string) => ({ ...notes.definition, name })
const ofTenant = ({ tenantId }: { tenantId: string }) => `?tenantId=${tenantId}`
const create = (body: object) => stage.call<CustomProvider & Problem>('POST', path, body)

async function namesFor(who?: { tenantId: string }): Promise<string[]> {
  type Listed = { providers: { name: string }[] }
  const query = who === undefined ? '' : ofTenant(who)
  const listed = must(await stage.call<Listed>('GET', `/v1/providers${query}`), 200)
  return listed.providers.map(({ name }) => name)
}

verifies('custom:by-api', async () => {
  const name = 'x-notes'
  const made = must(
    await send<CustomProvider>(acmeKey, 'POST', path, {
      tenantId: acme.tenantId,
      definition: called(name),
    }),
    201,
  )
  expect(made).toMatchObject({
    name,
    tenantId: acme.tenantId,
    version: 1,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    definition: called(name),
    warnings: [],
  })
  expect(made.reach).toEqual([
    {
      method: 'consent',
      origins: [`api ${notes.api}`, `client ${notes.signIn}`].sort(),
    },
  ])
  expect(await namesFor(acme)).toContain(name)

  // As for any provider: an app is registered, a user connects, and an app reads.
  const { tenantId } = acme
  const app = { tenantId, provider: name, scopes: ['notes:read'], clientId, clientSecret }
  must(await send(acmeKey, 'POST', '/v1/integrations', app), 201)
  const { connection } = await connectInBrowser(stage, { provider: name, who: acme })
  expect(connection?.account.name).toBe('Ada of Acme')
  const credential = must(
    await stage.call<{ credential: string }>('POST', '/v1/credentials', {
      provider: name,
      ...acme,
    }),
    200,
  )
  expect(credential.credential).toBe(notes.grants[0]?.accessToken)

  // A change needs the version that was read, applies at once, and is not made where nothing changes.
  const one = `${path}/${name}`
  const body = { tenantId: acme.tenantId, definition: { ...called(name), title: 'Renamed' } }
  const stale = await send(acmeKey, 'PUT', one, body, { 'if-match': '"7"' })
  expect(stale).toMatchObject({ status: 409, body: { code: 'conflict' } })
  for (const _again of [1, 2]) {
    const changed = await send<CustomProvider>(acmeKey, 'PUT', one, body)
    expect(must(changed, 200)).toMatchObject({ version: 2 })
  }
  const title = await stage.call<{ title: string }>('GET', `/v1/providers/${name}${ofTenant(acme)}`)
  expect(must(title, 200).title).toBe('Renamed')
  const moved = await send(acmeKey, 'PUT', one, { ...body, definition: called('x-moved') })
  expect(moved).toMatchObject({ status: 422, body: { problems: [{ pointer: '/name' }] } })

  // While anything needs it, it stays.
  const needed = await send(acmeKey, 'DELETE', `${one}${ofTenant(acme)}`)
  expect(needed).toMatchObject({ status: 409, body: { code: 'conflict' } })
  const free = { tenantId: acme.tenantId, definition: called('x-free') }
  must(await send(acmeKey, 'POST', path, free), 201)
  const wrong = await send(acmeKey, 'DELETE', `${path}/x-free${ofTenant(acme)}`, undefined, {
    'if-match': '9',
  })
  expect(wrong).toMatchObject({ status: 409, body: { code: 'conflict' } })
  must(await send(acmeKey, 'DELETE', `${path}/x-free${ofTenant(acme)}`), 200)
  expect(await namesFor(acme)).not.toContain('x-free')
  expect((await send(acmeKey, 'GET', `${path}/x-free${ofTenant(acme)}`)).status).toBe(404)

  // A repeat under one key is carried out once.
  const again = { tenantId: acme.tenantId, definition: called('x-once') }
  const once = { 'idempotency-key': 'once' }
  const first = must(await send<CustomProvider>(acmeKey, 'POST', path, again, once), 201)
  expect(must(await send<CustomProvider>(acmeKey, 'POST', path, again, once), 201)).toEqual(first)
  expect(await send(acmeKey, 'POST', path, again)).toMatchObject({ status: 409 })

  const entries = await stage.database.query<{ action: string }>(
    `select action || ' ' || reason as action from audit
     where tenant_id = $1 and action like 'provider.%' order by at`,
    [acme.tenantId],
  )
  expect(entries.map(({ action }) => action)).toEqual([
    'provider.create x-notes',
    'provider.update x-notes',
    'provider.create x-free',
    'provider.delete x-free',
    'provider.create x-once',
  ])
})

verifies('custom:api-validation', async () => {
  expect(rows.length).toBeGreaterThanOrEqual(60)
  for (const [base, at, value, pointer, reason] of rows) {
    const definition = withValue(base, at, value)
    const answer = await create({ tenantId: 'ten_checked', definition })
    expect(answer, `${at} as ${JSON.stringify(value)}`).toMatchObject({
      status: 422,
      body: { code: 'invalid_definition' },
    })
    expect(answer.body.problems).toContainEqual({ pointer, reason: expect.stringMatching(reason) })
  }
  expect(await namesFor({ tenantId: 'ten_checked' })).toEqual(await namesFor())

  // A preset says it of its own fields, and a patch of what it makes.
  const preset = { preset: 'api-key', name: 'x-preset', title: 'Preset' }
  const short = await create({ tenantId: 'ten_checked', definition: preset })
  expect(short).toMatchObject({ status: 422, body: { code: 'invalid_definition' } })
  expect(short.body.problems?.length).toBeGreaterThan(0)
  const patch = { name: 'x-patched', title: null }
  const patched = await create({ tenantId: 'ten_checked', extends: 'gitlab', patch })
  expect(patched).toMatchObject({ status: 422, body: { problems: [{ pointer: '/title' }] } })
  const big = { definition: { ...called('x-big'), more: 'a'.repeat(65_536) } }
  expect(await create({ tenantId: 'ten_checked', ...big })).toMatchObject({ status: 413 })
  for (const wrong of [{}, { definition: {}, extends: 'gitlab' }, { definition: {}, patch: {} }]) {
    expect(await create(wrong)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  }
})

verifies('custom:reserved', async () => {
  for (const wrong of [
    { definition: called('x-of-nobody') },
    { tenantId: acme.tenantId, definition: called('of-everybody') },
    { tenantId: acme.tenantId, definition: gitlab, overrides: true },
    { definition: gitlab },
  ]) {
    const answer = await create(wrong)
    expect(answer).toMatchObject({ status: 409, body: { code: 'provider_reserved' } })
  }
  expect(await create({ extends: 'nowhere' })).toMatchObject({ body: { code: 'unknown_provider' } })

  // What stands in for a bundled provider says so, and the bundled one is back without it.
  const titleOf = async () =>
    must(await stage.call<{ title: string }>('GET', '/v1/providers/gitlab'), 200).title
  const patch = { title: 'GitLab of ours' }
  const made = must(await create({ extends: 'gitlab', patch, overrides: true }), 201)
  expect(made.definition).toEqual({ ...gitlab, ...patch })
  expect(made.warnings).toEqual([expect.stringContaining('bundled')])
  expect(await titleOf()).toBe('GitLab of ours')
  // The stage has an integration of it.
  expect((await stage.call('DELETE', `${path}/gitlab`)).status).toBe(409)
  const back = { extends: 'gitlab', overrides: true }
  must(await stage.call('PUT', `${path}/gitlab`, back), 200)
  expect(await titleOf()).toBe(gitlab.title)
})

verifies('custom:shadow', async () => {
  const name = 'x-shadow'
  must(await create({ tenantId: acme.tenantId, definition: called(name) }), 201)
  const session = {
    providers: [name],
    origins: ['https://app.example'],
    returnUrl: 'https://app.example',
  }
  const guesses = async (who: { tenantId: string; userId: string }) => [
    await stage.call<Problem>('GET', `/v1/providers/${name}${ofTenant(who)}`),
    await stage.call<Problem>('POST', '/v1/connect/sessions', { ...session, ...who }),
    await stage.call<Problem>('POST', '/v1/integrations', {
      tenantId: who.tenantId,
      provider: name,
      scopes: ['notes:read'],
    }),
    await stage.call<Problem>('PUT', `/v1/tenants/${who.tenantId}/policy`, { providers: [name] }),
    await stage.call<Problem>('POST', '/v1/connections', {
      provider: name,
      ...who,
      credential: { type: 'api_key', value: 'a-key' },
    }),
  ]
  for (const { status, body } of await guesses(other)) {
    expect([status, body.code]).toEqual([400, 'unknown_provider'])
    // As for a name that nobody has.
    expect(body.detail).toBe(`There is no provider "${name}" in the catalogue.`)
  }
  expect(await namesFor(other)).not.toContain(name)
  expect(await namesFor()).not.toContain(name)
  // Nor is it one of the installation, for which an app could be registered.
  const shared = { provider: name, scopes: ['notes:read'] }
  expect((await stage.call('POST', '/v1/integrations', shared)).body).toMatchObject({
    code: 'unknown_provider',
  })
  const page = async (who: typeof acme) => {
    const { connectToken } = await stage.session(who)
    const path = '/connect/flows'
    return stage.page<Problem>(connectToken, 'POST', path, { provider: name })
  }
  expect((await page(other)).body.code).toBe('unknown_provider')
  expect((await page(acme)).body.code).toBe('integration_missing')

  // The same name at another tenant is another provider.
  const theirs = { ...called(name), title: 'Of another' }
  must(await create({ tenantId: other.tenantId, definition: theirs }), 201)
  for (const [who, title] of [
    [acme, 'Acme Notes'],
    [other, 'Of another'],
  ] as const) {
    const found = `/v1/providers/${name}${ofTenant(who)}`
    expect(must(await stage.call<{ title: string }>('GET', found), 200).title).toBe(title)
  }
  const { customProviders } = must(
    await stage.call<{ customProviders: CustomProvider[] }>('GET', `${path}${ofTenant(other)}`),
    200,
  )
  expect(customProviders.map((each) => [each.tenantId, each.name])).toEqual([
    [other.tenantId, name],
  ])
})

verifies('custom:check', async () => {
  const key = watch.makeKey()
  const definition = { ...watch.definition, name: 'x-watch' }
  const trial = { tenantId: acme.tenantId, definition, credential: { fields: { ...key } } }
  const check = (body: object) =>
    send<CustomProviderCheck & Problem>(acmeKey, 'POST', `${path}/check`, body)
  const found = must(await check(trial), 200)
  expect(found).toMatchObject({ name: 'x-watch', host: watch.url, health: 'active' })
  expect(found.account).toMatchObject({ id: expect.any(String) })
  expect(found.requests).toEqual([
    { method: 'GET', url: `${watch.url}/v2/validate`, status: 200, outcome: 'answered' },
    { method: 'GET', url: `${watch.url}/v1/org`, status: 200, outcome: 'answered' },
  ])
  // What is no key of the method is refused unsent.
  const fields = Object.fromEntries(Object.keys(key).map((field) => [field, '~']))
  expect(await check({ ...trial, credential: { fields } })).toMatchObject({
    body: { code: 'invalid_request' },
  })
  // An access token of a method by consent.
  const token = notes.grants[0]?.accessToken ?? ''
  const byToken = { definition: called('x-tried'), credential: { accessToken: token } }
  const tried = must(await check({ tenantId: acme.tenantId, ...byToken }), 200)
  expect(tried).toMatchObject({ health: 'active', account: { name: 'Ada of Acme' } })
  const wrong = { ...byToken, credential: { accessToken: 'acme-at-nothing' } }
  const refused = must(await check({ tenantId: acme.tenantId, ...wrong }), 200)
  expect(refused).toMatchObject({ health: 'inactive', account: null })
  expect(refused.requests).toHaveLength(1)

  expect(await check({ ...trial, method: 'nothing' })).toMatchObject({
    body: { code: 'method_not_offered' },
  })
  expect(JSON.stringify([found, tried, refused])).not.toContain(token)
  expect(await namesFor(acme)).not.toContain('x-watch')
  const connections = await stage.call<{ connections: { provider: string }[] }>(
    'GET',
    `/v1/connections${ofTenant(acme)}`,
  )
  expect(connections.body.connections.map(({ provider }) => provider)).not.toContain('x-watch')
  expectNowhere({ ...key, token }, { logs: stage.logs.join('\n'), answers: JSON.stringify(found) })
})

verifies('custom:attacked', async () => {
  // A tenant's admin defines for its own tenant alone, and under its own names.
  const innerUrl = new URL(inner.url).origin
  const definition = called('x-attack')
  for (const tenantId of [other.tenantId, undefined]) {
    for (const [method, to, body] of [
      ['POST', path, { tenantId, definition }],
      ['POST', `${path}/check`, { tenantId, definition, credential: { accessToken: 'a' } }],
    ] as const) {
      expect(await send(acmeKey, method, to, body), to).toMatchObject({ status: 403 })
    }
    const query = tenantId === undefined ? '' : `?tenantId=${tenantId}`
    must(await send(acmeKey, 'GET', `${path}${query}`), 200)
    for (const name of ['x-shadow', 'gitlab']) {
      const answer = await send(acmeKey, 'GET', `${path}/${name}${query}`)
      expect(answer.status, `${name}${query}`).toBe(404)
      expect((await send(acmeKey, 'DELETE', `${path}/${name}${query}`)).status).toBe(404)
    }
    const replaced = { tenantId, definition: called('x-shadow') }
    expect((await send(acmeKey, 'PUT', `${path}/x-shadow`, replaced)).status).toBe(404)
  }
  const narrow = await keyFor([acme.tenantId], ['x-mine'])
  for (const sent of [{ definition }, { extends: 'gitlab', patch: { name: 'x-attack' } }]) {
    const answer = await send(narrow, 'POST', path, { tenantId: acme.tenantId, ...sent })
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  }

  // No address of theirs is private, whether it is listed for everybody or not at all.
  const addressed = (url: string) => {
    const text = JSON.stringify(called('x-attack')).replaceAll(notes.api, url)
    return JSON.parse(text) as object
  }
  for (const url of [innerUrl, 'http://127.0.0.1:9', 'https://localhost', 'https://10.0.0.1']) {
    const body = { tenantId: acme.tenantId, definition: addressed(url) }
    const answer = await send(acmeKey, 'POST', path, body)
    expect(answer, url).toMatchObject({ status: 422, body: { code: 'invalid_definition' } })
    expect(answer.body.problems?.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/api/base', '/auth/0/health/request/url']),
    )
  }
  for (const url of ['https://169.254.169.254', 'https://[::1]', 'https://2130706433']) {
    const body = { tenantId: acme.tenantId, definition: addressed(url) }
    expect((await send(acmeKey, 'POST', path, body)).status, url).toBe(422)
  }
  // Where a user says the address, the call is stopped.
  const open = { host: { kind: 'host', title: 'Address', default: notes.api } }
  const hosted = { ...addressed('{host}'), variables: open }
  const trial = { definition: hosted, credential: { accessToken: 'a-token' } }
  for (const host of [innerUrl, 'http://127.0.0.1:9', 'https://localhost']) {
    const body = { tenantId: acme.tenantId, ...trial, host }
    const answer = await send<CustomProviderCheck>(acmeKey, 'POST', `${path}/check`, body)
    expect(must(answer, 200), host).toMatchObject({ health: 'unknown', account: null })
    expect(answer.body.requests.map(({ status }) => status)).toEqual([null])
  }
  expect(innerCalls).toEqual([])

  // The app of the installation is for its own provider: not for a copy of that under a name of the tenant.
  const copy = { tenantId: acme.tenantId, extends: 'gitlab', patch: { name: 'x-gitlab' } }
  must(await send(acmeKey, 'POST', path, copy), 201)
  const { connectToken } = await stage.session(acme)
  const flow = { provider: 'x-gitlab', host: stage.sandbox.url }
  const refused = await stage.page<Problem>(connectToken, 'POST', '/connect/flows', flow)
  expect(refused.body.code).toBe('integration_missing')
  const integrations = `/v1/integrations${ofTenant(acme)}`
  expect(JSON.stringify((await send(acmeKey, 'GET', integrations)).body)).not.toContain(
    stage.integration.id,
  )
})

verifies('custom:with-tenant', async () => {
  const tenantId = 'ten_leaving'
  const leaving = { ...publicNotes, name: 'x-left' }
  must(await create({ tenantId, definition: leaving }), 201)
  const exported = await fetch(`${stage.url}/v1/tenants/${tenantId}/export`, {
    headers: { authorization: `Bearer ${stage.apiKey}` },
  })
  const lines = (await exported.text()).trim().split('\n')
  const entries = lines.map((line): { kind: string; entry: object } => JSON.parse(line))
  expect(entries.filter(({ kind }) => kind === 'provider')).toMatchObject([
    { entry: { name: 'x-left', version: 1, inForce: true, definition: leaving } },
  ])
  const erased = await stage.call<{ state: string }>('DELETE', `/v1/tenants/${tenantId}`)
  expect(must(erased, 200).state).toBe('erased')
  const left = 'select name from provider_versions where tenant_id = $1'
  expect(await stage.database.query(left, [tenantId])).toEqual([])
  await until('forgotten', async () => !(await namesFor({ tenantId })).includes('x-left'))
  expect(await create({ tenantId, definition: leaving })).toMatchObject({
    status: 410,
    body: { code: 'tenant_erased' },
  })
})
