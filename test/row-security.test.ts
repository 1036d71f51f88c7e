/** The database itself keeps tenants apart: whatever the text of a statement says, and for every role that runs it. */
import { randomBytes } from 'node:crypto'
import { openPostgres } from '@keywell/server'
import { afterAll, beforeAll, expect, inject } from 'vitest'
import { createDatabase, describeEachDatabase } from './support/databases.ts'
import { createOvertaking, sealEverything } from './support/everything-sealed.ts'
import { runStatement } from './support/migrated.ts'
import { startPostgres, withDatabase } from './support/postgres.ts'
import {
  everyTenant,
  installation,
  tenantTables as listedTables,
  migrate,
  RolesMissing,
  type Scope,
  schemaOwner,
  type TenantTable,
} from './support/scopes.ts'
import { runService } from './support/service-process.ts'
import { createStage, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const mine = 'ten_mine'
const foreign = 'ten_foreign'

/** Each table that has rows of tenants, to be selected from: a partition is reached through its table. */
const tenantTables = `(
  select c.oid::regclass as each from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
  order by c.relname
) as tenant_table`

/** Leaves a database as it is before an upgrade to the newest version. */
const undoLastMigration = `
  delete from migrations where name = '0003_audit.sql';
  drop view audit;
  drop table audit_chain, audit_tail, audit_cuts, audit_heads, audit_heads_due;
  drop function audit_refuse, audit_refuse_delete, audit_refuse_delete_of_cut,
    audit_weeks, audit_make_week, audit_drop_week, audit_link`

interface Counted {
  mine: number
  others: number
}

const nameOf = ({ table, column }: { table: string; column: string }) => `${table}.${column}`

describeEachDatabase('row security', (makeDatabase) => {
  let stage: Stage
  let tables: string[]
  const overtaking = createOvertaking(() => stage.database)

  beforeAll(async () => {
    // So that no worker links entries between one look and the next.
    stage = await createStage(await makeDatabase(), {
      role: 'serve',
      faultPoint: overtaking.faultPoint,
    })
    for (const tenantId of [mine, foreign]) {
      await sealEverything(stage, { tenantId, overtaken: overtaking.tenants })
    }
    const rows = await stage.database.query<{ name: string }>(
      `select each::text as name from ${tenantTables}`,
    )
    tables = rows.map(({ name }) => name)
  }, 60_000)
  afterAll(() => stage.stop())

  /** As the role of requests, for some tenants; without the list the setting is not made at all. */
  async function count(table: string, tenants?: readonly string[]): Promise<Counted> {
    return stage.database.owner.transaction(schemaOwner, async (sql) => {
      if (tenants) {
        const list = `set_config('app.tenants', ($1::text[])::text, true)`
        await sql.query(`select ${list}`, [tenants])
      }
      await sql.query('set local role keywell_app')
      const [row] = await sql.query<Counted>(
        `select count(*) filter (where tenant_id = '${mine}')::int as mine,
                count(*) filter (where tenant_id <> '${mine}')::int as others
         from ${table}`,
      )
      return row ?? { mine: -1, others: -1 }
    })
  }

  /** Tables that requests may read at all. */
  async function readable(): Promise<string[]> {
    const rows = await stage.database.query<{ name: string }>(
      `select each::text as name from ${tenantTables}
       where has_table_privilege('keywell_app', each, 'select')`,
    )
    return rows.map(({ name }) => name)
  }

  verifies('T19:row-security', async () => {
    expect(await readable()).toEqual(tables)
    const filled: string[] = []
    for (const table of await readable()) {
      const [all] = await stage.database.query<{ mine: number }>(
        `select count(*)::int as mine from ${table} where tenant_id = $1`,
        [mine],
      )
      for (const unset of [undefined, [], ['']]) {
        expect(await count(table, unset), table).toEqual({ mine: 0, others: 0 })
      }
      expect(await count(table, [mine]), table).toEqual({ mine: all?.mine, others: 0 })
      expect((await count(table, [foreign])).mine, table).toBe(0)
      if ((all?.mine ?? 0) > 0) filled.push(table)
    }
    // Where there is nothing to see, nothing was shown.
    expect(filled).toEqual(
      expect.arrayContaining(
        [
          'audit',
          'audit_tail',
          'changes',
          'connections',
          'connect_sessions',
          'credentials',
          'flows',
        ].concat([
          'integrations',
          'orphans',
          'revocations',
          'tenant_keys',
          'refresh_schedule',
          'webhook_endpoints',
        ]),
      ),
    )
  })

  verifies('T19:tenant-tables', async () => {
    const columns = await stage.database.query<{ table: string; column: string; type: string }>(
      `select each::text as "table", a.attname as "column", format_type(a.atttypid, null) as type
       from ${tenantTables} join pg_attribute a on a.attrelid = each and a.attnum > 0
       where a.attname <> 'tenant_id' and not a.attisdropped`,
    )
    const listed = Object.entries<TenantTable>(listedTables).flatMap(
      ([name, { sealed = [], exported = [], internal = [] }]) =>
        [...sealed, ...exported, ...internal].map((column) => `${name}.${column}`),
    )
    expect([...listed].sort()).toEqual(columns.map(nameOf).sort())
    // What is no text and no code that proves a row is sealed.
    const proof = /\.(mac|\w+_mac|hash|binding_hash|link|wrapped)$/
    const secret = columns.filter(({ type }) => type === 'bytea').map(nameOf)
    const sealed = Object.entries<TenantTable>(listedTables).flatMap(([name, table]) =>
      (table.sealed ?? []).map((column) => `${name}.${column}`),
    )
    expect(sealed.sort()).toEqual(secret.filter((name) => !proof.test(name)).sort())
    for (const [name, { rows }] of Object.entries(listedTables)) {
      if (rows !== 'installation') continue
      const foreignRows = `select from ${name} where tenant_id <> '@install'`
      expect(await stage.database.query(foreignRows), name).toEqual([])
    }
  })

  verifies('T19:row-security-everywhere', async () => {
    const bare = await stage.database.query<{ name: string }>(
      `select each::text as name from ${tenantTables} join pg_class c on c.oid = each
       where case when c.relkind = 'v'
         -- A view shows what the tables behind it show to the role that reads it.
         then c.reloptions is distinct from array['security_invoker=true']
         else not (c.relrowsecurity and c.relforcerowsecurity)
           or not exists (
             select from pg_policy p where p.polrelid = c.oid
               and p.polroles = array['keywell_app'::regrole::oid]
           )
         end`,
    )
    expect(bare).toEqual([])
    expect(tables.length).toBeGreaterThan(20)
    const owned = await stage.database.query(
      `select from pg_class where relowner in ('keywell_app'::regrole, 'keywell_worker'::regrole)`,
    )
    expect(owned).toEqual([])
    const strong = await stage.database.query(
      `select from pg_roles where rolname in ('keywell_app', 'keywell_worker')
         and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin)`,
    )
    expect(strong).toEqual([])
  })

  verifies('T19:row-security-writes', async () => {
    const asMine = stage.database.of(mine)
    for (const [table, column] of [
      ['connections', 'name'],
      ['credentials', 'type'],
      ['integrations', 'provider'],
      ['webhook_endpoints', 'url'],
      ['tenant_keys', 'kek_id'],
    ] as const) {
      // A statement that forgot its tenant.
      const [own] = await asMine.query<{ rows: number }>(
        `select count(*)::int as rows from ${table}`,
      )
      const changed = await asMine.query(
        `update ${table} set ${column} = ${column} returning tenant_id`,
      )
      expect(changed, table).toHaveLength(own?.rows ?? -1)
      expect(changed.every((row) => 'tenant_id' in row && row.tenant_id === mine)).toBe(true)
      const moved = asMine.query(`update ${table} set tenant_id = $1`, [foreign])
      await expect(moved, table).rejects.toMatchObject({ code: '42501' })
    }
    const planted = asMine.query(
      `insert into connect_sessions (tenant_id, id, user_id, policy, expires_at, mac, pepper_version)
       values ($1, 'ses_planted', 'usr_main', '{}', now(), '', 1)`,
      [foreign],
    )
    await expect(planted).rejects.toMatchObject({ code: '42501' })
    const widened = asMine.query(`update api_keys set roles = '{admin}' returning id`)
    expect(await widened, 'rows of the installation are not a tenant’s').toEqual([])
  })

  verifies('T19:row-security-cost', async () => {
    for (const table of await readable()) {
      const plan = await stage.database.transaction([mine, installation], async (sql) => {
        await sql.query('set local enable_seqscan = off')
        const rows = await sql.query(`explain select * from ${table} where tenant_id = '${mine}'`)
        return rows.flatMap((row) => Object.values(row)).map(String)
      })
      // Rows are found by what a statement asks for; what its tenants have besides is not read.
      const found = plan.filter((line) => line.includes('Index Cond:'))
      expect(found.length, plan.join('\n')).toBeGreaterThan(0)
      for (const line of found) expect(line, table).not.toMatch(/\bANY\b/i)
      expect(plan.join('\n'), table).toMatch(/\bANY\b/i)
    }
  })

  verifies('T13:worker-sees-nothing-sealed', async () => {
    const secret = await stage.database.query<{ table: string; column: string }>(
      `select c.table_name as "table", c.column_name as "column" from information_schema.columns c
       join ${tenantTables} on each::text = c.table_name
       where c.data_type = 'bytea' and c.table_name !~ '^audit' order by 1, 2`,
    )
    expect(secret.length).toBeGreaterThan(12)
    for (const { table, column } of secret) {
      const look = stage.database.of(everyTenant).query(`select ${column} from ${table} limit 1`)
      await expect(look, `${table}.${column}`).rejects.toMatchObject({ code: '42501' })
    }
    // And it writes no row that says who may do what.
    for (const table of ['api_keys', 'connections', 'credentials', 'tenant_keys', 'flows']) {
      const change = stage.database
        .of(everyTenant)
        .query(`update ${table} set tenant_id = tenant_id`)
      await expect(change, table).rejects.toMatchObject({ code: '42501' })
    }
  })

  verifies('T30:append-only-roles', async () => {
    const scopes: readonly Scope[] = [mine, installation, everyTenant]
    for (const scope of scopes) {
      for (const table of ['audit_chain', 'audit_heads', 'audit_cuts']) {
        const change = stage.database.of(scope).query(`update ${table} set tenant_id = tenant_id`)
        await expect(change, table).rejects.toMatchObject({ code: '42501' })
        const cut = stage.database.of(scope).query(`truncate ${table}`)
        await expect(cut, table).rejects.toMatchObject({ code: '42501' })
      }
      const moved = [
        'delete from audit_tail',
        'insert into audit_chain select * from audit_chain',
        `select audit_link('[]')`,
      ]
      // The worker moves entries from the tail to their chains, and has no other way.
      for (const statement of scope === everyTenant ? moved.slice(0, 2) : moved) {
        const change = stage.database.of(scope).query(statement)
        await expect(change, statement).rejects.toMatchObject({ code: '42501' })
      }
      if (scope === everyTenant) continue
      for (const table of ['audit_chain', 'audit_tail', 'audit_heads', 'audit_cuts']) {
        const removal = stage.database.of(scope).query(`delete from ${table}`)
        await expect(removal, table).rejects.toMatchObject({ code: '42501' })
      }
    }
  })
})

/** Makes a login with a database of its own, as docker-compose.yml does. */
async function createOwned(prepare: (login: string) => string) {
  const superuser = inject('postgresUrl')
  const login = `owner_${randomBytes(4).toString('hex')}`
  await runStatement(superuser, `create role ${login} login noinherit`)
  await runStatement(superuser, `create database ${login} owner ${login}`)
  // Before Postgres 16 a login of `noinherit` has no part in what owners of a database may.
  const grant = `grant create on schema public to ${login}`
  await runStatement(withDatabase(superuser, login), `${grant}; ${prepare(login)}`)
  const database = await openPostgres({ url: withDatabase(superuser, login, login), poolSize: 2 })
  const remove = async () => {
    await database.close()
    await runStatement(superuser, `drop database ${login} with (force)`)
    await runStatement(superuser, `drop role ${login}`)
  }
  return { login, database, remove }
}

verifies('T19:row-security-owner', async () => {
  const { database, remove } = await createOwned(
    (login) => `grant keywell_app, keywell_worker to ${login}`,
  )
  try {
    await migrate(database)
    await migrate(database)
    await database.of(mine).query(
      `insert into connect_sessions (tenant_id, id, user_id, policy, expires_at, mac, pepper_version)
       values ($1, 'ses_1', 'usr_1', '{}', now(), '', 1)`,
      [mine],
    )
    const rows = 'select tenant_id from connect_sessions'
    expect(await database.of(mine).query(rows)).toHaveLength(1)
    expect(await database.of(foreign).query(rows)).toEqual([])
    expect(await database.of(schemaOwner).query(rows), 'the owner of the table').toEqual([])
  } finally {
    await remove()
  }
})

verifies(
  'operate:roles-made',
  async () => {
    const server = await startPostgres({ pristine: true })
    try {
      await runStatement(server.url, 'create role maker login noinherit createrole')
      await runStatement(server.url, 'create database made owner maker')
      const grant = 'grant create on schema public to maker'
      await runStatement(withDatabase(server.url, 'made'), grant)
      const url = withDatabase(server.url, 'made', 'maker')
      const database = await openPostgres({ url, poolSize: 1 })
      await migrate(database)
      await migrate(database)
      const rows = await database
        .of(mine)
        .query(
          "select current_user::text as who, pg_has_role('keywell_worker', 'usage') as inherits",
        )
      expect(rows).toEqual([{ who: 'keywell_app', inherits: false }])
      expect(await database.of(everyTenant).query('select from refresh_schedule')).toEqual([])
      await database.close()
    } finally {
      await server.stop()
    }
  },
  { timeout: 60_000 },
)

verifies('operate:roles-missing', async () => {
  const { login, database, remove } = await createOwned(() => '')
  try {
    const refused = migrate(database)
    await expect(refused).rejects.toThrow(RolesMissing)
    await expect(refused).rejects.toThrow(`grant keywell_app, keywell_worker to "${login}"`)
    const tables = await database
      .of(schemaOwner)
      .query("select from pg_tables where schemaname = 'public'")
    expect(tables, 'nothing was begun').toEqual([])
  } finally {
    await remove()
  }
})

verifies(
  'operate:migrate',
  async () => {
    const created = await createDatabase({ empty: true })
    const run = async (words: string[], url: string) => {
      const command = runService(words, { DATABASE_URL: url })
      return { code: await command.exited, output: command.output() }
    }
    try {
      const early = await run(['migrate'], created.appUrl)
      expect(early.code).toBe(1)
      expect(early.output).toContain('keywell-service migrate')
      expect(await run(['migrate'], created.ownerUrl)).toEqual({
        code: 0,
        output: 'The tables are up to date.\n',
      })
      // As before an upgrade.
      const { pathname } = new URL(created.ownerUrl)
      await runStatement(withDatabase(created.ownerUrl, pathname.slice(1)), undoLastMigration)
      const refused = await run(['migrate'], created.appUrl)
      expect(refused.code).toBe(1)
      expect(refused.output).toContain('keywell-service migrate')
      expect(await run(['migrate'], created.ownerUrl)).toMatchObject({ code: 0 })
      expect(await run(['migrate'], created.appUrl)).toMatchObject({ code: 0 })
    } finally {
      await created.drop()
    }
  },
  { timeout: 60_000 },
)

verifies('operate:login-owns-nothing', async () => {
  const created = await createDatabase()
  const database = await openPostgres({ url: created.appUrl, poolSize: 1 })
  try {
    const raw = database.of(schemaOwner)
    await expect(raw.query('select from connections')).rejects.toMatchObject({ code: '42501' })
    await expect(raw.query('drop table connections')).rejects.toMatchObject({ code: '42501' })
    expect(await database.of(mine).query('select from connections')).toEqual([])
  } finally {
    await database.close()
    await created.drop()
  }
})
