import { beforeAll, expect, test } from 'vitest'
import { describeEachDatabase } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { isNamedInAudit } from './install-key-holders.ts'
import { schemaOwner } from './scope.ts'
import { hasSealedRecords } from './tenant-keys.ts'

/** One row of each table that needs a key, and nothing else in the database. */
const rows: Readonly<Record<string, string>> = {
  credentials: `(tenant_id, connection_id, type, generation, key_version, sealed, issued_at, committed_by)
    values ('ten_a', 'con_1', 'oauth_token', 1, 1, '\\x00', now(), gen_random_uuid())`,
  orphans: `(tenant_id, connection_id, attempt_id, generation, key_version, sealed)
    values ('ten_a', 'con_1', gen_random_uuid(), 1, 1, '\\x00')`,
  revocations: `(tenant_id, connection_id, generation, user_id, provider, method, host, integration_owner,
      integration_id, type, key_version, sealed)
    values ('ten_a', 'con_1', 1, 'u', 'gitlab', 'oauth', 'h', '@install', 'int_1', 'oauth_token', 1, '\\x00')`,
  integrations: `(tenant_id, id, provider, method, host, client_id, key_version, sealed, scopes)
    values ('ten_a', 'int_1', 'gitlab', 'oauth', 'h', 'c', 1, '\\x00', '{}')`,
  flows: `(tenant_id, id, session_id, user_id, provider, host, connection_name, integration_owner,
      integration_id, client_id, redirect_uri, scopes, mode, method, status, key_version, sealed_verifier,
      expires_at)
    values ('ten_a', 'flw_1', 's', 'u', 'gitlab', 'h', 'default', '@install', 'int_1', 'c', 'r', '{}',
      'popup', 'oauth', 'created', 1, '\\x00', now())`,
  webhook_endpoints: `(tenant_id, id, url, events, key_version, sealed)
    values ('ten_a', 'whk_1', 'https://a.example', '{}', 1, '\\x00')`,
  approvals: `(tenant_id, id, user_id, connection_id, tool, call_hash, key_version, sealed, ends_at)
    values ('ten_a', 'apr_1', 'u', 'con_1', 't', 'h', 1, '\\x00', now())`,
  idempotent_tool_calls: `(tenant_id, connection_id, key, user_id, request_id, key_version, sealed, ends_at)
    values ('ten_a', 'con_1', 'k', 'u', 'req_1', 1, '\\x00', now())`,
  install_keys: `(name, version, key_version, sealed, public_jwk) values ('k', 1, 1, '\\x00', '{}')`,
  api_keys: `(id, name, mac, grants_mac, roles, pepper_version)
    values ('key_1', 'k', '\\x00', '\\x00', '{admin}', 1)`,
}

const link = (macVersion: number, linkVersion: number) =>
  `audit_chain (tenant_id, position, id, at, actor, action, result, mac_version, mac, link_version, link)
   values ('ten_a', 1, 'aud_1', now(), 'a', 'a', 'ok', ${macVersion}, '\\x00', ${linkVersion}, '\\x00')`
const tail = (macVersion: number) =>
  `audit_tail (tenant_id, id, actor, action, result, mac_version, mac)
   values ('ten_a', 'aud_1', 'a', 'a', 'ok', ${macVersion}, '\\x00')`
const cut = (macVersion: number) =>
  `audit_cuts (tenant_id, position, link, mac_version, mac)
   values ('ten_a', 1, '\\x00', ${macVersion}, '\\x00')`

/** Of version 2. No role may delete them, so each is rolled back. */
const auditRows: readonly [what: string, row: string, isNamed: boolean][] = [
  ['an entry that waits', tail(2), true],
  ['an entry', link(2, 3), true],
  ['a link', link(1, 2), true],
  ['a cut', cut(2), true],
  ['an entry that waits, of another version', tail(1), false],
  ['a link of others', link(1, 3), false],
  ['a cut of another', cut(3), false],
]

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

  test.each(auditRows)('of the audit log: %s', async (_, row, isNamed) => {
    const looked = database.owner.transaction(schemaOwner, async (sql) => {
      await sql.query(`insert into ${row}`)
      expect(await isNamedInAudit(sql, 2)).toBe(isNamed)
      throw new Error('taken back')
    })
    await expect(looked).rejects.toThrow('taken back')
  })

  test('an integration without a secret needs none', async () => {
    await database.query(
      `insert into integrations (tenant_id, id, provider, method, host, scopes)
       values ('ten_a', 'int_draft', 'gitlab', 'oauth', 'h', '{}')`,
    )
    expect(await hasSealedRecords(database)).toBe(false)
  })
})
