import { liveReplicaMs } from '../refresh/replicas.ts'
import { countTenantKeys, type KeyCount } from '../store/key-rotation.ts'
import { listRootKeysOfReplicas } from '../store/replicas.ts'
import { everyTenant, installation } from '../store/scope.ts'
import { countSealedRecords, listSealedTenants, type SealedCount } from '../store/sealed-records.ts'
import { listActiveVersions } from '../store/tenant-keys.ts'
import type { KeyParts } from './parts.ts'
import { type DerivedReferences, listInstallationReferences } from './references.ts'

/** Tenants whose records are counted at once. */
const pageTenants = 500

export interface KeyStatus {
  rootKeys: {
    id: string
    /** `primary` wraps what is new; `missing` is needed, and was not given. */
    role: 'primary' | 'known' | 'missing'
    /** Tenant keys that it wraps. */
    keys: { active: number; decrypt_only: number; disabled: number }
    /** Running processes that wrap with it. */
    wrappedWithBy: number
  }[]
  /** Running processes that do not say which root keys they hold. */
  silentReplicas: number
  /** Records that a version has sealed which is not the active one: what a rotation has still to move. */
  behind: SealedCount[]
  /** Versions of the installation's key that were replaced, and what else than records still needs each. */
  install: (DerivedReferences & { version: number })[]
}

export async function readKeyStatus({
  database,
  keys,
  auditDays,
}: Pick<KeyParts, 'database' | 'keys' | 'auditDays'>): Promise<KeyStatus> {
  const counts = await countTenantKeys(database.of(everyTenant))
  const replicas = await listRootKeysOfReplicas(database.of(installation), liveReplicaMs)
  const needed = counts.filter(({ state }) => state !== 'destroyed').map(({ kekId }) => kekId)
  const wrapping = replicas.flatMap((ids) => ids?.[0] ?? [])
  const ids = [...new Set([...keys.ids, ...needed])]
  return {
    rootKeys: ids.map((id) => ({
      id,
      role: id === keys.primary ? 'primary' : keys.ids.includes(id) ? 'known' : 'missing',
      keys: liveKeysOf(id, counts),
      wrappedWithBy: wrapping.filter((other) => other === id).length,
    })),
    silentReplicas: replicas.filter((held) => held === null).length,
    behind: await recordsBehind({ database }),
    install: await listInstallationReferences({ database, auditDays }),
  }
}

/** Of all tenants. */
async function recordsBehind({ database }: Pick<KeyParts, 'database'>): Promise<SealedCount[]> {
  const active = await listActiveVersions(database.of(everyTenant))
  const tenants = await listSealedTenants(database.of(everyTenant))
  const behind: SealedCount[] = []
  for (let at = 0; at < tenants.length; at += pageTenants) {
    const page = tenants.slice(at, at + pageTenants)
    const counts = await countSealedRecords(database.of(page), page)
    behind.push(...counts.filter((count) => active.get(count.tenantId) !== count.keyVersion))
  }
  return behind
}

function liveKeysOf(
  id: string,
  counts: readonly KeyCount[],
): KeyStatus['rootKeys'][number]['keys'] {
  const of = (state: KeyCount['state']) =>
    counts.find((row) => row.kekId === id && row.state === state)?.count ?? 0
  return { active: of('active'), decrypt_only: of('decrypt_only'), disabled: of('disabled') }
}
