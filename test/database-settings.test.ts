/** A Postgres server whose roles and databases are set in unusual ways, and a pooler that drops startup parameters. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { openPostgres } from '@keywell/server'
import { expect, onTestFinished } from 'vitest'
import { createDatabase } from './support/databases.ts'
import { openCreated } from './support/inspected.ts'
import { runStatement } from './support/migrated.ts'
import { login } from './support/postgres.ts'
import { schemaOwner } from './support/scopes.ts'
import { createStage, mira, must } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

/** Each changes how values are written, or what a statement or a transaction does. */
const unusual: Readonly<Record<string, string>> = {
  array_nulls: 'off',
  bytea_output: 'escape',
  client_encoding: 'LATIN1',
  client_min_messages: 'debug5',
  DateStyle: 'German, DMY',
  default_transaction_deferrable: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  enable_indexscan: 'off',
  extra_float_digits: '-15',
  idle_in_transaction_session_timeout: '1ms',
  idle_session_timeout: '1ms',
  IntervalStyle: 'sql_standard',
  jit: 'on',
  lc_messages: 'C',
  lc_monetary: 'C',
  lc_numeric: 'C',
  lc_time: 'C',
  lock_timeout: '1ms',
  quote_all_identifiers: 'on',
  row_security: 'off',
  search_path: 'pg_catalog',
  standard_conforming_strings: 'off',
  statement_timeout: '1ms',
  TimeZone: 'Asia/Kathmandu',
  transform_null_equals: 'on',
  xmlbinary: 'hex',
  xmloption: 'document',
}

async function database(settings: Readonly<Record<string, string>>, of: 'role' | 'database') {
  const created = await createDatabase()
  onTestFinished(() => created.drop())
  const name = new URL(created.ownerUrl).pathname.slice(1)
  const what = of === 'database' ? `database "${name}"` : `role ${login} in database "${name}"`
  for (const [setting, value] of Object.entries(settings)) {
    // A list of names is no string.
    const text = setting === 'search_path' ? value : `'${value}'`
    await runStatement(created.ownerUrl, `alter ${what} set ${setting} = ${text}`)
  }
  return { ...created, name, what }
}

verifies(
  'operate:database-settings',
  async () => {
    // One by one: values come back as they were given, and what was written is there.
    for (const [setting, value] of Object.entries(unusual)) {
      const { appUrl } = await database({ [setting]: value }, 'role')
      const opened = await openPostgres({ url: appUrl, poolSize: 1 })
      const at = new Date('2026-03-04T05:06:07.089Z')
      const bytes = Uint8Array.of(0, 1, 92, 127, 128, 255)
      const rows = await opened.transaction('ten_a', async (sql) => {
        await sql.query(
          `insert into tenant_keys (tenant_id, version, kek_id, wrapped, state)
         values ('ten_a', 1, 'kek_\\', $1, 'active')`,
          [bytes],
        )
        return sql.query(
          `select wrapped, kek_id, $1::timestamptz as at, (0.1::float8 + 0.2::float8) as number,
           ('{a,NULL}'::text[])[2] is null as empty, date_trunc('day', $1::timestamptz) as day,
           ('é')::text as text
         from tenant_keys where tenant_id = 'ten_a'`,
          [at],
        )
      })
      expect(rows, setting).toEqual([
        {
          ...{ wrapped: bytes, kek_id: 'kek_\\', at, number: 0.30000000000000004 },
          ...{ empty: true, day: new Date('2026-03-04T00:00:00Z'), text: 'é' },
        },
      ])
      await opened.close()
    }
    // All at once: a user connects, a backend reads, a token is renewed, the log is proved.
    for (const of of ['role', 'database'] as const) {
      const created = await database(unusual, of)
      const opened = await openCreated(created, { poolSize: 5 })
      const stage = await createStage(opened)
      await stage.connect()
      must(await stage.read(), 200)
      for (const column of ['credentials set expires_at', 'refresh_schedule set refresh_at']) {
        await opened.query(`update ${column} = now() - interval '1 second'`)
      }
      expect(await stage.read(), of).toMatchObject({ status: 200, body: { generation: 2 } })
      const verify = () => stage.keywell.audit.verify({ tenantId: mira.tenantId })
      await expect.poll(async () => (await verify()).entries, { message: of }).toBeGreaterThan(3)
      expect(await verify(), of).toMatchObject({ findings: [] })
      expect(await stage.keywell.keys.verify(), of).toMatchObject({ refused: {} })
      await stage.stop()
      await opened.close()
    }
    // Triggers that guard the log would be silent; no login of a service may overrule that.
    const { appUrl, what, ownerUrl } = await database(
      { session_replication_role: 'replica' },
      'role',
    )
    await expect(openPostgres({ url: appUrl })).rejects.toThrow(
      `session_replication_role is "replica" and has to be "origin". Run as an administrator: alter role`,
    )
    await runStatement(ownerUrl, `alter ${what} reset session_replication_role`)
    await (await openPostgres({ url: appUrl })).close()
  },
  { timeout: 120_000 },
)

verifies('operate:pooler-settings', async () => {
  const { appUrl } = await database({ bytea_output: 'escape' }, 'role')
  const target = new URL(appUrl)
  const dropping = await startPooler(target, (parameters) =>
    parameters.filter(([name]) => name !== 'bytea_output'),
  )
  await expect(openPostgres({ url: dropping })).rejects.toThrow(
    'bytea_output is "escape" and has to be "hex"',
  )
  const refusing = await startPooler(target, () => undefined)
  await expect(openPostgres({ url: refusing })).rejects.toThrow(
    /unsupported startup parameter: bytea_output.*ignore_startup_parameters = .*statement_timeout.*bytea_output/,
  )
  const plain = await startPooler(new URL((await database({}, 'role')).appUrl), (parameters) =>
    parameters.filter(([name]) => ['user', 'database'].includes(name)),
  )
  const opened = await openPostgres({ url: plain })
  expect(await opened.of(schemaOwner).query("select '\\x00ff'::bytea as bytes")).toEqual([
    { bytes: Uint8Array.of(0, 255) },
  ])
  await opened.close()
})

type Parameters = [name: string, value: string][]

/** Answers its URL. What a client sends at the start goes through `change`; undefined refuses one of them. */
async function startPooler(
  target: URL,
  change: (parameters: Parameters) => Parameters | undefined,
): Promise<string> {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.once('data', (bytes) => {
      const words = bytes.subarray(8, -2).toString().split('\0')
      const parameters: Parameters = []
      for (let at = 0; at < words.length; at += 2) {
        parameters.push([words[at] ?? '', words[at + 1] ?? ''])
      }
      const kept = change(parameters)
      if (kept === undefined) {
        const fields = 'SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: bytea_output\0\0'
        const head = Buffer.from([0x45, 0, 0, 0, 4 + fields.length])
        near.end(Buffer.concat([head, Buffer.from(fields)]))
        return
      }
      const text = Buffer.from(`${kept.flat().join('\0')}\0\0`)
      const head = Buffer.alloc(8)
      head.writeUInt32BE(8 + text.length, 0)
      head.writeUInt32BE(196_608, 4)
      far.write(Buffer.concat([head, text]))
      near.pipe(far)
      far.pipe(near)
    })
    far.on('close', () => near.destroy())
    near.on('close', () => far.destroy())
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = new URL(target)
  url.port = String(address.port)
  return url.href
}
