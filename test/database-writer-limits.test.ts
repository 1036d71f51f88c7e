/**
 * What an attacker who writes rows can still do: each row of SECURITY.md's table is tried here, to see that it is
 * as much as the page says, and no more.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { returnParameters } from '@keywell/protocol'
import { createKeyFile, createKeywell, keyFile, localKeys } from '@keywell/server'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { mortal } from './support/mortal-database.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('what is left to who writes rows', (makeDatabase) => {
  let stage: Stage
  let next = 0
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-left-')), 'root-key')

  beforeAll(async () => {
    createKeyFile(keyPath)
    stage = await createStage(await makeDatabase(), { role: 'serve', keyPath })
  })
  afterAll(() => stage.stop())

  const write = (statement: string, ...parameters: string[]) =>
    stage.database.query(statement, parameters)

  function newUser(tenantId = `ten_left_${++next}`, userId = 'usr_main') {
    return { tenantId, userId }
  }

  async function connected(who = newUser()) {
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    return { who, id: connection.id }
  }

  const tokenOf = ({ body }: { body: { credential?: string } }) => body.credential

  /** The tenant's tokens are due to be renewed, and the next reader does it. */
  async function expire(tenantId: string): Promise<void> {
    const past = "now() - interval '1 second'"
    await write(`update credentials set expires_at = ${past} where tenant_id = $1`, tenantId)
    await write(`update refresh_schedule set refresh_at = ${past} where tenant_id = $1`, tenantId)
  }

  verifies('T35:left-connections', async () => {
    const { who } = await connected()
    const other = await connected(newUser(who.tenantId, 'usr_other'))
    const own = tokenOf(await stage.read(who))
    const set = (what: string) =>
      write(
        `update connections set ${what} where tenant_id = $1 and user_id = $2`,
        who.tenantId,
        who.userId,
      )
    await set(`status = 'revoked', reason = 'revoked'`)
    expect((await stage.read(who)).status, 'it can be shown as ended').toBe(409)
    await set(`status = 'active', reason = null`)
    await set(`name = 'another', account = account || '{"name": "Somebody"}'`)
    expect((await stage.read(who)).status, 'it can be hidden under another name').toBe(404)
    const renamed = await stage.read({ ...who, connectionName: 'another' })
    expect(tokenOf(renamed), 'which gives its own user what is theirs').toBe(own)
    expect(own).toBeDefined()
    expect(tokenOf(await stage.read(other.who))).not.toBe(own)
    await set(`user_id = 'usr_thief'`)
    expect(
      (await stage.read({ ...who, userId: 'usr_thief', connectionName: 'another' })).status,
    ).toBe(500)
  })

  verifies('T35:left-credentials', async () => {
    const { who } = await connected()
    const own = tokenOf(await stage.read(who))
    await write(
      `update credentials set expires_at = now() + interval '1 year' where tenant_id = $1`,
      who.tenantId,
    )
    expect(tokenOf(await stage.read(who)), 'the same one, for longer').toBe(own)
    await write('delete from credentials where tenant_id = $1', who.tenantId)
    expect((await stage.read(who)).status).toBeGreaterThanOrEqual(400)
  })

  verifies('T35:left-refresh-schedule', async () => {
    const { who } = await connected()
    await expire(who.tenantId)
    await write(
      `update refresh_schedule set host = 'http://127.0.0.1:1', integration_id = 'int_of_a_thief'
       where tenant_id = $1`,
      who.tenantId,
    )
    await stage.calm()
    expect((await stage.read(who)).status).toBe(200)
    const { grantTypes } = await stage.sandbox.control.counters()
    expect(grantTypes.refresh_token, 'it was renewed where it belongs').toBe(1)
  })

  verifies('T35:left-integrations', async () => {
    const before = await stage.database.query<{ scopes: string[] }>(
      `select scopes from integrations where tenant_id = '@install'`,
    )
    const who = newUser()
    await write(`update integrations set scopes = scopes || '{write_repository}'`)
    const limited = await stage.session({
      ...who,
      scopes: { gitlab: { required: ['read_user'], optional: ['read_api'], forbidden: [] } },
    })
    const wanted = { provider: 'gitlab', host: stage.sandbox.url, scopes: ['write_repository'] }
    const refused = await stage.page(limited.connectToken, 'POST', '/connect/flows', wanted)
    expect(refused, 'what the backend allows is still the most').toMatchObject({
      body: { code: 'scope_not_allowed' },
    })
    const free = await stage.session(who)
    const page = await stage.start(new Person(), await stage.flow(free, wanted))
    expect(page.url.href, 'without that the provider is asked').toMatch(stage.sandbox.url)
    await stage.database.query('update integrations set scopes = $1', [
      before[0]?.scopes as string[],
    ])
  })

  verifies('T35:left-policy', async () => {
    const { who } = await connected()
    const path = `/v1/tenants/${who.tenantId}/policy`
    must(await stage.call('PUT', path, { hosts: ['https://gitlab.com'] }), 200)
    expect((await stage.read(who)).status).toBe(403)
    await write('delete from tenant_policies where tenant_id = $1', who.tenantId)
    expect((await stage.read(who)).status, 'as if there had never been one').toBe(200)
    const thief = newUser(who.tenantId, 'usr_thief')
    expect((await stage.read(thief)).status, 'and no other user is served').toBe(404)
    const rows = await write(
      `select reason from audit where tenant_id = $1 and action = 'tenant.policy.update'`,
      who.tenantId,
    )
    expect(rows, 'the log knows of the one that was set, and of no end of it').toEqual([
      { reason: 'hosts' },
    ])
  })

  verifies('T35:left-tombstones', async () => {
    const { who } = await connected()
    await write(
      `create table kept_connections as select * from connections where tenant_id = '${who.tenantId}'`,
    )
    await write(
      `create table kept_credentials as select * from credentials where tenant_id = '${who.tenantId}'`,
    )
    must(await stage.call('DELETE', `/v1/tenants/${who.tenantId}`), 200)
    await write('delete from tenant_erasures where tenant_id = $1', who.tenantId)
    await write('insert into connections select * from kept_connections')
    await write('insert into credentials select * from kept_credentials')
    await write('drop table kept_connections')
    await write('drop table kept_credentials')
    const answer = await stage.read(who)
    expect(answer.status, 'its key is destroyed, and stays so').toBeGreaterThanOrEqual(400)
    expect(tokenOf(answer)).toBeUndefined()
  })

  verifies('T35:left-tenant-keys', async () => {
    const [mine, theirs] = [await connected(), await connected()]
    await write(
      `update tenant_keys x set wrapped = y.wrapped, kek_id = y.kek_id from tenant_keys y
       where x.tenant_id = $1 and y.tenant_id = $2`,
      theirs.who.tenantId,
      mine.who.tenantId,
    )
    expect(await readElsewhere(theirs.who), 'another tenant’s is none').toBeGreaterThanOrEqual(400)
    expect(await readElsewhere(mine.who)).toBe(200)
  })

  verifies('T35:left-key-states', async () => {
    const { who } = await connected()
    const set = async (what: string) => {
      await write(`update tenant_keys set ${what} where tenant_id = $1`, who.tenantId)
      return readElsewhere(who)
    }
    expect(await set(`state = 'disabled'`)).toBeGreaterThanOrEqual(400)
    expect(await set(`state = 'active'`)).toBe(200)
    const gone = `state = 'destroyed', wrapped = null, destroyed_at = now()`
    expect(await set(gone)).toBeGreaterThanOrEqual(400)
    const [row] = await stage.database.query<{ wrapped: null }>(
      'select wrapped from tenant_keys where tenant_id = $1',
      [who.tenantId],
    )
    expect(row?.wrapped, 'there is nothing to bring back').toBeNull()
  })

  verifies('T35:left-install-keys', async () => {
    const session = await stage.session(newUser())
    const before = await write(`select * from install_keys where name = 'connect_token'`)
    expect(before).toHaveLength(1)
    await write(`delete from install_keys where name = 'connect_token'`)
    const process = await another()
    const answer = await process.keywell.fetch(
      new Request(`${stage.url}/connect/providers`, {
        headers: { authorization: `Bearer ${session.connectToken}`, origin: appOrigin },
      }),
    )
    await process.stop()
    expect(answer.status).toBe(401)
  })

  /** The status of a read in a process that has no key in its memory. */
  async function readElsewhere(who: { tenantId: string; userId: string }): Promise<number> {
    const { keywell, stop } = await another()
    const { status } = await keywell.fetch(
      new Request(`${stage.url}/v1/credentials`, {
        method: 'POST',
        headers: { authorization: `Bearer ${stage.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider: 'gitlab', ...who }),
      }),
    )
    await stop()
    return status
  }

  /** Another process of the same installation; its stop leaves the database open. */
  async function another() {
    const keywell = createKeywell({
      database: mortal(stage.database, Number.POSITIVE_INFINITY),
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
      role: 'serve',
      privateHosts: [{ origin: new URL(stage.sandbox.url).origin }],
    })
    await keywell.start()
    return { keywell, stop: () => keywell.stop() }
  }

  verifies('T35:left-api-keys', async () => {
    const { id, key } = await stage.keywell.apiKeys.create('to be revoked')
    const ask = async () => {
      const headers = { authorization: `Bearer ${key.expose()}` }
      return (await fetch(`${stage.url}/v1/integrations`, { headers })).status
    }
    expect(await ask()).toBe(200)
    must(await stage.call('DELETE', `/v1/api-keys/${id}`), 200)
    await write(
      `update api_keys set revoked_at = null, expires_at = null where tenant_id = '@install' and id = $1`,
      id,
    )
    expect(await ask(), 'what was revoked stays so').toBe(401)
  })

  verifies('T35:left-flows', async () => {
    const { who, id } = await connected()
    const thief = newUser(who.tenantId, 'usr_thief')
    const session = await stage.session(thief)
    const flow = await stage.flow(session)
    await write(
      `update flows set status = 'connected', connection_id = $2 where tenant_id = $1 and id = $3`,
      who.tenantId,
      id,
      flow.flowId,
    )
    const path = `/connect/flows/${flow.flowId}`
    const { body } = await stage.page(session.connectToken, 'GET', path)
    expect(
      body,
      'a page may be shown a false end, and never a connection of another user',
    ).toMatchObject({
      status: 'connected',
      connection: null,
    })
    expect((await stage.read(thief)).status).toBe(404)
  })

  verifies('T35:left-resume-url', async () => {
    const who = newUser()
    const person = new Person()
    const session = await stage.session(who)
    const flow = await stage.flow(session, { mode: 'redirect' })
    await stage.sandbox.control.change({ skipConsent: 'never' })
    const back = await stage.consent(await stage.start(person, flow), undefined, 'deny')
    const { url } = await stage.callback(person, back)
    await write(
      `update flows set resume_url = 'https://thief.example/' where tenant_id = $1`,
      who.tenantId,
    )
    await stage.calm()
    const { body } = await stage.confirm(url, who)
    expect(body, 'no browser is sent out of the origins of the session').toMatchObject({
      status: 'denied',
      resumeUrl: null,
    })
  })

  verifies('T35:left-codes', async () => {
    const who = newUser()
    const person = new Person()
    const flow = await stage.flow(await stage.session(who))
    const back = await stage.consent(await stage.start(person, flow))
    const { url } = await stage.callback(person, back)
    await stage.calm()
    expect((await stage.confirm(url, who)).body.status).toBe('connected')
    await write('update one_time_codes set used_at = null where owner_id = $1', who.tenantId)
    await stage.confirm(url, who)
    await stage.callback(person, back)
    const { grantTypes } = await stage.sandbox.control.counters()
    expect(grantTypes.authorization_code, 'what is used twice leads nowhere').toBe(1)
    expect(new URL(url).searchParams.has(returnParameters.ticket)).toBe(true)
  })

  verifies('T35:left-sessions', async () => {
    const session = await stage.session(newUser())
    await write(
      `update connect_sessions set expires_at = now() - interval '1 hour' where id = $1`,
      session.sessionId,
    )
    const answer = await stage.page(session.connectToken, 'GET', '/connect/providers')
    expect(answer, 'a session can be ended').toMatchObject({ status: 410 })
  })

  verifies('T35:left-changes', async () => {
    const { who, id } = await connected()
    await write(
      `insert into changes (tenant_id, kind, connection_id, user_id, provider, host, name, generation)
       values ($1, 'disconnected', $2, $3, 'gitlab', 'https://gitlab.com', 'default', 99)`,
      who.tenantId,
      id,
      who.userId,
    )
    expect((await stage.read(who)).status, 'a change is a notification; the rows decide').toBe(200)
  })

  verifies('T35:left-replicas', async () => {
    const { who } = await connected()
    await write(
      `insert into replicas (replica_id, root_key_ids)
       values (gen_random_uuid(), array['kek_of_nobody'])`,
    )
    expect((await stage.read(who)).status, 'reads go on').toBe(200)
    await write('delete from replicas')
    expect((await stage.read(who)).status).toBe(200)
  })

  verifies('T35:left-revocations', async () => {
    const { who, id } = await connected()
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
    must(await stage.call('DELETE', `/v1/connections/${id}?${new URLSearchParams(who)}`), 200)
    await write(
      `update revocations set host = 'http://127.0.0.1:1' where tenant_id = $1`,
      who.tenantId,
    )
    const { refused } = await stage.keywell.keys.verify({ tenantId: who.tenantId })
    expect(refused, 'a token that is pointed at another host is not opened').toEqual({
      key_commit: 1,
    })
    await write('delete from revocations where tenant_id = $1', who.tenantId)
    expect((await stage.read(who)).status, 'a grant that is forgotten serves no user').toBe(404)
  })
})
