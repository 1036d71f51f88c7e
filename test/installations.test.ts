/** Apps that an administrator installs at GitHub: who may name an installation, and what becomes of one. */
import { generateKeyPairSync } from 'node:crypto'
import type { ConfirmAnswer, Connection } from '@keywell/protocol'
import { Keywell } from '@keywell/sdk'
import { expect, onTestFinished } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import {
  type Installing,
  installInBrowser,
  integrateApp,
  startGitHub,
} from './support/installed-app.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { dump, expectNowhere } from './support/sweep.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const who = { tenantId: 'ten_northwind', userId: 'usr_mira' }

async function start() {
  const { at, definition, origins } = await startGitHub()
  const stage = await createStage(await openEmbedded(), {
    providers: [definition],
    privateHosts: origins.map((origin) => ({ origin })),
    timing: {
      pollMs: 40,
      sweepMs: 100,
      recheckAfterMs: 50,
      confirmAfterMs: 100,
      incidentWindowMs: 0,
    },
  })
  onTestFinished(async () => {
    await stage.stop()
    await at.stop()
  })
  return { at, stage, ...(await integrateApp(stage, at)) }
}

const install = (stage: Stage, more: Partial<Installing> = {}) =>
  installInBrowser(stage, { who, account: 'northwind', ...more })

const read = (stage: Stage) =>
  stage.call<{ credential: string; generation: number; expiresAt: string; code?: string }>(
    'POST',
    '/v1/credentials',
    { provider: 'github', tenantId: who.tenantId, owner: 'tenant' },
  )

const connections = async (stage: Stage) =>
  must(
    await stage.call<{ connections: Connection[] }>(
      'GET',
      `/v1/connections?tenantId=${who.tenantId}`,
    ),
    200,
  ).connections

const due = (stage: Stage) =>
  stage.database.query('update refresh_schedule set refresh_at = now() where tenant_id = $1', [
    who.tenantId,
  ])

type At = Awaited<ReturnType<typeof start>>['at']

const repositories = (at: At, token: string) =>
  fetch(`${at.urls.api}/installation/repositories`, {
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'test' },
  })

const exchanges = (at: At) =>
  at.requests().filter(({ path }) => path === '/login/oauth/access_token').length

/** Tokens of users that were withdrawn. The sweep may ask again at the same moment, and finds nothing then (422). */
const withdrawals = (at: At) =>
  at
    .requests()
    .filter(({ method, path }) => method === 'DELETE' && path.endsWith('/token'))
    .filter(({ status }) => status === 204).length

verifies('installation:connect', async () => {
  const { at, stage, app } = await start()
  const { status, connection } = await install(stage)
  expect({ status, connection }).toMatchObject({
    status: 'connected',
    connection: {
      method: 'app_installation',
      userId: null,
      account: { username: 'northwind', name: 'northwind' },
      scopes: [],
      renewable: true,
    },
  })
  const held = must(await read(stage), 200)
  expect(held.credential).toMatch(/^ghs_/)
  expect(held).not.toHaveProperty('fields')
  const found = await repositories(at, held.credential)
  expect([found.status, Object(await found.json()).total_count > 0]).toEqual([200, true])
  expect(Date.parse(held.expiresAt) - Date.now()).toBeGreaterThan(3_500_000)

  expect(withdrawals(at)).toBe(1)
  const own = { provider: 'github', ...who }
  expect((await stage.call('POST', '/v1/credentials', own)).status).toBe(404)
  const secrets = { 'private key': app.privateKey.split('\n')[2] ?? '' }
  const entries = await stage.database.query<{ row: string }>(
    'select to_jsonb(connections)::text as row from connections',
  )
  expectNowhere(secrets, { database: await dump(stage.database), entries: String(entries) })
  expect(at.unexpected()).toEqual([])
})

/** Nothing is stored, and nothing that was given lives on. */
async function expectNothing(at: At, stage: Stage, answer: ConfirmAnswer, given: number) {
  expect(answer.status).toBe('failed')
  expect(answer.connection).toBeNull()
  expect(await connections(stage)).toEqual([])
  const left = await stage.database.query('select connection_id from credentials')
  expect(left).toEqual([])
  await until('nothing waits', async () => {
    const waiting = await stage.database.query('select connection_id from revocations')
    return waiting.length === 0
  })
  const minted = at.requests().filter(({ path }) => path.endsWith('/access_tokens'))
  expect(minted).toEqual([])
  // Each token of the user that was given was withdrawn.
  expect(withdrawals(at)).toBe(given)
  expect(exchanges(at)).toBe(given)
}

const callbacks: Readonly<Record<string, (back: URL, foreign: number) => URL>> = {
  'of another account': (back, foreign) => withId(back, `${foreign}`),
  'of nobody': (back) => withId(back, '987654321'),
  'with letters': (back) => withId(back, '1e3'),
  'with a path': (back) => withId(back, '1/../2'),
  'with a zero in front': (back) => withId(back, `0${back.searchParams.get('installation_id')}`),
  twice: (back, foreign) => {
    back.searchParams.append('installation_id', `${foreign}`)
    return back
  },
  missing: (back) => {
    back.searchParams.delete('installation_id')
    return back
  },
}

function withId(back: URL, id: string): URL {
  back.searchParams.set('installation_id', id)
  return back
}

verifies.each('installation:spoofed', [...Object.keys(callbacks), 'requested'], async (what) => {
  const { at, stage, app } = await start()
  const foreign = at.install(app, 'grace')
  const tamper = (back: URL): URL => {
    const changed = callbacks[what]?.(back, foreign.id)
    if (changed !== undefined) return changed
    // Somebody who may not install it has asked an administrator to.
    for (const name of ['code', 'installation_id']) back.searchParams.delete(name)
    back.searchParams.set('setup_action', 'request')
    return back
  }
  const answer = await install(stage, { tamper })
  const isForeign = what === 'of another account' || what === 'of nobody'
  if (isForeign) expect(answer).toMatchObject({ error: { code: 'flow_mismatch' } })
  if (what === 'requested') {
    expect(answer).toMatchObject({
      error: { code: 'provider_error', providerReason: 'approval_pending', retryable: false },
    })
  }
  await expectNothing(at, stage, answer, isForeign ? 1 : 0)
  // Whoever installs it afterwards connects as if nothing had been.
  expect((await install(stage)).status).toBe('connected')
})

verifies('installation:tenant', async () => {
  const { stage } = await start()
  const session = await stage.session({ ...who, methods: ['installation', 'oauth'] })
  const flow = (method?: string) =>
    stage.page<{ code: string; nextStep: string }>(session.connectToken, 'POST', '/connect/flows', {
      provider: 'github',
      method,
    })
  for (const method of ['installation', 'app_installation']) {
    const { status, body } = await flow(method)
    expect([status, body.code]).toEqual([400, 'method_not_offered'])
    expect(body.nextStep).toContain("owner: 'tenant'")
  }
  const offered = must(
    await stage.page<{ providers: { name: string; methods: { id: string }[] }[] }>(
      session.connectToken,
      'GET',
      '/connect/providers',
    ),
    200,
  )
  expect(JSON.stringify(offered)).not.toContain('app_installation')
})

verifies('installation:renewed', async () => {
  const { at, stage, app } = await start()
  const { connection } = await install(stage)
  const installation = at.install(app, 'northwind')
  const before = must(await read(stage), 200)
  const facts = async () =>
    (
      await stage.database.query<{ installation: object }>(
        `select installation from connections where id = '${connection?.id}'`,
      )
    )[0]?.installation
  expect(await facts()).toEqual({
    id: `${installation.id}`,
    permissions: { metadata: 'read', contents: 'read' },
    repositories: 'all',
  })
  const renewed = async (generation: number) => {
    await due(stage)
    await until('renewed', async () => Number((await read(stage)).body.generation) > generation)
    return must(await read(stage), 200)
  }

  installation.permissions = { metadata: 'read', contents: 'write' }
  const after = await renewed(before.generation)
  expect(after.credential).not.toBe(before.credential)
  expect((await repositories(at, after.credential)).status).toBe(200)
  expect(await facts()).toMatchObject({ permissions: { contents: 'write' } })

  at.suspend(installation)
  await due(stage)
  await until(
    'known as suspended',
    async () => (await connections(stage))[0]?.health.reason === 'suspended',
  )
  expect((await connections(stage))[0]).toMatchObject({
    status: 'active',
    health: { status: 'degraded' },
  })
  at.unsuspend(installation)
  const again = await renewed(after.generation)
  expect((await connections(stage))[0]?.health.status).toBe('ok')

  at.uninstall(installation)
  await until('ended', async () => {
    await due(stage)
    return (await read(stage)).body.code === 'needs_reauth'
  })
  expect((await connections(stage))[0]).toMatchObject({ status: 'revoked' })
  expect(again.generation).toBeGreaterThan(after.generation)

  // Installed once more, it is the same connection.
  const second = await install(stage, { session: { connectionId: connection?.id } })
  expect(second.connection?.id).toBe(connection?.id)
  expect(must(await read(stage), 200).credential).toMatch(/^ghs_/)
  expect(at.unexpected()).toEqual([])
})

verifies('installation:key', async () => {
  const { at, stage, app, id, path } = await start()
  const { clientId, clientSecret, privateKey } = app
  const shown = JSON.stringify(await stage.call('GET', `/v1/integrations/${id}`))
  for (const secret of [clientSecret, privateKey.slice(100, 140)]) {
    expect(shown).not.toContain(secret)
  }
  // Each change brings both.
  const without = await stage.call<{ code: string; detail: string }>('PUT', path, {
    clientId,
    clientSecret,
  })
  expect(without.body).toMatchObject({ code: 'invalid_request' })
  expect(without.body.detail).toMatch(/^privateKey/)
  const broken = await stage.call<{ code: string; detail: string }>('PUT', path, {
    clientId,
    clientSecret,
    privateKey: privateKey.slice(0, 300),
  })
  expect(broken.body).toMatchObject({ code: 'invalid_request' })
  expect(JSON.stringify(broken)).not.toContain(privateKey.slice(100, 140))

  const validate = async () => {
    await stage.database.query('update integrations set validated_at = null')
    return must(
      await stage.call<{ result: string; detail: string }>(
        'POST',
        `/v1/integrations/${id}/validate`,
        {},
      ),
      200,
    ).result
  }
  expect(await validate()).toBe('accepted')
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const wrong = other.export({ type: 'pkcs8', format: 'pem' }).toString()
  const { connection } = await install(stage)
  must(await stage.call('PUT', path, { clientId, clientSecret, privateKey: wrong }), 200)
  expect(await validate()).toBe('refused')
  await due(stage)
  const integration = async () =>
    must(
      await stage.call<{ suspended: { reason: string } | null }>('GET', `/v1/integrations/${id}`),
      200,
    )
  await until('suspended', async () => (await integration()).suspended !== null)
  expect((await integration()).suspended?.reason).toBe('client_rejected')
  expect((await connections(stage))[0]).toMatchObject({ id: connection?.id, status: 'active' })
  // The token of before is served meanwhile.
  const held = must(await read(stage), 200)
  must(await stage.call('PUT', path, { clientId, clientSecret, privateKey }), 200)
  await due(stage)
  await until('renewed', async () => must(await read(stage), 200).generation > held.generation)
  expect(await validate()).toBe('accepted')
  expect(at.unexpected()).toEqual([])
})

verifies('installation:api', async () => {
  const { at, stage, app } = await start()
  const first = await install(stage)
  await install(stage, { account: 'ada', connectionName: 'own' })
  const keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
  const { tenantId } = who
  const listed = []
  for await (const each of keywell.installations.list({ tenantId, limit: 1 })) listed.push(each)
  expect(listed).toHaveLength(2)
  const [one, other] = listed
  expect(one).toMatchObject({
    id: first.connection?.id,
    installationId: `${at.install(app, 'northwind').id}`,
    account: { username: 'northwind' },
    permissions: { contents: 'read', metadata: 'read' },
    repositories: 'all',
  })
  const reference = { tenantId, connectionId: one?.id ?? '' }
  expect(await keywell.installations.get(reference)).toEqual(one)

  // Another tenant, and a connection of another kind, have none.
  const path = `/v1/installations/${one?.id}`
  for (const method of ['GET', 'DELETE'] as const) {
    const foreign = await stage.call<{ code: string }>(method, `${path}?tenantId=ten_other`)
    expect([foreign.status, foreign.body.code]).toEqual([404, 'not_found'])
  }
  const key = at.createPersonalAccessToken({ login: 'ada', scopes: ['repo'] })
  const pasted = must(
    await stage.call<{ id: string }>('POST', '/v1/connections', {
      provider: 'github',
      ...who,
      credential: { type: 'api_key', value: key },
    }),
    201,
  )
  const noInstallation = await stage.call(
    'GET',
    `/v1/installations/${pasted.id}?tenantId=${tenantId}`,
  )
  expect(noInstallation.status).toBe(404)

  // A disconnect leaves the app where it is.
  const gone = await keywell.connections.delete({ tenantId, connectionId: other?.id ?? '' })
  expect(gone.upstream).toBe('revoked')
  const installed = () =>
    Promise.all(
      ['northwind', 'ada'].map(async (account) => {
        const before = at.requests().length
        const { id } = at.install(app, account)
        expect(at.requests().length).toBe(before)
        return `${id}`
      }),
    )
  expect(await installed()).toEqual([one?.installationId, other?.installationId])

  // Not reached: nothing is changed here.
  at.addFault({ path: `/app/installations/${one?.installationId}`, effect: { kind: 'drop' } })
  await expect(keywell.installations.delete(reference)).rejects.toMatchObject({
    code: 'provider_error',
  })
  expect(await keywell.installations.get(reference)).toMatchObject({ status: 'active' })
  const held = must(await read(stage), 200)
  await keywell.installations.delete(reference)
  await expect(keywell.installations.get(reference)).rejects.toMatchObject({ code: 'not_found' })
  expect((await repositories(at, held.credential)).status).toBe(401)
  const [now] = await installed()
  expect(now).not.toBe(one?.installationId)
  const { entries } = must(
    await stage.call<{ entries: { result: string; connectionId: string }[] }>(
      'GET',
      `/v1/audit?tenantId=${tenantId}&action=installation.remove`,
    ),
    200,
  )
  expect(entries.map(({ result }) => result).sort()).toEqual(
    ['failed', 'intent', 'intent', 'ok'].sort(),
  )
  expect(at.unexpected()).toEqual([])
})
