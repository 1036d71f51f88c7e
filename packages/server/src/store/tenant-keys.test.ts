import { beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { hasSealedRecords } from './tenant-keys.ts'

/** One row of each table that needs a key, and nothing else in the database. */
const rows: Readonly<Record<string, string>> = {
  credentials: `(tenant_id, connection_id, type, generation, key_version, sealed, issued_at, committed_by)
    values ('ten_a', 'con_1', 'oauth_token', 1, 1, '\\x00', now(), gen_random_uuid())`,
  orphans: `(tenant_id, connection_id, attempt_id, generation, key_version, sealed)
    values ('ten_a', 'con_1', gen_random_uuid(), 1, 1, '\\x00')`,
  revocations: `(tenant_id, connection_id, generation, user_id, provider, host, integration_owner,
      integration_id, key_version, sealed)
    values ('ten_a', 'con_1', 1, 'u', 'gitlab', 'h', '@install', 'int_1', 1, '\\x00')`,
  integrations: `(tenant_id, id, provider, host, client_id, key_version, sealed, scopes)
    values ('ten_a', 'int_1', 'gitlab', 'h', 'c', 1, '\\x00', '{}')`,
  flows: `(tenant_id, id, session_id, user_id, provider, host, connection_name, integration_owner,
      integration_id, client_id, redirect_uri, scopes, mode, status, key_version, sealed_verifier,
      expires_at)
    values ('ten_a', 'flw_1', 's', 'u', 'gitlab', 'h', 'default', '@install', 'int_1', 'c', 'r', '{}',
      'popup', 'created', 1, '\\x00', now())`,
  webhook_endpoints: `(tenant_id, id, url, events, key_version, sealed)
    values ('ten_a', 'whk_1', 'https://a.example', '{}', 1, '\\x00')`,
  install_keys: `(name, version, key_version, sealed, public_jwk) values ('k', 1, 1, '\\x00', '{}')`,
  api_keys: `(id, name, mac, roles) values ('key_1', 'k', '\\x00', '{admin}')`,
}

describeEachDatabase('what needs a key', (makeDatabase) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase()
  })

  test.each(Object.entries(rows))('a row of %s is seen', async (table, row) => {
    expect(await hasSealedRecords(database)).toBe(false)
    await database.query(`insert into ${table} ${row}`)
    expect(await hasSealedRecords(database)).toBe(true)
    await database.query(`delete from ${table}`)
  })

  test('an integration without a secret needs none', async () => {
    await database.query(
      `insert into integrations (tenant_id, id, provider, host, scopes)
       values ('ten_a', 'int_draft', 'gitlab', 'h', '{}')`,
    )
    expect(await hasSealedRecords(database)).toBe(false)
  })
})
