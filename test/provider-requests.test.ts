/** Requests that the service sends to a provider as a user. */
import type { Server } from 'node:http'
import type { ProviderRequest, ProviderResponse } from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, listen, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

type Wanted = Partial<ProviderRequest>
type Problem = { code: string; detail: string }

describeEachDatabase('provider requests', (makeDatabase) => {
  let stage: Stage
  /** Where nothing of a credential may arrive, and what arrived. */
  let elsewhere: { url: string; server: Server }
  const arrived: { headers: Record<string, string>; method: string; body: string }[] = []
  let next = 0

  beforeAll(async () => {
    elsewhere = await listen(() => ({
      fetch: async (request: Request) => {
        const headers = Object.fromEntries(request.headers)
        arrived.push({ headers, method: request.method, body: await request.text() })
        return Response.json({ from: 'elsewhere' })
      },
    }))
    stage = await createStage(await makeDatabase(), {
      role: 'serve',
      privateHosts: [{ origin: new URL(elsewhere.url).origin }],
      timing: { recheckAfterMs: 50 },
    })
  })
  afterAll(async () => {
    await stage.stop()
    elsewhere.server.close()
  })
  beforeEach(async () => {
    await stage.calm()
    arrived.length = 0
  })

  async function connected() {
    next += 1
    const who = { tenantId: `ten_requests_${next}`, userId: `usr_${next}` }
    const { connection } = await stage.connect({ who })
    const { body } = await stage.read(who)
    await stage.calm()
    return { who, id: connection?.id ?? '', token: String(body.credential) }
  }

  const send = <Body = ProviderResponse>(who: object, wanted: Wanted) =>
    stage.call<Body>('POST', '/v1/requests', {
      provider: 'gitlab',
      path: '/api/v4/user',
      ...who,
      ...wanted,
    })

  const entriesOf = (tenantId: string) =>
    stage.database.query<{ action: string; result: string; reason: string | null }>(
      `select action, result, reason from audit
       where tenant_id = $1 and action in ('request.send', 'credential.read') order by id`,
      [tenantId],
    )

  const calls = async () => (await stage.sandbox.control.counters()).calls.rest ?? 0
  const refreshes = async () =>
    (await stage.sandbox.control.counters()).grantTypes.refresh_token ?? 0

  const answering = (status: number, headers: Record<string, string> = {}, body = '{}') => ({
    endpoint: 'rest' as const,
    pathPrefix: '/api/v4/projects',
    effect: { kind: 'respond' as const, status, body, headers },
  })

  verifies('requests:as-user', async () => {
    const { who, id, token } = await connected()
    const answer = await send(who, {})
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ status: 200, body: { username: 'ada' } })
    expect(answer.body.executionId).toBe(answer.headers.get('x-request-id'))
    expect(JSON.stringify(answer.body)).not.toContain(token)
    // The read of `connected`, and then the request alone.
    expect(await entriesOf(who.tenantId)).toEqual([
      { action: 'credential.read', result: 'ok', reason: null },
      { action: 'request.send', result: 'intent', reason: null },
      { action: 'request.send', result: 'ok', reason: null },
    ])

    // One that has ended is renewed first.
    await stage.database.query(
      `update credentials set expires_at = now() - interval '1 second'
       where tenant_id = $1 and connection_id = $2`,
      [who.tenantId, id],
    )
    expect((await send(who, {})).body).toMatchObject({ status: 200 })
    expect(await refreshes()).toBe(1)

    // What the provider answers is no failure of the route, and is in the log.
    expect((await send(who, { path: '/api/v4/nowhere' })).body).toMatchObject({ status: 404 })
    expect((await entriesOf(who.tenantId)).at(-1)).toMatchObject({
      result: 'failed',
      reason: 'status_404',
    })

    // Should the credential come back, it is not passed on.
    const { body } = await stage.read(who)
    const echo = answering(
      200,
      { 'content-type': 'application/json' },
      `{"t":"${body.credential}"}`,
    )
    await stage.sandbox.control.addFault(echo)
    expect((await send(who, { path: '/api/v4/projects' })).body.body).toEqual({ t: '[withheld]' })

    const stranger = { ...who, userId: 'usr_stranger' }
    expect(await send(stranger, {})).toMatchObject({ status: 404, body: { code: 'not_connected' } })
  })

  verifies('requests:where', async () => {
    const { who } = await connected()
    const places: [Wanted, code: string][] = [
      [{ path: `${elsewhere.url}/api/v4/user` }, 'host_not_allowed'],
      [{ path: 'https://169.254.169.254/latest' }, 'host_not_allowed'],
      [{ path: `${stage.sandbox.url.replace('//', '//user@')}/api/v4/user` }, 'host_not_allowed'],
      [{ path: 'api/v4/user' }, 'invalid_request'],
      [{ headers: { Authorization: 'Bearer of-another' } }, 'invalid_request'],
      [{ headers: { 'PRIVATE-TOKEN': 'of-another' } }, 'invalid_request'],
      [{ headers: { host: 'elsewhere.example' } }, 'invalid_request'],
      [{ headers: { 'X-Forwarded-Host': 'elsewhere.example' } }, 'invalid_request'],
      [{ headers: { Sudo: 'root' } }, 'invalid_request'],
      [{ headers: { Cookie: 'a=b' } }, 'invalid_request'],
      [{ headers: { 'X-HTTP-Method-Override': 'DELETE' } }, 'invalid_request'],
      [{ headers: { 'content-length': '1' } }, 'invalid_request'],
      [{ path: '/api/v4/user?private_token=x' }, 'invalid_request'],
      [{ query: { sudo: 'root' } }, 'invalid_request'],
      // A server may take a semicolon for an ampersand, and a field of the body for a parameter.
      [{ path: '/api/v4/user?a=1;sudo=root' }, 'invalid_request'],
      [{ path: '/api/v4/user?;private_token=x' }, 'invalid_request'],
      [{ method: 'POST', body: { title: 'x', Sudo: 'root' } }, 'invalid_request'],
      [{ method: 'POST', body: { private_token: 'x' } }, 'invalid_request'],
      [{ headers: { 'X-HTTP-Method': 'DELETE' } }, 'invalid_request'],
      [{ host: elsewhere.url }, 'not_connected'],
    ]
    for (const [wanted, code] of places) {
      const answer = await send<Problem>(who, wanted)
      expect(answer.body.code, JSON.stringify([wanted, answer.body])).toBe(code)
    }
    expect(await calls()).toBe(0)
    expect(arrived).toEqual([])

    // What looks like a way out stays at the host.
    for (const path of [
      '//elsewhere.example/x',
      '/\\elsewhere.example',
      '/../..//x',
      '/@elsewhere',
    ]) {
      expect((await send(who, { path })).body, path).toMatchObject({ status: 404 })
    }
    expect((await send(who, { path: `${stage.sandbox.url}/api/v4/user` })).body.status).toBe(200)
  })

  verifies('requests:redirect', async () => {
    const { who, token } = await connected()
    await stage.sandbox.control.addFault(answering(302, { location: `${elsewhere.url}/file` }))
    const path = '/api/v4/projects'
    const read = await send(who, { path, headers: { 'x-note': 'mine', range: 'bytes=0-1' } })
    expect(read.body).toMatchObject({ status: 200, body: { from: 'elsewhere' } })
    const [seen] = arrived
    expect(seen?.headers).toMatchObject({ range: 'bytes=0-1' })
    expect(seen?.headers).not.toHaveProperty('authorization')
    expect(seen?.headers).not.toHaveProperty('x-note')
    expect(JSON.stringify(arrived)).not.toContain(token)

    for (const method of ['POST', 'PUT', 'DELETE'] as const) {
      const written = await send(who, { path, method, body: { title: 'private' } })
      expect(written.body, method).toMatchObject({ status: 302 })
    }
    expect(arrived).toHaveLength(1)

    await stage.sandbox.control.clearFaults()
    await stage.sandbox.control.addFault(answering(301, { location: '/api/v4/user' }))
    expect((await send(who, { path })).body).toMatchObject({ body: { username: 'ada' } })

    // In a circle, it is given up.
    await stage.sandbox.control.clearFaults()
    await stage.sandbox.control.addFault(answering(302, { location: path }))
    await stage.sandbox.control.resetCounters()
    expect((await send(who, { path })).body).toMatchObject({ status: 302 })
    expect(await calls()).toBe(6)
  })

  verifies('requests:refused-401', async () => {
    const { who } = await connected()
    await stage.sandbox.control.addFault(answering(401))
    const merge = { path: '/api/v4/projects/1/merge_requests/1/merge', method: 'PUT' } as const
    for (let time = 0; time < 20; time += 1) {
      expect((await send(who, merge)).body).toMatchObject({ status: 401 })
    }
    expect(await refreshes()).toBe(0)
    expect((await send(who, {})).body.status).toBe(200)

    await stage.sandbox.control.revokeGrants({ username: 'ada' })
    // What a probe has found holds for a moment.
    await until('known to be dead', async () => (await send<Problem>(who, {})).status === 409)
    const dead = await send<Problem>(who, {})
    expect(dead).toMatchObject({ status: 409, body: { code: 'needs_reauth' } })
    const outcomes = (await entriesOf(who.tenantId)).map(({ reason }) => reason)
    expect(outcomes).toContain('needs_reauth')
  })

  verifies('requests:read-only', async () => {
    const who = { tenantId: 'ten_requests_reader', userId: 'usr_reader' }
    await stage.connect({
      who,
      session: { scopes: { gitlab: { required: ['read_user', 'read_api'] } } },
      flow: { scopes: ['read_user', 'read_api'] },
    })
    await stage.call('PUT', `/v1/tenants/${who.tenantId}/policy`, { readOnly: true })
    await stage.calm()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const answer = await send<Problem>(who, { method })
      expect(answer.body.code, method).toBe('not_allowed_for_tenant')
    }
    expect(await calls()).toBe(0)
    expect((await send(who, {})).body.status).toBe(200)
  })
})
