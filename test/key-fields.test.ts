/** A key of several fields: two secrets and a site, typed into the service's form or sent by a backend. */
import { randomUUID } from 'node:crypto'
import type { KeyMethod, ProviderDefinition } from '@keywell/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { type KeyProvider, startKeyProvider, type WatchKey } from './support/key-provider.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { dump, expectNowhere } from './support/sweep.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-watch'

interface Owner {
  tenantId: string
  userId: string
}

let watch: KeyProvider
let stage: Stage
let users = 0
/** All that was typed. */
const typed: Record<string, string> = {}
/** All that a browser or the app was given. */
const seen: string[] = []

beforeAll(async () => {
  watch = await startKeyProvider()
  stage = await createStage(await openEmbedded(), {
    providers: [
      watch.definition,
      withTypedAccount('acme-site', { id: 'site', name: 'site' }),
      withTypedAccount('acme-hash', { id: '$hash' }),
      withSiteInAddress('acme-path'),
    ],
    privateHosts: [{ origin: watch.url }],
  })
})
afterAll(async () => {
  await stage.stop()
  await watch.stop()
})

/** The same provider, which names no account for a key. */
function withTypedAccount(
  name: string,
  typedAccount: NonNullable<KeyMethod['typedAccount']>,
): ProviderDefinition {
  const [method] = watch.definition.auth
  if (method?.kind !== 'key') throw new Error('no keys')
  const { identity: _, ...rest } = method
  return { ...watch.definition, name, auth: [{ ...rest, typedAccount }] }
}

/** The same provider, whose site stands in the address that tells the account, and in a header of its own. */
function withSiteInAddress(name: string): ProviderDefinition {
  const [method] = watch.definition.auth
  if (method?.kind !== 'key' || method.identity === undefined) throw new Error('no keys')
  const request = {
    method: 'GET' as const,
    url: `${watch.url}/v3/sites/{site}/org`,
    headers: { 'X-Watch-Site': '{site}' },
  }
  const fields = method.fields.map(({ pattern: _, ...field }) => field)
  const identity = { ...method.identity, request }
  return { ...watch.definition, name, auth: [{ ...method, fields, identity }] }
}

function newUser() {
  users += 1
  return { tenantId: `ten_fields_${users}`, userId: 'usr_fields' }
}

function makeKey(): WatchKey {
  const key = watch.makeKey()
  for (const [name, value] of Object.entries(key)) {
    typed[`${name} ${Object.keys(typed).length}`] = value
  }
  return key
}

async function open(who: Owner, language = 'en') {
  const person = new Person()
  const session = await stage.session({ ...who, methods: ['key'] })
  const flow = await stage.flow(session, { provider, host: watch.url, method: 'key' })
  const start = await stage.start(person, flow)
  const page = await person.visit(start.url, { init: { headers: { 'accept-language': language } } })
  const state = /name="state" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  return { person, page, state }
}

async function submit(person: Person, fields: Record<string, string>) {
  const page = await person.visit(`${stage.url}/connect/key`, {
    init: {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: stage.url },
    },
    stopAt: (to) => to.origin === appOrigin,
  })
  seen.push(page.text, page.url.href)
  return page
}

const create = (who: Owner, credential: Record<string, unknown>) =>
  stage.call<{ id: string }>('POST', '/v1/connections', {
    ...who,
    provider,
    credential: { type: 'api_key', ...credential },
  })

const basicOf = ({ site, appKey }: WatchKey) =>
  `Basic ${Buffer.from(`${site}:${appKey}`).toString('base64')}`

verifies('keys:fields', async () => {
  const who = newUser()
  const { person, page, state } = await open(who)
  expect(page.text).toContain('Connect Acme Watch with an API key')
  const inputs = [...page.text.matchAll(/<input\s[^>]*id="field-[^>]*>/g)].map(([input]) => input)
  const attributes = inputs.map((input) => [
    /name="(\w+)"/.exec(input)?.[1],
    /type="(\w+)"/.exec(input)?.[1],
    /\srequired\s/.test(input),
    /autocomplete="off"/.test(input),
  ])
  expect(attributes).toEqual([
    ['site', 'text', true, true],
    ['apiKey', 'password', true, true],
    ['appKey', 'password', true, true],
    ['team', 'text', false, true],
  ])
  expect(page.text).toMatch(/aria-describedby="help-apiKey hint"/)
  expect(page.text).toContain('It has 32 digits and letters.')

  const key = makeKey()
  const { url: finish } = await submit(person, { state, ...key, apiKey: ` ${key.apiKey}\n` })
  const confirmed = must(await stage.confirm(finish, who), 200)
  seen.push(JSON.stringify(confirmed))
  expect(confirmed).toMatchObject({
    status: 'connected',
    connection: { provider, account: { name: 'Acme Watchers' }, renewable: false, scopes: [] },
  })
  const read = must(await stage.read({ ...who, provider }), 200)
  expect(read).toMatchObject({
    type: 'api_key',
    credential: key.apiKey,
    fields: key,
    headers: [
      { name: 'X-Watch-Key', value: key.apiKey },
      { name: 'Authorization', value: basicOf(key) },
    ],
  })
  expect(read).not.toHaveProperty('header')
  const rows = await stage.database.query('select type from credentials where tenant_id = $1', [
    who.tenantId,
  ])
  expect(rows, 'one sealed record').toEqual([{ type: 'api_key' }])
})

verifies('keys:fields-refused', async () => {
  const key = makeKey()
  const asked = watch.asked.length
  const wrong = randomUUID()
  typed['a UUID'] = wrong
  for (const [fields, said] of [
    [{ ...key, apiKey: wrong }, 'API key does not have the form that it has at Acme Watch.'],
    [{ ...key, apiKey: key.apiKey.repeat(40) }, 'API key does not have the form'],
    [{ ...key, site: `${key.site}:8080` }, 'Site does not have the form'],
    [{ ...key, appKey: '' }, 'Application key must'],
    [{ ...key, appKey: 'two words' }, 'Application key must'],
    [{ site: key.site, apiKey: key.apiKey }, 'Application key must'],
  ] as [Record<string, string>, string][]) {
    const who = newUser()
    const answer = await create(who, { fields })
    seen.push(JSON.stringify(answer.body))
    expect(answer, said).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect(Object(answer.body).detail).toContain(said)
    const { person, state } = await open(who)
    const page = await submit(person, { state, ...fields })
    expect([page.status, page.text.includes(said)], said).toEqual([400, true])
    expect(page.text.match(/aria-invalid="true"/g), 'the one that is wrong').toHaveLength(1)
  }
  for (const credential of [
    { fields: { ...key, more: 'a' } },
    { value: key.apiKey },
    { value: key.apiKey, fields: key },
    {},
  ]) {
    const answer = await create(newUser(), credential)
    seen.push(JSON.stringify(answer.body))
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  }
  expect(watch.asked.length, 'the provider was not asked').toBe(asked)

  const { person, state } = await open(newUser())
  const refused = await submit(person, { state, ...key, appKey: `wapp_${'wrong'.repeat(5)}` })
  expect([refused.status, refused.text.includes('does not accept this API key')]).toEqual([
    422,
    true,
  ])
})

verifies('keys:fields-withdrawn', async () => {
  const who = newUser()
  const key = makeKey()
  const made = must(await create(who, { fields: { ...key, team: 'ops' } }), 201)
  expect(must(await stage.read({ ...who, provider }), 200)).toMatchObject({
    fields: { ...key, team: 'ops' },
    headers: [
      { name: 'X-Watch-Key' },
      { name: 'Authorization' },
      { name: 'X-Watch-Team', value: 'ops' },
    ],
  })
  const gone = await stage.call('DELETE', `/v1/connections/${made.id}?${new URLSearchParams(who)}`)
  expect(gone).toMatchObject({ status: 200, body: { upstream: 'revoked' } })
  expect(watch.takes(key)).toBe(false)
})

test('the form is in German, and what the definition says is marked as English', async () => {
  const { page } = await open(newUser(), 'de')
  expect(page.text).toContain('<span lang="en">It has 32 digits and letters.</span>')
  expect(page.text).toContain('<span lang="en">Team</span> (optional)')
  expect(page.text).toContain('Was Sie eingeben, wird bei')
})

verifies('keys:typed-account', async () => {
  // Not among what is looked for below: a site that names an account is shown.
  const [key, other] = [watch.makeKey(), watch.makeKey()]
  const asked = watch.asked.length
  const connect = async (at: string, who: Owner, fields: WatchKey, name = 'default') =>
    stage.call<{ account: { id: string; name: string | null } }>('POST', '/v1/connections', {
      ...who,
      provider: at,
      name,
      credential: { type: 'api_key', fields },
    })
  const [mine, theirs] = [newUser(), newUser()]
  const accountOf = async (...args: Parameters<typeof connect>) =>
    must(await connect(...args), 201).account
  expect(await accountOf('acme-site', mine, key)).toMatchObject({ id: key.site, name: key.site })
  const { id } = await accountOf('acme-hash', mine, key)
  expect((await accountOf('acme-hash', mine, key, 'second')).id).toBe(id)
  expect((await accountOf('acme-hash', theirs, key)).id, 'no tenant sees another’s').not.toBe(id)
  expect((await accountOf('acme-hash', mine, other, 'third')).id).not.toBe(id)
  for (const value of Object.values(key)) expect(id).not.toContain(value)
  expect(await connect('acme-hash', mine, other)).toMatchObject({
    body: { code: 'account_mismatch' },
  })
  expect(watch.asked.slice(asked)).not.toContain('GET /v1/org')
})

verifies('keys:open-values', async () => {
  const key = watch.makeKey()
  const connect = async (site: string) =>
    stage.call<{ account: { id: string }; detail: string }>('POST', '/v1/connections', {
      ...newUser(),
      provider: 'acme-path',
      credential: { type: 'api_key', fields: { ...key, site } },
    })
  expect(must(await connect(key.site), 201).account.id).toBe(`site-${key.site}`)
  const asked = watch.asked.length
  for (const site of ['..', '.', `${key.site}/..`, 'a?b', 'a#b', 'a%2fb', '@b', 'a\\b', 'ä']) {
    const { status, body } = await connect(site)
    expect([status, body.detail], site).toEqual([400, expect.stringMatching(/^Site (does|must)/)])
  }
  expect(watch.asked.length, 'the provider was not asked').toBe(asked)
})

// Last, since it looks at all that the others did.
verifies('T13:key-fields', async () => {
  expect(Object.keys(typed).length).toBeGreaterThan(9)
  expectNowhere(typed, {
    logs: stage.logs.join('\n'),
    'pages, addresses and answers': seen.join('\n'),
    metrics: (await stage.keywell.metrics()).text,
    database: await dump(stage.database),
  })
})
