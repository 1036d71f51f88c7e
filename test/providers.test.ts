/**
 * Each definition of the catalogue against a stand-in of its provider. The stand-ins were written from the providers'
 * documentation by somebody who has not seen the definitions, so that each is a check of the other.
 */
import { atStandIn } from '@keywell/demo/stand-ins'
import { algolia, azureDevOps, bitbucket, buildkite, github } from '@keywell/providers'
import {
  createAlgolia,
  createBitbucket,
  createBuildkite,
  createGitHub,
  createMicrosoft,
} from '@keywell/sandbox'
import { describe, expect, onTestFinished } from 'vitest'
import { startHostsAsPaths } from './support/hosts-as-paths.ts'
import { integrate } from './support/journey.ts'
import {
  connect,
  connectByForm,
  disconnect,
  isRefused,
  openStage,
  paste,
  probe,
  read,
  refresh,
  who,
} from './support/provider-steps.ts'
import { must } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

describe('GitHub', () => {
  async function start() {
    const at = await createGitHub()
    onTestFinished(() => at.stop())
    const definition = atStandIn(github, {
      'https://github.com': at.urls.web,
      'https://api.github.com': at.urls.api,
    })
    return { at, stage: await openStage(definition, Object.values(at.urls)) }
  }

  verifies('providers:github-oauth', async () => {
    const { at, stage } = await start()
    let app: ReturnType<typeof at.registerOAuthApp> | undefined
    await integrate(stage, { provider: 'github', scopes: ['read:user', 'repo'] }, (redirectUri) => {
      app = at.registerOAuthApp({ name: 'Northwind', redirectUris: [redirectUri] })
      return app
    })
    const { connection } = await connect(stage, 'github', ['read:user', 'repo'])
    expect(connection).toMatchObject({
      host: at.urls.api,
      account: { username: 'ada' },
      scopes: expect.arrayContaining(['read:user', 'repo']),
    })
    const held = must(await read(stage, 'github'), 200)
    const asked = await fetch(`${at.urls.api}/user`, {
      headers: { [held.header.name]: held.header.value, 'user-agent': 'test' },
    })
    expect(await asked.json()).toMatchObject({ login: 'ada' })

    // A limit says nothing of the token.
    at.addFault(at.secondaryRateLimit())
    await probe(stage)
    await until('limited', () => at.requests().some(({ status }) => status === 403))
    expect((await read(stage, 'github')).status).toBe(200)

    // Disconnected: the token is withdrawn with the app's own credentials.
    expect(await disconnect(stage, connection?.id)).toMatchObject({ upstream: 'revoked' })
    const dead = await fetch(`${at.urls.api}/user`, {
      headers: { [held.header.name]: held.header.value, 'user-agent': 'test' },
    })
    expect(dead.status).toBe(401)

    // Connected again and removed there: the next probe finds out.
    await connect(stage, 'github', ['read:user', 'repo'])
    if (app !== undefined) at.revokeAuthorization(app, 'ada')
    expect(await isRefused(stage, 'github')).toMatchObject({ code: 'needs_reauth' })
    expect(at.unexpected()).toEqual([])
  })

  verifies('providers:github-app-user', async () => {
    const { at, stage } = await start()
    const register = async (input: { expiringUserTokens: boolean; tenantId: string }) => {
      const { tenantId, expiringUserTokens } = input
      const draft = must(
        await stage.call<{ id: string; redirectUri: string; registerUrl: string }>(
          'POST',
          '/v1/integrations',
          { provider: 'github', method: 'app_user', tenantId },
        ),
        201,
      )
      expect(draft.registerUrl).toBe(`${at.urls.web}/settings/apps/new`)
      const redirectUris = [draft.redirectUri]
      const app = at.registerGitHubApp({ name: 'Northwind', redirectUris, expiringUserTokens })
      const { clientId, clientSecret } = app
      const path = `/v1/integrations/${draft.id}/client`
      must(await stage.call('PUT', path, { tenantId, clientId, clientSecret }), 200)
      return app
    }
    const app = await register({ expiringUserTokens: true, tenantId: who.tenantId })
    // The only method that an app is registered for, so none is named.
    const { connection } = await connect(stage, 'github', [])
    expect(connection).toMatchObject({
      method: 'app_user',
      scopes: [],
      account: { username: 'ada' },
    })
    const before = must(await read(stage, 'github'), 200)
    expect(before.credential).toMatch(/^ghu_/)
    await refresh(stage)
    await until(
      'renewed',
      async () => must(await read(stage, 'github'), 200).generation > before.generation,
    )
    const after = must(await read(stage, 'github'), 200)
    const asked = await fetch(`${at.urls.api}/user`, {
      headers: { [after.header.name]: after.header.value, 'user-agent': 'test' },
    })
    expect(await asked.json()).toMatchObject({ login: 'ada' })

    // A tenant that may only read gets no token of which it is not known that it only reads.
    const policy = `/v1/tenants/${who.tenantId}/policy`
    must(await stage.call('PUT', policy, { readOnly: true }), 200)
    expect((await read(stage, 'github')).body.code).toBe('not_allowed_for_tenant')
    must(await stage.call('PUT', policy, { readOnly: false }), 200)

    expect(await disconnect(stage, connection?.id)).toMatchObject({ upstream: 'revoked' })
    await connect(stage, 'github', [])
    at.revokeAuthorization(app, 'ada')
    expect(await isRefused(stage, 'github')).toMatchObject({ code: 'needs_reauth' })
    expect(at.unexpected()).toEqual([])
  })

  verifies('providers:github-refusals', async () => {
    const { at, stage } = await start()
    await integrate(stage, { provider: 'github', scopes: ['read:user'] }, (redirectUri) => ({
      ...at.registerOAuthApp({ name: 'Northwind', redirectUris: [redirectUri] }),
      clientSecret: 'not-the-secret',
    }))
    // It says so in a 200: the integration is suspended, and the user is not blamed.
    expect(await connect(stage, 'github', ['read:user'])).toMatchObject({
      status: 'failed',
      error: { code: 'provider_error', providerReason: 'client_rejected' },
    })
    const { integrations } = must(
      await stage.call<{ integrations: { provider: string; suspended: object | null }[] }>(
        'GET',
        '/v1/integrations',
      ),
      200,
    )
    expect(integrations.find(({ provider }) => provider === 'github')?.suspended).toMatchObject({
      reason: 'client_rejected',
    })
  })

  verifies('providers:github-token', async () => {
    const { at, stage } = await start()
    const token = at.createPersonalAccessToken({ login: 'ada', scopes: ['repo', 'read:org'] })
    const stored = must(await paste(stage, 'github', token), 201)
    expect(stored).toMatchObject({ account: { username: 'ada' }, scopes: ['repo', 'read:org'] })
    expect(must(await read(stage, 'github'), 200).credential).toBe(token)
    at.revokePersonalAccessToken(token)
    expect(await isRefused(stage, 'github')).toMatchObject({ code: 'needs_reauth' })
    expect((await paste(stage, 'github', `ghp_${'x'.repeat(36)}`)).body.code).toBe('key_refused')
    expect(at.unexpected()).toEqual([])
  })
})

verifies('providers:bitbucket', async () => {
  const at = await createBitbucket()
  onTestFinished(() => at.stop())
  const definition = atStandIn(bitbucket, {
    'https://bitbucket.org': at.urls.web,
    'https://api.bitbucket.org': at.urls.api,
  })
  const stage = await openStage(definition, Object.values(at.urls))
  const scopes = ['account', 'repository']
  let consumer: ReturnType<typeof at.registerConsumer> | undefined
  await integrate(stage, { provider: 'bitbucket', scopes }, (redirectUri) => {
    consumer = at.registerConsumer({ name: 'Northwind', redirectUris: [redirectUri], scopes })
    return consumer
  })
  const { connection } = await connect(stage, 'bitbucket', scopes)
  expect(connection).toMatchObject({ host: `${at.urls.api}/2.0`, scopes })
  const before = must(await read(stage, 'bitbucket'), 200)
  await refresh(stage)
  await until(
    'renewed',
    async () => must(await read(stage, 'bitbucket'), 200).generation > before.generation,
  )
  expect(must(await read(stage, 'bitbucket'), 200).credential).not.toBe(before.credential)

  // An answer that is lost is asked for again inside the grace, and nothing is lost.
  at.addFault({ bodyHas: 'refresh_token', effect: { kind: 'drop', after: true } })
  await refresh(stage)
  const second = must(await read(stage, 'bitbucket'), 200)
  await until(
    'renewed after a lost answer',
    async () => must(await read(stage, 'bitbucket'), 200).generation > second.generation,
  )
  expect(await disconnect(stage, connection?.id)).toMatchObject({
    upstream: 'manual',
    manualUrl: `${at.urls.web}/account/settings/app-authorizations/`,
  })

  await connect(stage, 'bitbucket', scopes)
  if (consumer !== undefined) at.revokeGrant(consumer, 'ada')
  expect(await isRefused(stage, 'bitbucket')).toMatchObject({ code: 'needs_reauth' })
  expect(at.unexpected()).toEqual([])
})

verifies('providers:bitbucket-before', async () => {
  const at = await createBitbucket({ rotates: false })
  onTestFinished(() => at.stop())
  const definition = atStandIn(bitbucket, {
    'https://bitbucket.org': at.urls.web,
    'https://api.bitbucket.org': at.urls.api,
  })
  const stage = await openStage(definition, Object.values(at.urls))
  const scopes = ['account', 'repository']
  await integrate(stage, { provider: 'bitbucket', scopes: ['account'] }, (redirectUri) =>
    at.registerConsumer({ name: 'Northwind', redirectUris: [redirectUri], scopes }),
  )
  // More than was asked for: the answer is read, and not what was asked.
  const { connection } = await connect(stage, 'bitbucket', ['account'])
  expect(connection?.scopes).toEqual(scopes)
  for (const generation of [2, 3]) {
    await refresh(stage)
    await until(
      'renewed',
      async () => must(await read(stage, 'bitbucket'), 200).generation === generation,
    )
  }
  expect(at.unexpected()).toEqual([])
})

verifies('providers:bitbucket-token', async () => {
  const at = await createBitbucket()
  onTestFinished(() => at.stop())
  const origins = {
    'https://bitbucket.org': at.urls.web,
    'https://api.bitbucket.org': at.urls.api,
  }
  const stage = await openStage(atStandIn(bitbucket, origins), Object.values(at.urls))
  const email = 'ada@example.com'
  const token = at.createApiToken({ email, scopes: ['read:user:bitbucket'] })
  const connected = await stage.call<{ account: object }>('POST', '/v1/connections', {
    provider: 'bitbucket',
    ...who,
    credential: { type: 'api_key', fields: { email, token } },
  })
  must(connected, 201)
  const { header } = must(await read(stage, 'bitbucket'), 200)
  const asked = await fetch(`${at.urls.api}/2.0/user`, { headers: { [header.name]: header.value } })
  expect(asked.status).toBe(200)
  at.revokeApiToken(token)
  expect(await isRefused(stage, 'bitbucket')).toMatchObject({ code: 'needs_reauth' })
  expect(at.unexpected()).toEqual([])
})

verifies('providers:azure-devops', async () => {
  const at = await createMicrosoft()
  onTestFinished(() => at.stop())
  const definition = atStandIn(azureDevOps, {
    'https://login.microsoftonline.com': at.urls.login,
    'https://app.vssps.visualstudio.com': at.urls.vssps,
    'https://dev.azure.com': at.urls.dev,
  })
  const stage = await openStage(definition, Object.values(at.urls))
  const scopes = ['vso.profile', 'vso.code']
  let app: ReturnType<typeof at.registerApp> | undefined
  await integrate(stage, { provider: 'azure-devops', scopes }, (redirectUri) => {
    app = at.registerApp({ name: 'Northwind', redirectUris: [redirectUri] })
    return app
  })
  const { connection } = await connect(stage, 'azure-devops', scopes)
  // By their short names, and without what a refresh token needs.
  expect(connection?.scopes.toSorted()).toEqual(scopes.toSorted())
  const before = must(await read(stage, 'azure-devops'), 200)
  await refresh(stage)
  await until(
    'renewed',
    async () => must(await read(stage, 'azure-devops'), 200).generation > before.generation,
  )

  // An administrator demands a second factor: it is said by that name.
  at.setPolicy('ada@northwind.example', 'use_multi_factor')
  // What there is is served to its end, which comes within ninety minutes.
  at.advance(6_000)
  expect(await isRefused(stage, 'azure-devops')).toMatchObject({ reason: 'sign_in_again' })
  await connect(stage, 'azure-devops', scopes)
  expect((await read(stage, 'azure-devops')).status).toBe(200)

  // The user's sessions are revoked: the next refresh finds out.
  if (app !== undefined) at.revokeSessions(app, 'ada@northwind.example')
  at.advance(6_000)
  expect(await isRefused(stage, 'azure-devops')).toMatchObject({ code: 'needs_reauth' })
  expect(at.unexpected()).toEqual([])
})

verifies('providers:buildkite', async () => {
  const at = await createBuildkite()
  onTestFinished(() => at.stop())
  const definition = atStandIn(buildkite, {
    'https://buildkite.com': at.urls.web,
    'https://api.buildkite.com': at.urls.api,
  })
  const stage = await openStage(definition, Object.values(at.urls))
  const scopes = ['read_user', 'read_builds']
  const token = at.createAccessToken({ email: 'ada@example.com', scopes })
  const stored = must(await paste(stage, 'buildkite', token), 201)
  expect(stored.scopes).toEqual(scopes)
  expect(must(await read(stage, 'buildkite'), 200).credential).toBe(token)
  at.revokeAccessToken(token)
  expect(await isRefused(stage, 'buildkite')).toMatchObject({ code: 'needs_reauth' })
  // A token that may see nothing but itself has an account all the same.
  const narrow = at.createAccessToken({ email: 'ada@example.com', scopes: ['read_builds'] })
  const named = await paste(stage, 'buildkite', narrow, 'builds')
  expect(must(named, 201).scopes).toEqual(['read_builds'])
  expect(at.unexpected()).toEqual([])
})

verifies('providers:algolia', async () => {
  const at = await createAlgolia()
  onTestFinished(() => at.stop())
  const [application, other] = at.applications
  const hosts = await startHostsAsPaths({
    [application.id]: application.url,
    [other.id]: other.url,
  })
  onTestFinished(() => hosts.stop())
  const definition = atStandIn(algolia, {
    'https://{applicationId}.algolia.net': `${hosts.url}/{applicationId}`,
  })
  const stage = await openStage(definition, [hosts.url])
  const host = `${hosts.url}/${application.id}`
  const provider = 'algolia'
  // No app is registered for it.
  const app = await stage.call<{ code: string }>('POST', '/v1/integrations', { provider, host })
  expect(app).toMatchObject({ status: 400, body: { code: 'invalid_request' } })

  // The service's form; the id of the application is known before, as it is the host.
  const key = at.createKey(application, { acl: ['search'] })
  const { confirmed, refused } = await connectByForm(stage, { provider, host }, [
    { apiKey: 'x'.repeat(32) },
    { apiKey: at.createKey(other, { acl: ['search'] }) },
    { apiKey: key },
  ])
  expect(refused).toEqual([422, 422])
  expect(confirmed.connection).toMatchObject({ host, account: { id: application.id }, scopes: [] })

  // Both headers, ready to send.
  const { headers } = must(
    await stage.call<{ headers: { name: string; value: string }[] }>('POST', '/v1/credentials', {
      provider,
      ...who,
    }),
    200,
  )
  expect(headers).toEqual([
    { name: 'X-Algolia-Application-Id', value: application.id },
    { name: 'X-Algolia-API-Key', value: key },
  ])
  const search = await fetch(`${host}/1/indexes/harbour/query`, {
    method: 'POST',
    body: '{}',
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
  })
  expect(search.status).toBe(200)

  // A key that may not list indexes is refused there with the status of a dead one, and is alive.
  const seen = at.requests().length
  await probe(stage)
  await until('probed', () => at.requests().length > seen)
  expect((await read(stage, provider)).status).toBe(200)
  const lists = at.createKey(application, { acl: ['listIndexes'] })
  must(
    await stage.call('POST', '/v1/connections', {
      provider,
      host,
      name: 'lists',
      ...who,
      credential: { type: 'api_key', value: lists },
    }),
    201,
  )
  expect(await disconnect(stage, confirmed.connection?.id)).toMatchObject({
    upstream: 'manual',
    manualUrl: 'https://dashboard.algolia.com/account/api-keys',
  })
  at.deleteKey(application, lists)
  expect(await isRefused(stage, provider, { connectionName: 'lists' })).toMatchObject({
    code: 'needs_reauth',
  })
  expect(at.unexpected()).toEqual([])
})
