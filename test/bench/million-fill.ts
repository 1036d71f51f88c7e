/** Connections in great number: each sealed as the service seals it, and written many at a time. */

import { randomBytes, randomUUID } from 'node:crypto'
import type { ConnectionId } from '@keywell/protocol'
import { gitlab } from '@keywell/providers'
import type { TestDatabase } from '../support/inspected.ts'
import { makeConnectionId, type SealToken } from '../support/sealing.ts'

const rowsOfSlice = 2_000
const tellEvery = 20_000
/** Seconds: how long a token of the provider lives, and how long after it was made it is renewed on average. */
export const lifeSeconds = 7_200
export const renewedAfterSeconds = 5_550
/** The same for a dormant connection. */
const dormantAfterSeconds = 21 * 3_600

export interface Fill {
  connections: number
  tenants: number
  /** Of how many of them a backend has read lately, from 0 to 1. */
  inUse: number
  integration: { id: string; host: string }
}

/** What a slice writes, as JSON; bytes in base64. */
interface Row {
  tenant: string
  user: string
  id: ConnectionId
  sealed: string
  key_version: number
  in_use: boolean
  attempt: string
}

export const tenantOf = (index: number, { tenants }: Pick<Fill, 'tenants'>) =>
  `ten_${index % tenants}`
export const userOf = (index: number) => `usr_${index}`
/** The first ones are in use. */
export const isInUse = (index: number, { connections, inUse }: Fill) =>
  index < Math.ceil(connections * inUse)

/** As the owner of the tables; what their triggers look up for each row is left out meanwhile. */
export async function fill(
  database: TestDatabase,
  seal: SealToken,
  options: Fill,
  tell: (done: number) => void,
): Promise<void> {
  const tables = ['connections', 'credentials'] as const
  for (const table of tables) await database.query(`alter table ${table} disable trigger user`)
  for (let first = 0; first < options.connections; first += rowsOfSlice) {
    const count = Math.min(rowsOfSlice, options.connections - first)
    const rows = Array.from({ length: count }, (_, at) => makeRow(seal, first + at, options))
    await insert(database, await Promise.all(rows), options)
    if ((first + count) % tellEvery === 0) tell(first + count)
  }
  for (const table of tables) await database.query(`alter table ${table} enable trigger user`)
}

async function makeRow(seal: SealToken, index: number, options: Fill): Promise<Row> {
  const owner = {
    tenantId: tenantOf(index, options),
    userId: userOf(index),
    connectionId: makeConnectionId(randomBytes(10)),
    integrationId: options.integration.id,
    provider: gitlab.name,
    method: 'oauth',
    host: options.integration.host,
    generation: 1,
  }
  const { sealed, keyVersion } = await seal(owner)
  return {
    tenant: owner.tenantId,
    user: owner.userId,
    id: owner.connectionId,
    sealed: Buffer.from(sealed).toString('base64'),
    key_version: keyVersion,
    in_use: isInUse(index, options),
    attempt: randomUUID(),
  }
}

/** Spread over their lives, as they are after some days. */
async function insert(
  database: TestDatabase,
  rows: readonly Row[],
  { integration: { id, host } }: Fill,
): Promise<void> {
  await database.query(
    `with row as materialized (
       select *, random() as u from json_to_recordset(($1::text)::json) as row (tenant text,
         "user" text, id text, sealed text, key_version int, in_use boolean, attempt uuid)
     ), planned as materialized (
       select *, now() + u * interval '1 second'
           * case when in_use then ${renewedAfterSeconds} else ${dormantAfterSeconds} end as refresh_at,
         now() - (1 - u) * interval '1 second'
           * case when in_use then ${renewedAfterSeconds} else ${dormantAfterSeconds} end as issued_at
       from row
     ), connected as (
       insert into connections (tenant_id, id, user_id, provider, host, name, integration_owner,
         integration_id, status, health, account, asked_scopes, granted_scopes, generation, method)
       select tenant, id, "user", 'gitlab', $3, 'default', '@install', $2, 'active', 'ok',
         jsonb_build_object('id', "user", 'name', "user", 'username', "user", 'avatarUrl', null),
         '{read_api}', '{read_api}', 1, 'oauth'
       from planned
     ), kept as (
       insert into credentials (tenant_id, connection_id, type, generation, key_version, sealed,
         issued_at, expires_at, committed_by)
       select tenant, id, 'oauth_token', 1, key_version, decode(sealed, 'base64'), issued_at,
         issued_at + interval '${lifeSeconds} seconds', attempt
       from planned
     )
     insert into refresh_schedule (tenant_id, connection_id, integration_id, host, state, refresh_at, read_at,
       last_outcome)
     select tenant, id, $2, $3, 'idle', refresh_at,
       now() - case when in_use then interval '30 minutes' else interval '30 days' end, 'refreshed'
     from planned`,
    [JSON.stringify(rows), id, host],
  )
}
