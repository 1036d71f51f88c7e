import { randomBytes } from 'node:crypto'
import { migrate } from '../../packages/server/src/store/migrate.ts'
import { openPostgres } from '../../packages/server/src/store/postgres.ts'
import { PostgresConnection } from '../../packages/server/src/store/postgres-connection.ts'
import { appRole, workerRole } from '../../packages/server/src/store/roles.ts'
import { bakeCluster, clusterVariable, login, withDatabase } from './postgres.ts'

/** Of a baked cluster. */
const bakedName = 'keywell_migrated'

/** Makes a cluster with a migrated database: in servers that start from it, others are copies of that one. */
export const bakeMigrated = () => bakeCluster((url) => createMigrated(url, bakedName))

/**
 * Makes a migrated database on a server, which a service's login may use and not change.
 *
 * @param url as a superuser
 */
export async function createMigrated(url: string, name: string): Promise<void> {
  if (process.env[clusterVariable] !== undefined) {
    return await runStatement(url, `create database "${name}" template "${bakedName}"`)
  }
  await runStatement(url, `create database "${name}"`)
  const database = await openPostgres({ url: withDatabase(url, name) })
  await migrate(database)
  await database.close()
  await runStatement(
    url,
    `do $$ begin
       if not exists (select from pg_roles where rolname = '${login}') then
         create role ${login} login noinherit;
         grant ${appRole}, ${workerRole} to ${login};
       end if;
     end $$`,
  )
}

/** A database on the run's server, for tests that open it themselves. */
export interface CreatedDatabase {
  /** As the login of a service: it owns nothing. */
  appUrl: string
  /** As the superuser, who may change tables. */
  ownerUrl: string
  drop(): Promise<void>
}

/** Makes a database on a server as a copy of a template. */
export async function copyDatabase(url: string, template: string): Promise<CreatedDatabase> {
  const name = `keywell_${randomBytes(6).toString('hex')}`
  await runStatement(url, `create database "${name}" template "${template}"`)
  return {
    appUrl: withDatabase(url, name, login),
    ownerUrl: withDatabase(url, name),
    drop: () => runStatement(url, `drop database "${name}" with (force)`),
  }
}

export async function runStatement(url: string, statement: string): Promise<void> {
  // Not through a Database, which has every statement in a transaction: here databases are made.
  const connection = new PostgresConnection({ url })
  try {
    await connection.query(statement)
  } finally {
    await connection.close()
  }
}
