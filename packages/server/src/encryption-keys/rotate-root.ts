import { liveReplicaMs } from '../refresh/replicas.ts'
import {
  countTenantKeys,
  type KeyName,
  listKeysToRewrap,
  lockKeysToRewrap,
  replaceWrappings,
  type WrappedKeyRow,
} from '../store/key-rotation.ts'
import { listRootKeysOfReplicas } from '../store/replicas.ts'
import { everyTenant, installation } from '../store/scope.ts'
import { VaultError } from '../vault/vault.ts'
import { rewrap } from '../vault/wrapping.ts'
import { notifyReplicas } from './notify-replicas.ts'
import type { KeyParts, Progress } from './parts.ts'

export interface RootRotation {
  /** What wraps now. */
  primary: string
  rewrapped: number
  /** Keys that could not be wrapped anew; they stand as they did. */
  failed: { tenantId: string; version: number; kekId: string; reason: string }[]
  /** Other root keys that still wrap live keys, and how many. */
  left: { kekId: string; count: number }[]
  /** Other root keys that were given, and that nothing needs any more. */
  removable: string[]
  /** Running processes that still wrap with another root key, by that key. */
  stale: string[]
}

const batchKeys = 500
/** Wrapped at once: a key service is asked for several, and not for hundreds. */
const atOnce = 16

/**
 * Wraps all tenant keys with the primary root key, in batches. A batch that was begun and not committed
 * has no effect, so a command that was killed is run again.
 */
export async function rotateRoot(
  parts: KeyParts,
  { onProgress = () => {} }: { onProgress?: Progress },
): Promise<RootRotation> {
  const { database, keys, audit } = parts
  const { primary } = keys
  // All of them wrap with it, or what they wrap meanwhile is counted at the end.
  await notifyReplicas(parts, (held) => held[0] === primary)

  const failed: RootRotation['failed'] = []
  let rewrapped = 0
  let after: KeyName = { tenantId: '', version: 0 }
  for (;;) {
    const batch = await rewrapBatch(parts, after)
    rewrapped += batch.rewrapped
    failed.push(...batch.failed)
    if (batch.last === undefined) break
    after = batch.last
    onProgress(rewrapped)
  }
  await audit.write(database.of(installation), {
    tenantId: '@install',
    actor: 'operator',
    action: 'key.rotate_root',
    result: failed.length === 0 ? 'ok' : 'failed',
    reason: primary,
  })
  return { primary, rewrapped, failed, ...(await remaining(parts)) }
}

/** The locks are on rows that only the key commands write, and no reader waits for them. */
async function rewrapBatch(
  { database, keys }: KeyParts,
  after: KeyName,
): Promise<{ rewrapped: number; failed: RootRotation['failed']; last: KeyName | undefined }> {
  const page = { kekId: keys.primary, after, limit: batchKeys }
  const names = await listKeysToRewrap(database.of(everyTenant), page)
  if (names.length === 0) return { rewrapped: 0, failed: [], last: undefined }
  const tenantIds = [...new Set(names.map(({ tenantId }) => tenantId))]
  return await database.transaction(tenantIds, async (sql) => {
    const rows = await lockKeysToRewrap(sql, keys.primary, names)
    const done: WrappedKeyRow[] = []
    const failed: RootRotation['failed'] = []
    const rewrapOne = async (row: WrappedKeyRow) => {
      try {
        const old = { kekId: row.kekId, bytes: row.wrapped }
        const { kekId, bytes } = await rewrap(keys, old, row)
        done.push({ ...row, kekId, wrapped: bytes })
      } catch (error) {
        if (!(error instanceof VaultError)) throw error
        const { tenantId, version, kekId } = row
        failed.push({ tenantId, version, kekId, reason: error.keyState ?? error.reason })
      }
    }
    let last = names.at(-1)
    for (let at = 0; at < rows.length; at += atOnce) {
      const group = rows.slice(at, at + atOnce)
      await Promise.all(group.map(rewrapOne))
      if (!isAway(failed.slice(-group.length), group.length)) continue
      last = undefined
      break
    }
    const rewrapped = done.length === 0 ? 0 : await replaceWrappings(sql, done)
    return { rewrapped, failed, last }
  })
}

/** One key may be refused; when all of a group are, the key service is away, and the rest need not wait. */
function isAway(failed: RootRotation['failed'], groupSize: number): boolean {
  return failed.length === groupSize && failed.every(({ reason }) => reason === 'provider_failed')
}

async function remaining({
  database,
  keys,
}: KeyParts): Promise<Pick<RootRotation, 'left' | 'removable' | 'stale'>> {
  const counts = new Map<string, number>()
  for (const { kekId, state, count } of await countTenantKeys(database.of(everyTenant))) {
    if (state === 'destroyed' || kekId === keys.primary) continue
    counts.set(kekId, (counts.get(kekId) ?? 0) + count)
  }
  const replicas = await listRootKeysOfReplicas(database.of(installation), liveReplicaMs)
  const stale = replicas
    .map((ids) => ids?.[0] ?? 'unknown')
    .filter((wrapping) => wrapping !== keys.primary)
  return {
    left: [...counts].map(([kekId, count]) => ({ kekId, count })),
    removable: keys.ids.filter(
      (id) =>
        id !== keys.primary && !counts.has(id) && !stale.includes(id) && !stale.includes('unknown'),
    ),
    stale,
  }
}
