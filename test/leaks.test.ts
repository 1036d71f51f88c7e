import { faults } from '@keywell/sandbox'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { Person } from './support/person.ts'
import { createStage, mira, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

describeEachDatabase('leaks', (makeDatabase) => {
  let stage: Stage
  beforeAll(async () => {
    // Without a worker, so that each refresh is the one that a read below asks for.
    stage = await createStage(await makeDatabase(), { role: 'serve' })
  })
  afterAll(() => stage.stop())

  verifies('T13:dump', async () => {
    const answers: unknown[] = []
    // Everything that handles a secret: connect, reconnect, refresh, failures of each, disconnect.
    for (const userId of ['a', 'b', 'c']) {
      const who = { tenantId: 'ten_dump', userId }
      answers.push(await stage.connect({ who }))
    }
    const who = { tenantId: 'ten_dump', userId: 'a' }
    answers.push(await stage.connect({ who }))
    // Hers alone: the refresh of another connection would take the fault that is meant for her.
    const hers = `tenant_id = 'ten_dump' and connection_id in
      (select id from connections where tenant_id = 'ten_dump' and user_id = 'a')`
    const expire = async () => {
      for (const statement of [
        `update credentials set expires_at = now() - interval '1 s' where ${hers}`,
        `update upkeep set refresh_at = now() - interval '1 s' where ${hers}`,
      ]) {
        await stage.database.query(statement)
      }
    }
    await expire()
    await stage.read(who)
    await stage.sandbox.control.addFault({ ...faults.htmlAnswer(), times: 1 })
    await expire()
    answers.push((await stage.read(who)).body)
    await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' }, times: 1 })
    const connections = await stage.call<{ connections: { id: string }[] }>(
      'GET',
      '/v1/connections?tenantId=ten_dump&userId=b',
    )
    const id = connections.body.connections[0]?.id
    answers.push((await stage.call('DELETE', `/v1/connections/${id}?tenantId=ten_dump`)).body)
    // Keys that users made by hand: stored, looked at, refused, disconnected.
    const [key, other, refused] = [
      await stage.sandbox.control.issuePersonalAccessToken({ username: 'ada' }),
      await stage.sandbox.control.issuePersonalAccessToken({ username: 'grace' }),
      await stage.sandbox.control.issuePersonalAccessToken({ username: 'ada' }),
    ]
    await stage.sandbox.control.revokePersonalAccessToken(refused.id)
    for (const { value } of [key, other, refused, { ...refused, value: `${refused.value}\n` }]) {
      const { body } = await stage.call<{ id?: string }>('POST', '/v1/connections', {
        tenantId: 'ten_dump',
        userId: 'd',
        name: value === other.value ? 'other' : 'default',
        provider: 'gitlab',
        host: stage.sandbox.url,
        credential: { type: 'api_key', value },
      })
      answers.push(body)
      if (value !== other.value) continue
      answers.push(
        (await stage.call('DELETE', `/v1/connections/${body.id}?tenantId=ten_dump`)).body,
      )
    }
    // A flow that stands still with its code parked, and one at the provider.
    const person = new Person()
    const session = await stage.session(mira)
    const flow = await stage.flow(session)
    const back = await stage.consent(await stage.start(person, flow))
    const { url: finish } = await stage.callback(person, back)

    const pairs = await stage.sandbox.control.tokens()
    const [application] = await stage.sandbox.control.applications()
    const secrets = {
      ...Object.fromEntries(
        pairs.flatMap((pair, index) => [
          [`access token ${index}`, pair.accessToken],
          [`refresh token ${index}`, pair.refreshToken ?? pair.accessToken],
        ]),
      ),
      'key that is kept': key.value,
      'key that was disconnected': other.value,
      'key that was refused': refused.value,
      'client secret': application?.clientSecret ?? '',
      'API key': stage.apiKey,
      'connect token': session.connectToken,
      'start code': flow.startCode,
      code: back.searchParams.get('code') ?? '',
      state: back.searchParams.get('state') ?? '',
      ticket: finish.searchParams.get('keywell_ticket') ?? '',
    }
    expect(pairs.length).toBeGreaterThan(4)
    const places = {
      database: await dump(stage),
      logs: stage.logs.join('\n'),
      answers: JSON.stringify(answers),
    }
    expect(places.logs).toContain('a refresh brought nothing')
    for (const [place, text] of Object.entries(places)) {
      for (const [name, secret] of Object.entries(secrets)) {
        expect(secret.length, name).toBeGreaterThan(20)
        for (const [encoding, form] of Object.entries(encodings(secret))) {
          expect(text.includes(form), `${name} in ${place}, as ${encoding}`).toBe(false)
        }
      }
    }
    // The search finds what is there: a name that is kept in clear, in each form.
    expect(places.database).toContain('Ada Okafor')
    expect(places.database).toContain(encodings('keywell-canary').hex)
  })
})

/** Every row of every table, as text; bytes in hexadecimal. */
async function dump({ database }: Stage): Promise<string> {
  await database.query(
    `insert into install_keys (tenant_id, name, version, key_version, sealed, public_jwk)
     values ('@install', 'canary', 1, 1, $1, '{}'::jsonb)`,
    [new TextEncoder().encode('keywell-canary')],
  )
  const tables = await database.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select t::text as row from "${name}" t`)
    texts.push(`${name}: ${rows.map(({ row }) => row).join('\n')}`)
  }
  return texts.join('\n')
}

function encodings(secret: string) {
  const bytes = Buffer.from(secret)
  return {
    text: secret,
    hex: bytes.toString('hex'),
    base64: bytes.toString('base64').replace(/=+$/, ''),
    base64url: bytes.toString('base64url'),
    url: encodeURIComponent(secret),
    reversed: [...secret].reverse().join(''),
  }
}
