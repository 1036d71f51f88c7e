import { migrate } from '../../packages/server/src/store/migrate.ts'
import { openPostgres } from '../../packages/server/src/store/postgres.ts'
import { appRole, withDatabase } from './postgres.ts'

/**
 * Makes a migrated database on a server, which the application's role may use and not change.
 *
 * @param url as a superuser
 */
export async function createMigrated(url: string, name: string): Promise<void> {
  await runStatement(
    url,
    `do $$ begin
       if not exists (select from pg_roles where rolname = '${appRole}') then
         create role ${appRole} login;
       end if;
     end $$`,
  )
  await runStatement(url, `create database "${name}"`)
  const database = await openPostgres({ url: withDatabase(url, name) })
  await migrate(database)
  await database.query(`
    grant select, insert, update, delete on all tables in schema public to ${appRole};
    grant usage on all sequences in schema public to ${appRole};
  `)
  await database.close()
}

export async function runStatement(url: string, statement: string): Promise<void> {
  const database = await openPostgres({ url, poolSize: 1 })
  try {
    await database.query(statement)
  } finally {
    await database.close()
  }
}
