/** An attacker who can write rows moves what is sealed to where it does not belong: it opens nowhere. */
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createOvertaking, sealEverything } from './support/everything-sealed.ts'
import { Person } from './support/person.ts'
import { parseScrape } from './support/scrape.ts'
import { createStage, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

type Who = { tenantId: string; userId: string }

describeEachDatabase('sealed records', (makeDatabase) => {
  let stage: Stage
  let bystander: Who
  /** Has a credential of generation 1, and a pair for generation 2 that was kept aside. */
  let overtaken: Who
  let next = 0
  const overtaking = createOvertaking(() => stage.database)

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), {
      role: 'serve',
      faultPoint: overtaking.faultPoint,
    })
    bystander = (await connected()).who
    const tenantId = newTenant()
    await sealEverything(stage, { tenantId, overtaken: overtaking.tenants })
    overtaken = { tenantId, userId: 'usr_overtaken' }
  })
  afterAll(() => stage.stop())

  const run = (statement: string, ...parameters: string[]) =>
    stage.database.query(statement, parameters)

  function newTenant(): string {
    next += 1
    return `ten_matrix_${next}`
  }

  async function connected(tenantId = newTenant(), userId = 'usr_main') {
    const who = { tenantId, userId }
    const { connection } = await stage.connect({ who })
    if (connection === null) throw new Error('not connected')
    return { who, id: connection.id }
  }

  /** Refusals that were counted, by reason. */
  async function alarms(): Promise<Record<string, number>> {
    const { samples } = parseScrape((await stage.keywell.metrics()).text)
    return Object.fromEntries(
      samples
        .filter(({ name }) => name === 'keywell_vault_refusals_total')
        .map(({ labels, value }) => [labels.reason, value]),
    )
  }

  /** Moves a parked code and its verifier into each other's place; answers what a confirmation says. */
  async function swapFields() {
    const who = { tenantId: newTenant(), userId: 'usr_main' }
    const person = new Person()
    const page = await stage.start(person, await stage.flow(await stage.session(who)))
    const { url } = await stage.callback(person, await stage.consent(page))
    await run(
      `update flows set sealed_code = sealed_verifier, sealed_verifier = sealed_code
       where tenant_id = $1`,
      who.tenantId,
    )
    return await stage.confirm(url, who)
  }

  const copy = `update credentials x set sealed = y.sealed, key_version = y.key_version
    from credentials y where x.tenant_id = $1 and x.connection_id = $2
      and y.tenant_id = $3 and y.connection_id = $4`

  /** Each makes a move and answers what the service says to the one who would profit. */
  const moves: Record<string, () => Promise<{ status: number; body: unknown }>> = {
    'to another tenant': async () => {
      const [a, b] = [await connected(), await connected()]
      await run(copy, b.who.tenantId, b.id, a.who.tenantId, a.id)
      return stage.read(b.who)
    },
    'to another connection of the tenant': async () => {
      const a = await connected()
      const b = await connected(a.who.tenantId, 'usr_other')
      await run(copy, b.who.tenantId, b.id, a.who.tenantId, a.id)
      return stage.read(b.who)
    },
    'from another type of record, of the same connection and generation': async () => {
      await run(
        `update credentials k set sealed = o.sealed, generation = o.generation,
           expires_at = now() + interval '2 hours'
         from orphans o
         where k.tenant_id = $1 and o.tenant_id = $1 and k.connection_id = o.connection_id`,
        overtaken.tenantId,
      )
      await run(
        'update refresh_schedule set refresh_at = null where tenant_id = $1',
        overtaken.tenantId,
      )
      return stage.read(overtaken)
    },
    'to another field': swapFields,
    'to another generation': async () => {
      const { who } = await connected()
      await run('update credentials set generation = 2 where tenant_id = $1', who.tenantId)
      await run('update connections set generation = 2 where tenant_id = $1', who.tenantId)
      return stage.read(who)
    },
    'to another version of the key': async () => {
      const { who } = await connected()
      await stage.keywell.keys.rotateTenant(who.tenantId)
      await run(
        `update credentials set key_version = 1,
           sealed = overlay(sealed placing '\\x00000001'::bytea from 5 for 4) where tenant_id = $1`,
        who.tenantId,
      )
      return stage.read(who)
    },
    'to another user': async () => {
      const { who } = await connected()
      await run(`update connections set user_id = 'usr_thief' where tenant_id = $1`, who.tenantId)
      return stage.read({ ...who, userId: 'usr_thief' })
    },
    'to another integration': async () => {
      const { who } = await connected()
      await run(
        `update connections set integration_id = 'int_other' where tenant_id = $1`,
        who.tenantId,
      )
      return stage.read(who)
    },
    'to another host': async () => {
      const { who } = await connected()
      await run(
        `update connections set host = 'http://127.0.0.1:1' where tenant_id = $1`,
        who.tenantId,
      )
      return stage.read(who)
    },
  }

  verifies.each('T14:swap-matrix', Object.keys(moves), async (name) => {
    const before = await alarms()
    const answer = await moves[name]?.()
    expect(answer?.status, name).toBeGreaterThanOrEqual(400)
    expect(JSON.stringify(answer?.body)).not.toMatch(/"credential":|"connection":\{/)
    expect(await alarms(), 'one alarm, which says that the place is wrong').toEqual({
      ...before,
      key_commit: (before.key_commit ?? 0) + 1,
    })
    expect((await stage.read(bystander)).status).toBe(200)
  })

  verifies('T14:pointed-integration', async () => {
    const { who } = await connected()
    const past = "now() - interval '1 second'"
    await run(`update credentials set expires_at = ${past} where tenant_id = $1`, who.tenantId)
    await run(`update refresh_schedule set refresh_at = ${past} where tenant_id = $1`, who.tenantId)
    const [row] = await stage.database.query<{ host: string }>('select host from integrations')
    const before = (await alarms()).key_commit ?? 0
    await stage.calm()
    // The refresh would take the client's secret, and the refresh token, to a server of theirs.
    await run(`update integrations set host = 'http://127.0.0.1:1'`)
    expect((await stage.read(who)).status).toBeGreaterThanOrEqual(500)
    expect((await alarms()).key_commit).toBe(before + 1)
    expect((await stage.sandbox.control.counters()).grantTypes.refresh_token ?? 0).toBe(0)
    await run('update integrations set host = $1', row?.host ?? '')
    expect((await stage.read(bystander)).status).toBe(200)
  })
})
