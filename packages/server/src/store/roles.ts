import type { Sql } from './database.ts'

/*
 * The roles that statements run as, whatever the login role is (transaction.ts). They are not for
 * logging in, and own nothing. What each may do stands in the migrations.
 */

/** Sees and writes the rows of the tenants that a transaction names. */
export const appRole = 'keywell_app'
/** Sees rows of all tenants, in some tables and columns, none of them sealed. */
export const workerRole = 'keywell_worker'

/** The roles do not exist, or the login role may not take them. */
export class RolesMissing extends Error {
  override readonly name = 'RolesMissing'
}

/**
 * Makes the roles where there are none, and takes part in them. Roles belong to the whole server, so
 * several databases of it share them.
 *
 * @throws {RolesMissing} when we may not, with the statements for a login that may
 */
export async function ensureRoles(sql: Sql): Promise<void> {
  const { login, roles } = await lookAtRoles(sql)
  if (roles === 2) return
  try {
    await sql.query(makeRoles)
  } catch (cause) {
    throw new RolesMissing(
      `${login} may not make the roles ${appRole} and ${workerRole}, or not take them. Run this as an ` +
        `administrator of the database server, then start again: create role ${appRole} nologin; ` +
        `create role ${workerRole} nologin; grant ${appRole}, ${workerRole} to "${login}";`,
      { cause },
    )
  }
}

/**
 * Whether one may take a role: a superuser may take any. From Postgres 16 on, the creator of a role is a
 * member of it and may not take it yet.
 */
const mayTake =
  "pg_has_role(oid, case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)"

/** Who we are, and how many of the roles we may take. */
async function lookAtRoles(sql: Sql): Promise<{ login: string; roles: number }> {
  const [row] = await sql.query<{ login: string; roles: number }>(
    `select current_user as login, (
       select count(*) from pg_roles where rolname in ($1, $2) and ${mayTake}
     )::int as roles`,
    [appRole, workerRole],
  )
  if (row === undefined) throw new TypeError('a select without a table has one row')
  return row
}

/**
 * A rival may make them at the same time, in another database. `inherit false`: what the roles may see
 * counts only when they are taken (before Postgres 16, a login of `noinherit` says so).
 */
const makeRoles = `do $$
declare
  needed text;
  terms text := case when current_setting('server_version_num')::int >= 160000
    then ' with inherit false, set true' else '' end;
begin
  foreach needed in array array['${appRole}', '${workerRole}'] loop
    begin
      if not exists (select from pg_roles where rolname = needed) then
        execute format('create role %I nologin', needed);
      end if;
    exception when duplicate_object or unique_violation then
      null;
    end;
    if not (select ${mayTake} from pg_roles where rolname = needed) then
      execute format('grant %I to current_user', needed) || terms;
    end if;
  end loop;
end $$`
