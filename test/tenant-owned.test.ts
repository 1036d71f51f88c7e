/** Connections that belong to the tenant: who may make, see and read them, and what never gives one by mistake. */

import type { Connection, Problem } from '@keywell/protocol'
import { Keywell, type KeywellError } from '@keywell/sdk'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'gitlab'

describeEachDatabase('connections of a tenant', (makeDatabase) => {
  let stage: Stage
  let next = 0
  beforeAll(async () => {
    stage = await createStage(await makeDatabase())
  })
  afterAll(() => stage.stop())

  const newTenant = () => {
    next += 1
    return `ten_owner_${next}`
  }

  const call = <Body = Problem & { credential: string; connectionId: string }>(
    path: string,
    body: unknown,
  ) => stage.call<Body>('POST', path, body)

  const read = (who: object) => call('/v1/credentials', { provider, ...who })

  async function connect(tenantId: string, owner?: 'tenant', as = 'ada', userId = 'usr_admin') {
    const { connection } = await stage.connect({
      who: { tenantId, userId },
      as,
      session: owner === undefined ? {} : { owner },
    })
    if (connection === null) throw new Error('not connected')
    return connection
  }

  const list = async (tenantId: string, more: Record<string, string> = {}) =>
    must(
      await stage.call<{ connections: Connection[] }>(
        'GET',
        `/v1/connections?${new URLSearchParams({ tenantId, ...more })}`,
      ),
      200,
    ).connections.map(({ id }) => id)

  verifies('owner:explicit', async () => {
    const tenantId = newTenant()
    const shared = await connect(tenantId, 'tenant')
    expect(shared.userId).toBeNull()
    expect(must(await read({ tenantId, owner: 'tenant' }), 200).connectionId).toBe(shared.id)
    // Nobody in particular, both, or something that a missing variable becomes: never the tenant's.
    for (const who of [
      {},
      { userId: '' },
      { userId: null },
      { userId: 'usr_mira', owner: 'tenant' },
      { owner: 'user' },
      { owner: 'tenant', fallback: 'tenant' },
    ]) {
      const { status, body } = await read({ tenantId, ...who })
      expect([status, body.code], JSON.stringify(who)).toEqual([400, 'invalid_request'])
    }
    for (const userId of ['undefined', 'null', 'tenant', 'usr_admin']) {
      expect((await read({ tenantId, userId })).body.code, userId).toBe('not_connected')
    }
    const key = { provider, tenantId, credential: { type: 'api_key', value: 'glpat-x' } }
    expect((await call('/v1/connections', key)).body.code).toBe('invalid_request')
  })

  verifies('owner:lists', async () => {
    const tenantId = newTenant()
    const shared = await connect(tenantId, 'tenant')
    const own = await connect(tenantId, undefined, 'grace', 'usr_admin')
    expect(own.id).not.toBe(shared.id)
    expect(await list(tenantId, { owner: 'tenant' })).toEqual([shared.id])
    expect(await list(tenantId, { userId: 'usr_admin' })).toEqual([own.id])
    expect((await list(tenantId)).toSorted()).toEqual([shared.id, own.id].toSorted())
    // The tenant has one of a name, too: who connects it again replaces it, whichever administrator it is.
    const again = await connect(tenantId, 'tenant', 'ada', 'usr_other_admin')
    expect(again).toMatchObject({ id: shared.id, generation: 2, userId: null })
    // A disconnect that names another owner finds nothing.
    const remove = (id: string, more: Record<string, string>) =>
      stage.call<Problem>(
        'DELETE',
        `/v1/connections/${id}?${new URLSearchParams({ tenantId, ...more })}`,
      )
    expect((await remove(shared.id, { userId: 'usr_admin' })).status).toBe(404)
    expect((await remove(own.id, { owner: 'tenant' })).status).toBe(404)
    must(await remove(shared.id, { owner: 'tenant' }), 200)
    expect(await list(tenantId)).toEqual([own.id])
  })

  verifies('owner:fallback', async () => {
    const [tenantId, foreign] = [newTenant(), newTenant()]
    const shared = await connect(tenantId, 'tenant')
    await connect(foreign, 'tenant')
    const mira = { userId: 'usr_mira', fallback: 'tenant' }
    expect(must(await read({ tenantId, ...mira }), 200).connectionId).toBe(shared.id)
    // Without it, nothing; and never that of another tenant.
    expect((await read({ tenantId, userId: 'usr_mira' })).body.code).toBe('not_connected')
    expect((await read({ tenantId: newTenant(), ...mira })).body.code).toBe('not_connected')
    const own = await connect(tenantId, undefined, 'grace', 'usr_mira')
    expect(must(await read({ tenantId, ...mira }), 200).connectionId).toBe(own.id)
    // One that she has to connect again is not passed over: it would be another account, unnoticed.
    await stage.database.query(
      `update connections set status = 'revoked', reason = 'revoked' where id = $1`,
      [own.id],
    )
    expect((await read({ tenantId, ...mira })).body.code).toBe('needs_reauth')
  })

  verifies('owner:session', async () => {
    const tenantId = newTenant()
    const shared = await connect(tenantId, 'tenant')
    // A session of a user neither reconnects what is the tenant's, nor puts anything in its place.
    const origins = { origins: [appOrigin], returnUrl: `${appOrigin}/done` }
    const session = { tenantId, userId: 'usr_admin', connectionId: shared.id, ...origins }
    expect((await call('/v1/connect/sessions', session)).body.code).toBe('not_found')
    must(await call('/v1/connect/sessions', { ...session, owner: 'tenant' }), 201)
    const own = await connect(tenantId, undefined, 'grace', 'usr_admin')
    expect(must(await read({ tenantId, owner: 'tenant' }), 200).connectionId).toBe(shared.id)
    const ofTenant = { ...session, owner: 'tenant', connectionId: own.id }
    expect((await call('/v1/connect/sessions', ofTenant)).body.code).toBe('not_found')
    // Who says in its row that a session is for the tenant, makes it void.
    const { connectToken, sessionId } = await stage.session({ tenantId, userId: 'usr_admin' })
    await stage.database.query(
      `update connect_sessions set policy = policy || '{"owner": "tenant"}' where id = $1`,
      [sessionId],
    )
    const begun = await stage.page<Problem>(connectToken, 'POST', '/connect/flows', { provider })
    expect(begun.status).toBeGreaterThanOrEqual(400)
  })

  verifies('owner:limited-key', async () => {
    const tenantId = newTenant()
    await connect(tenantId, 'tenant')
    must(await read({ tenantId, owner: 'tenant' }), 200)
    // As for every tenant that a key may not see: nothing is there.
    const limited = await stage.keywell.apiKeys.create('limited', {
      roles: ['backend'],
      tenants: [newTenant()],
    })
    const client = new Keywell({ url: stage.url, apiKey: limited.key.expose() })
    onTestFinished(() => client.close())
    const refused = (who: { owner: 'tenant' } | { userId: string; fallback: 'tenant' }) =>
      client
        .getCredential({ provider, tenantId, ...who })
        .catch((error: KeywellError) => error.code)
    expect(await refused({ owner: 'tenant' })).toBe('not_connected')
    expect(await refused({ userId: 'usr_mira', fallback: 'tenant' })).toBe('not_connected')
  })

  verifies('owner:cache', async () => {
    const tenantId = newTenant()
    const shared = await connect(tenantId, 'tenant')
    const client = new Keywell({ url: stage.url, apiKey: stage.apiKey })
    onTestFinished(() => client.close())
    const ofTenant = { provider, tenantId, owner: 'tenant' } as const
    const ofMira = { provider, tenantId, userId: 'usr_mira' }
    const either = { ...ofMira, fallback: 'tenant' } as const
    expect((await client.getCredential(ofTenant)).connectionId).toBe(shared.id)
    expect((await client.getCredential(either)).connectionId).toBe(shared.id)
    await expect(client.getCredential(ofMira)).rejects.toMatchObject({ code: 'not_connected' })
    // What is held for the tenant is given to nobody who names no one, from a caller without types.
    for (const userId of [undefined, null, '', 'tenant', 'Symbol(of the tenant)']) {
      const wrong = { provider, tenantId, userId } as unknown as typeof ofMira
      await expect(client.getCredential(wrong), String(userId)).rejects.toThrow()
      expect(client.getCredentialSync(wrong), String(userId)).toBeUndefined()
    }
    // She connects her own: reads that took the tenant's for want of it are told within a second.
    await until('the stream is up', () => client.getCredentialSync(ofTenant) !== undefined)
    const own = await connect(tenantId, undefined, 'grace', 'usr_mira')
    const since = performance.now()
    await until('told', async () => (await client.getCredential(either)).connectionId === own.id)
    expect(performance.now() - since).toBeLessThan(1_000)
    expect((await client.getCredential(ofTenant)).connectionId).toBe(shared.id)
  })

  verifies('owner:sealed', async () => {
    const tenantId = newTenant()
    const { position } = must(await stage.call<{ position: string }>('GET', '/v1/changes/log'), 200)
    const shared = await connect(tenantId, 'tenant')
    const move = (userId: string) =>
      stage.database.query('update connections set user_id = $2 where id = $1', [shared.id, userId])
    await move('usr_thief')
    expect((await read({ tenantId, userId: 'usr_thief' })).body.code).toBe('credential_unreadable')
    await move('')
    must(await read({ tenantId, owner: 'tenant' }), 200)
    // In what is told of it and kept of it, it is nobody's.
    // The log is told as far as the process has read it, which is a moment later.
    const told = async () =>
      must(
        await stage.call<{ changes: { tenantId: string; kind: string; userId: unknown }[] }>(
          'GET',
          `/v1/changes/log?${new URLSearchParams({ after: position })}`,
        ),
        200,
      ).changes.filter((change) => change.tenantId === tenantId)
    await until('the change log tells of it', async () => (await told()).length > 0)
    expect((await told())[0]).toMatchObject({ kind: 'connected', userId: null })
    const reads = await stage.database.query<{ userId: string | null }>(
      `select user_id as "userId" from audit where tenant_id = $1 and action = 'credential.read' and result = 'ok'`,
      [tenantId],
    )
    expect(reads.map(({ userId }) => userId)).toEqual([null])
  })
})
