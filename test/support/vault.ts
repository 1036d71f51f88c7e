import { type KeyProvider, keyFile, localKeys } from '@keywell/server'
import { findTenantKey, insertFirstTenantKey } from '../../packages/server/src/store/tenant-keys.ts'
import {
  createVault,
  type TenantKeyStore,
  type Vault,
} from '../../packages/server/src/vault/vault.ts'
import type { TestDatabase } from './inspected.ts'

export type { Vault } from '../../packages/server/src/vault/vault.ts'

/** Root keys from a file, as the service reads them. */
export function readKeys(path: string): KeyProvider {
  return localKeys(keyFile({ path, warn: () => {} }))
}

/** A vault on the key table of a database. */
export function openVault(keys: KeyProvider, database: TestDatabase): Vault {
  return createVault({
    keys,
    store: {
      ...noTable,
      find: (tenantId, version) => findTenantKey(database, tenantId, version),
      insertFirst: (row) => insertFirstTenantKey(database, row),
    },
  })
}

/** A vault whose key table is in memory, so that nothing but the vault takes time. */
export function vaultInMemory(keys: KeyProvider): Vault {
  type Row = NonNullable<Awaited<ReturnType<TenantKeyStore['find']>>>
  const rows = new Map<string, Row>()
  const store: TenantKeyStore = {
    ...noTable,
    find: async (tenantId) => rows.get(tenantId),
    insertFirst: async (row) => {
      rows.set(row.tenantId, { ...row, state: 'active' })
      return true
    },
  }
  return createVault({ keys, store })
}

/** What only a start asks for. */
const noTable = { kekIds: async () => [], hasSealedRecords: async () => false }
