/** An attacker who writes rows changes what decides an access: the row opens nothing, and the log names it. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfirmAnswer, returnParameters } from '@keywell/protocol'
import { createKeyFile, createKeywell, keyFile, localKeys } from '@keywell/server'
import * as jose from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { recordingLogger } from './support/log-lines.ts'
import { mortal } from './support/mortal-database.ts'
import { Person } from './support/person.ts'
import { type Answer, createStage, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const thief = 'usr_thief'

describeEachDatabase('who writes rows', (makeDatabase) => {
  let stage: Stage
  let next = 0
  const keyPath = join(mkdtempSync(join(tmpdir(), 'keywell-writer-')), 'root-key')

  beforeAll(async () => {
    createKeyFile(keyPath)
    stage = await createStage(await makeDatabase(), { role: 'serve', keyPath })
  })
  afterAll(() => stage.stop())

  const write = (statement: string, ...parameters: string[]) =>
    stage.database.query(statement, parameters)

  function newUser() {
    next += 1
    return { tenantId: `ten_written_${next}`, userId: 'usr_victim' }
  }

  /** The alarms that were raised since, by name. */
  async function alarmsOf(work: () => Promise<unknown>): Promise<string[]> {
    const before = stage.logs.length
    await work()
    return stage.logs
      .slice(before)
      .map((line): { alarm?: string } => JSON.parse(line))
      .flatMap(({ alarm }) => (alarm === undefined ? [] : [alarm]))
  }

  /** A flow of a new user that is started: the browser stands at the provider. */
  async function started() {
    const who = newUser()
    const person = new Person()
    const session = await stage.session(who)
    const flow = await stage.flow(session)
    const page = await stage.start(person, flow)
    return { who, person, session, id: flow.flowId, page }
  }

  /** A flow that waits to be confirmed: its code is parked. */
  async function parked() {
    const flow = await started()
    const { url } = await stage.callback(flow.person, await stage.consent(flow.page))
    return { ...flow, finish: url }
  }

  /** Nothing was connected, and no code has left. */
  async function expectNothing(tenantId: string): Promise<void> {
    expect(await write('select from connections where tenant_id = $1', tenantId)).toEqual([])
    const { grantTypes } = await stage.sandbox.control.counters()
    expect(grantTypes.authorization_code ?? 0).toBe(0)
  }

  function expectRefused({ status, body }: Answer<ConfirmAnswer>): void {
    const said = status >= 400 ? 'failed' : body.status
    expect(said).toBe('failed')
  }

  /** Each as an assignment to a row of `flows`. */
  const flowChanges: Record<string, string> = {
    user: `user_id = '${thief}'`,
    session: `session_id = (select id from connect_sessions s where s.tenant_id <> flows.tenant_id limit 1)`,
    provider: `provider = 'github'`,
    host: `host = 'http://127.0.0.1:1'`,
    'name of the connection': `connection_name = 'another'`,
    'connection to reconnect': `connection_id = 'con_of_another'`,
    'owner of the integration': `integration_owner = tenant_id`,
    integration: `integration_id = 'int_of_a_thief'`,
    'client id': `client_id = 'of-a-thief'`,
    'redirect URI': `redirect_uri = 'https://thief.example/callback'`,
    scopes: `scopes = array['api']`,
    method: `method = 'key'`,
    mode: `mode = 'redirect'`,
    'URL to resume at': `resume_url = 'https://thief.example/'`,
    'hash of the cookie': `binding_hash = sha256('of a thief')`,
    end: `expires_at = expires_at + interval '1 day'`,
  }

  verifies.each('T35:flow-started', Object.keys(flowChanges), async (what) => {
    const { who, person, page, id } = await started()
    const back = await stage.consent(page)
    await stage.calm()
    await write(`update flows set ${flowChanges[what]} where tenant_id = $1`, who.tenantId)
    const alarms = await alarmsOf(async () => {
      const { url } = await stage.callback(person, back)
      expect(url.searchParams.has(returnParameters.ticket), 'no ticket is handed out').toBe(false)
    })
    expect(alarms).toEqual([expect.stringMatching(/^(?:flow_altered|code_forged)$/)])
    await expectNothing(who.tenantId)
    const [row] = await stage.database.query<{ sealedCode: null }>(
      'select sealed_code as "sealedCode" from flows where tenant_id = $1 and id = $2',
      [who.tenantId, id],
    )
    expect(row?.sealedCode, 'no code is parked').toBeNull()
  })

  verifies.each('T35:flow-parked', Object.keys(flowChanges), async (what) => {
    const { who, finish, id } = await parked()
    await stage.calm()
    await write(`update flows set ${flowChanges[what]} where tenant_id = $1`, who.tenantId)
    // Asked as the row says now: the one who would profit.
    const [row] = await stage.database.query<{ sessionId: string; userId: string }>(
      'select session_id as "sessionId", user_id as "userId" from flows where tenant_id = $1 and id = $2',
      [who.tenantId, id],
    )
    const asked = new URL(finish)
    asked.searchParams.set(returnParameters.session, row?.sessionId ?? '')
    const alarms = await alarmsOf(async () => {
      expectRefused(await stage.confirm(asked, { ...who, userId: row?.userId ?? '' }))
    })
    expect(alarms).toEqual([expect.stringMatching(/^(?:flow_altered|code_forged)$/)])
    await expectNothing(who.tenantId)
  })

  verifies('T35:flow-swapped', async () => {
    const [victim, other] = [await parked(), await started()]
    await stage.calm()
    // The victim's parked code in a flow that the thief has begun for themselves.
    await write(
      `update flows to_thief set status = 'confirming', sealed_code = v.sealed_code,
         sealed_verifier = v.sealed_verifier, code_expires_at = v.code_expires_at
       from flows v where v.tenant_id = $1 and to_thief.tenant_id = $2`,
      victim.who.tenantId,
      other.who.tenantId,
    )
    const ticket = await plant('ticket', other.who.tenantId, other.id)
    const finish = new URL(victim.finish)
    finish.searchParams.set(returnParameters.session, other.session.sessionId)
    finish.searchParams.set(returnParameters.flow, other.id)
    finish.searchParams.set(returnParameters.ticket, ticket)
    const alarms = await alarmsOf(async () => {
      expectRefused(await stage.confirm(finish, other.who))
    })
    expect(alarms).toEqual(['code_forged'])
    await expectNothing(other.who.tenantId)
  })

  /** A code of the writer's own making, as far as a writer can make one. */
  async function plant(purpose: string, tenantId: string, flowId: string): Promise<string> {
    const text = randomBytes(32).toString('base64url')
    await write(
      `insert into one_time_codes
       select (json_populate_record(c, json_build_object('hash', '\\x' || $1::text,
         'purpose', $2::text, 'owner_id', $3::text, 'flow_id', $4::text, 'used_at', null,
         'expires_at', now() + interval '1 minute'))).*
       from one_time_codes c limit 1`,
      createHash('sha256').update(text).digest('hex'),
      purpose,
      tenantId,
      flowId,
    )
    return text
  }

  /** Makes a code of one purpose lead to the flow of another user, or live on. Returns what was got by it. */
  const codeMoves: Record<string, () => Promise<Record<string, unknown>>> = {
    async 'a start code that is planted'() {
      const { who, id } = await notStarted()
      const startCode = await plant('start', who.tenantId, id)
      return { start: await start(startCode) }
    },
    async 'a start code that is pointed at another flow'() {
      const [mine, theirs] = [await notStarted(), await notStarted()]
      await point('start', mine, theirs)
      return { start: await start(mine.startCode) }
    },
    async 'a start code that is prolonged'() {
      const { who, startCode } = await notStarted()
      await write(
        `update one_time_codes set expires_at = expires_at + interval '1 day' where owner_id = $1`,
        who.tenantId,
      )
      return { start: await start(startCode) }
    },
    async 'a start code that becomes a state'() {
      const { who, startCode } = await notStarted()
      await write(`update one_time_codes set purpose = 'state' where owner_id = $1`, who.tenantId)
      return { callback: await callback(startCode) }
    },
    async 'a state that is planted'() {
      const { who, id, person } = await started()
      return { callback: await callback(await plant('state', who.tenantId, id), person) }
    },
    async 'a state that is pointed at another flow'() {
      const [mine, theirs] = [await started(), await started()]
      const back = await stage.consent(mine.page)
      await stage.calm()
      await point('state', mine, theirs)
      return { callback: (await stage.callback(mine.person, back)).url.href }
    },
    async 'a ticket that is planted'() {
      const { who, id, finish } = await parked()
      await stage.calm()
      const ticket = await plant('ticket', who.tenantId, id)
      return { confirm: await confirm(finish, ticket, who) }
    },
    async 'a ticket that is pointed at another flow'() {
      const [mine, theirs] = [await parked(), await parked()]
      await stage.calm()
      await point('ticket', mine, theirs)
      const ticket = mine.finish.searchParams.get(returnParameters.ticket) ?? ''
      return { confirm: await confirm(theirs.finish, ticket, theirs.who) }
    },
  }

  async function notStarted() {
    const who = newUser()
    const session = await stage.session(who)
    const flow = await stage.flow(session)
    return { who, session, id: flow.flowId, startCode: flow.startCode }
  }

  async function point(
    purpose: string,
    from: { who: { tenantId: string } },
    to: { who: { tenantId: string }; id: string },
  ): Promise<void> {
    await write(
      'update one_time_codes set owner_id = $3, flow_id = $4 where purpose = $1 and owner_id = $2',
      purpose,
      from.who.tenantId,
      to.who.tenantId,
      to.id,
    )
  }

  /** Where the browser ends. */
  async function start(startCode: string): Promise<string> {
    const flow = { flowId: 'flw_any', startCode, startUrl: `${stage.url}/connect/start` }
    const page = await stage.start(new Person(), { ...flow, expiresAt: '' } as never)
    return page.url.href
  }

  async function callback(state: string, person = new Person()): Promise<string> {
    const url = new URL(stage.integration.redirectUri)
    url.searchParams.set('state', state)
    url.searchParams.set('code', 'of-a-thief')
    return (await stage.callback(person, url)).url.href
  }

  async function confirm(
    finish: URL,
    ticket: string,
    who: { tenantId: string; userId: string },
  ): Promise<unknown> {
    const url = new URL(finish)
    url.searchParams.set(returnParameters.ticket, ticket)
    const { status, body } = await stage.confirm(url, who)
    return status >= 400 ? 'refused' : body.status
  }

  verifies.each('T35:codes', Object.keys(codeMoves), async (what) => {
    await stage.calm()
    let got: Record<string, unknown> = {}
    const alarms = await alarmsOf(async () => {
      got = (await codeMoves[what]?.()) ?? {}
    })
    expect(alarms).toEqual(['code_forged'])
    if ('start' in got) expect(got.start).toBe(`${stage.url}/connect/start`)
    else if ('callback' in got) expect(got.callback).toMatch(`${stage.url}/oauth/callback/`)
    else expect(got.confirm).toBe('refused')
    const { grantTypes } = await stage.sandbox.control.counters()
    expect(grantTypes.authorization_code ?? 0).toBe(0)
  })

  /** Each as an assignment to a row of `connect_sessions`. */
  const policy = (path: string, value: string) =>
    `policy = jsonb_set(policy, '{${path}}', '${value}')`
  const sessionChanges: Record<string, string> = {
    user: `user_id = '${thief}'`,
    end: `expires_at = expires_at + interval '1 day'`,
    origins: policy('origins', '["https://app.example", "https://thief.example"]'),
    'return URL': policy('returnUrl', '"https://thief.example/"'),
    'return mode': policy('returnMode', '"fragment"'),
    providers: policy('providers', '["gitlab", "github"]'),
    hosts: policy('hosts', '["https://thief.example"]'),
    'default hosts': policy('defaultHosts', '{"gitlab": "https://thief.example"}'),
    methods: policy('methods', '["key"]'),
    scopes: policy('scopes', '{"gitlab": {"required": ["api"], "optional": [], "forbidden": []}}'),
    'connection to reconnect': policy('connectionId', '"con_of_another"'),
    'change of account': policy('allowAccountChange', 'true'),
    'something that was not there': policy('anything', 'true'),
  }

  verifies.each('T35:session-policy', Object.keys(sessionChanges), async (what) => {
    const [atPage, atProvider, atApp] = [await notStarted(), await started(), await parked()]
    const back = await stage.consent(atProvider.page)
    await stage.calm()
    for (const { who } of [atPage, atProvider, atApp]) {
      await write(
        `update connect_sessions set ${sessionChanges[what]} where tenant_id = $1`,
        who.tenantId,
      )
    }
    const alarms = await alarmsOf(async () => {
      const { connectToken } = atPage.session
      expect((await stage.page(connectToken, 'GET', '/connect/providers')).status).toBe(401)
      expect(await start(atPage.startCode)).toBe(`${stage.url}/connect/start`)
      const { url } = await stage.callback(atProvider.person, back)
      expect(url.href, 'no ticket is handed out').toMatch(`${stage.url}/oauth/callback/`)
      expectRefused(await stage.confirm(atApp.finish, atApp.who))
    })
    expect(alarms).toEqual(Array.from({ length: 4 }, () => 'session_altered'))
    await expectNothing(atProvider.who.tenantId)
    await expectNothing(atApp.who.tenantId)
  })

  /** Each makes rows say that a key of the writer is one of the installation's. */
  const plantedKeys: Record<string, string> = {
    'the public half of a pair that is there': `update install_keys set public_jwk = $1::jsonb
      where tenant_id = '@install' and name = $2`,
    'a pair of its own, with sealed bytes of another': `insert into install_keys
        (tenant_id, name, version, key_version, sealed, public_jwk)
      select tenant_id, name, version + 1, key_version, sealed, $1::jsonb from install_keys
      where tenant_id = '@install' and name = $2`,
  }

  verifies.each('T35:public-keys', Object.keys(plantedKeys), async (what) => {
    const before = await stage.database.query<{ name: string; version: number; jwk: string }>(
      'select name, version, public_jwk::text as jwk from install_keys',
    )
    const { who, session } = await notStarted()
    const pair = await jose.generateKeyPair('EdDSA', { extractable: true })
    const jwk = await jose.exportJWK(pair.publicKey)
    for (const name of ['connect_token', 'audit-heads']) {
      await write(plantedKeys[what] ?? '', JSON.stringify(jwk), name)
    }
    const logs: { alarm?: string; name?: string }[] = []
    const { keywell, stop } = await another(logs)
    const forged = await new jose.SignJWT({ tenant: who.tenantId })
      .setProtectedHeader({
        alg: 'EdDSA',
        typ: 'connect+jwt',
        kid: await jose.calculateJwkThumbprint(jwk),
      })
      .setIssuer(stage.url)
      .setAudience('connect')
      .setSubject(session.sessionId)
      .setExpirationTime('5m')
      .sign(pair.privateKey)
    const ask = (token: string) =>
      keywell.fetch(
        new Request(`${stage.url}/connect/providers`, {
          headers: { authorization: `Bearer ${token}`, origin: 'https://app.example' },
        }),
      )
    expect((await ask(forged)).status, 'a forged token').toBe(401)
    expect((await ask(session.connectToken)).status, 'a token of the service').toBe(200)
    const shown = await keywell.fetch(
      new Request(`${stage.url}/v1/audit/head?tenantId=${who.tenantId}`, {
        headers: { authorization: `Bearer ${stage.apiKey}` },
      }),
    )
    expect(await shown.text(), 'what readers of the audit log are to check with').not.toContain(
      jwk.x,
    )
    await stop()
    const alarms = logs.filter(({ alarm }) => alarm === 'signing_key_altered')
    expect(alarms.map(({ name }) => name).sort()).toEqual(['audit-heads', 'connect_token'])
    await write('delete from install_keys where version > 1')
    for (const { name, jwk } of before) {
      await write('update install_keys set public_jwk = $1::jsonb where name = $2', jwk, name)
    }
  })

  /** Another process of the same installation; its stop leaves the database open. */
  async function another(logs: object[]) {
    const keywell = createKeywell({
      database: mortal(stage.database, Number.POSITIVE_INFINITY),
      keys: localKeys(keyFile({ path: keyPath, warn: () => {} })),
      publicUrl: stage.url,
      role: 'serve',
      logger: recordingLogger((line) => logs.push(JSON.parse(line))),
    })
    await keywell.start()
    return { keywell, stop: () => keywell.stop() }
  }

  test('and a user whose rows were not changed connects', async () => {
    expect(await stage.connect({ who: newUser() })).toMatchObject({ status: 'connected' })
  })
})
