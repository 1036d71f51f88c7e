import { readdir, readFile } from 'node:fs/promises'
import type { Database, Sql } from './database.ts'
import { ensureRoles } from './roles.ts'
import { schemaOwner } from './scope.ts'
import { codeOf } from './sqlstate.ts'

/*
 * The files are read from `src`, which is published beside `dist`: tsc copies no .sql, and the same
 * path leads there from `src/store` and from `dist/store`.
 */
const folder = new URL('../../src/store/migrations/', import.meta.url)

/** Any number, as long as it stays the same: it is the name of the lock. */
const lockKey = 5_394_713
const insufficientPrivilege = '42501'

/** The database was migrated by a newer Keywell than this one. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew'
}

/** Migrations are due, and the login role may not run them. */
export class MayNotMigrate extends Error {
  override readonly name = 'MayNotMigrate'
}

interface Migration {
  number: number
  name: string
}

/**
 * Brings the tables up to date, in one transaction, forward only. Of several processes that start
 * at once one does the work and the others wait for it. When there is nothing to do, nothing but
 * reading is needed, so the service may run as a role that owns no table.
 *
 * @throws {SchemaTooNew} when the database knows a migration that this code does not
 * @throws {RolesMissing} when the roles that statements run as cannot be had
 * @throws {MayNotMigrate} when there is something to do, and we own no table
 */
export async function migrate(database: Database): Promise<void> {
  const known = await knownMigrations()
  try {
    await database.transaction(schemaOwner, (sql) => bringUpToDate(sql, known))
  } catch (cause) {
    if (codeOf(cause) !== insufficientPrivilege) throw cause
    throw new MayNotMigrate(
      'The tables have to be brought up to date, and this login may not change them. Run this as their ' +
        'owner first: DATABASE_URL=postgres://<owner>@… keywell-service migrate',
      { cause },
    )
  }
}

async function bringUpToDate(sql: Sql, known: readonly Migration[]): Promise<void> {
  // Row security binds owners too: what it would hide from a migration is an error, and not left out.
  await sql.query('set local row_security = off')
  await sql.query('select pg_advisory_xact_lock($1::bigint)', [lockKey])
  const applied = await appliedMigrations(sql)
  refuseNewer(known, applied)
  const done = new Set(applied.map((migration) => migration.number))
  await ensureRoles(sql)
  for (const migration of known) if (!done.has(migration.number)) await apply(sql, migration)
}

/**
 * Creates the table only where there is none: a service whose role may not change tables starts on a
 * database that was migrated by its owner.
 */
async function appliedMigrations(sql: Sql): Promise<Migration[]> {
  // Not to_regclass: it answers from a cache that does not know what a rival has just committed.
  const tables = await sql.query(
    "select from pg_tables where schemaname = current_schema() and tablename = 'migrations'",
  )
  if (tables.length > 0) return await sql.query('select number, name from migrations')
  await sql.query(`create table migrations (
    number     int primary key,
    name       text not null,
    applied_at timestamptz not null default now()
  )`)
  return []
}

function refuseNewer(known: readonly Migration[], applied: readonly Migration[]): void {
  const newest = known.at(-1)?.number ?? 0
  const stranger = applied.find((migration) => migration.number > newest)
  if (stranger === undefined) return
  throw new SchemaTooNew(
    `The database has migration ${stranger.name}, this Keywell knows up to number ${newest}. ` +
      'Run the newer version, or restore a backup from before the upgrade.',
  )
}

async function apply(sql: Sql, { number, name }: Migration): Promise<void> {
  await sql.query(await readFile(new URL(name, folder), 'utf8'))
  await sql.query('insert into migrations (number, name) values ($1, $2)', [number, name])
}

async function knownMigrations(): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name))
  return names.sort().map((name) => ({ number: Number.parseInt(name, 10), name }))
}
