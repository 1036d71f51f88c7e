import { KeywellError } from '@keywell/protocol'
import type { AuditAction } from '../audit/audit.ts'
import { type Sql, UniqueViolation } from '../store/database.ts'
import {
  insertActiveTenantKey,
  listTenantKeys,
  moveTenantKey,
  notifyKeysChanged,
  type TenantKeyAge,
} from '../store/key-rotation.ts'
import { countSealedRecords } from '../store/sealed-records.ts'
import { installTenant } from '../vault/vault.ts'
import { wrapNewKey } from '../vault/wrapping.ts'
import type { KeyParts, Progress } from './operations.ts'
import { type Sweep, sweepTenant } from './sweep.ts'
import { tellReplicas } from './tell-replicas.ts'

export interface TenantRotation extends Sweep {
  tenantId: string
  /** False: a rotation was under way and went on. */
  begun: boolean
  versions: TenantKeyVersion[]
}

export interface TenantKeyVersion {
  version: number
  state: TenantKeyAge['state']
  /** Records that it has sealed. */
  records: number
  /** When its next step can be taken, by running this again; null: there is none, or records hold it up. */
  next: { state: 'disabled' | 'destroyed'; from: Date } | null
}

/** Every step is a transaction of its own, and is taken when it is its turn: so it can end anywhere and be run again. */
export async function rotateTenant(
  parts: KeyParts,
  options: { tenantId: string; destroy?: boolean; onProgress?: Progress },
): Promise<TenantRotation> {
  const { tenantId, destroy = false, onProgress = () => {} } = options
  if (tenantId === installTenant) throw installIsOther()
  await bringBackNeeded(parts, tenantId)
  const begun = await beginUnlessUnderWay(parts, { tenantId, destroy })
  const { version } = await activeOf(parts, tenantId)
  const sweep = await sweepTenant(parts, { tenantId, version, onProgress })
  await retire(parts, { tenantId, destroy })
  return { tenantId, begun, ...sweep, versions: await describe(parts, tenantId) }
}

/** A record came late, sealed by a version that is disabled by now: it is moved first. */
async function bringBackNeeded(parts: KeyParts, tenantId: string): Promise<void> {
  const records = await recordsOf(parts.database.of(tenantId), tenantId)
  for (const { version, state } of await listTenantKeys(parts.database.of(tenantId), tenantId)) {
    if (state !== 'disabled' || !records.has(version)) continue
    await step(parts, { tenantId, version, from: 'disabled', to: 'decrypt_only' })
  }
}

async function beginUnlessUnderWay(
  parts: KeyParts,
  { tenantId, destroy }: { tenantId: string; destroy: boolean },
): Promise<boolean> {
  const { database, keys, random } = parts
  const versions = await listTenantKeys(database.of(tenantId), tenantId)
  const isUnderWay = versions.some(({ state }) => state === 'decrypt_only')
  if (isUnderWay || destroy) return false
  const active = await activeOf(parts, tenantId)
  await tellReplicas(parts, (held) => held.includes(keys.primary))
  const version = Math.max(...versions.map((row) => row.version)) + 1
  // Wrapped before the transaction: a key service may take its time.
  const { kekId, bytes } = await wrapNewKey(keys, { tenantId, version }, random)
  try {
    await database.transaction(tenantId, async (sql) => {
      const from = {
        tenantId,
        version: active.version,
        from: 'active',
        to: 'decrypt_only',
      } as const
      if (!(await moveTenantKey(sql, from))) throw rotatedMeanwhile(tenantId)
      await insertActiveTenantKey(sql, { tenantId, version, kekId, wrapped: bytes })
      await tell(parts, sql, { tenantId, version, action: 'key.rotate' })
    })
  } catch (error) {
    throw error instanceof UniqueViolation ? rotatedMeanwhile(tenantId) : error
  }
  parts.vault.evict(tenantId)
  return true
}

/** Takes each old version as far as its age allows. */
async function retire(
  parts: KeyParts,
  { tenantId, destroy }: { tenantId: string; destroy: boolean },
): Promise<void> {
  const { settleMs, destroyMs } = parts.waits
  for (const { version, state } of await listTenantKeys(parts.database.of(tenantId), tenantId)) {
    if (state === 'decrypt_only') {
      const to = { from: 'decrypt_only', to: 'disabled', afterMs: settleMs } as const
      await step(parts, { tenantId, version, ...to })
    }
    if (state === 'disabled' && destroy) {
      const to = { from: 'disabled', to: 'destroyed', afterMs: destroyMs } as const
      await step(parts, { tenantId, version, ...to })
    }
  }
}

type Move = Parameters<typeof moveTenantKey>[1]

async function step(parts: KeyParts, move: Move): Promise<void> {
  const actions = {
    active: 'key.rotate',
    decrypt_only: 'key.enable',
    disabled: 'key.disable',
    destroyed: 'key.destroy',
  } as const
  const retires = move.to === 'disabled' || move.to === 'destroyed'
  await parts.database.transaction(move.tenantId, async (sql) => {
    // Looked at right before, and not when the sweep ended: a record may have come late.
    if (retires && (await recordsOf(sql, move.tenantId)).has(move.version)) return
    if (!(await moveTenantKey(sql, move))) return
    await tell(parts, sql, { ...move, action: actions[move.to] })
  })
  parts.vault.evict(move.tenantId)
}

/** In the transaction of what it tells of: an audit row, and every replica forgets the tenant's keys. */
async function tell(
  { audit }: KeyParts,
  sql: Sql,
  { tenantId, version, action }: { tenantId: string; version: number; action: AuditAction },
): Promise<void> {
  const reason = `version ${version}`
  await audit.write(sql, { tenantId, actor: 'operator', action, result: 'ok', reason })
  await notifyKeysChanged(sql, tenantId)
}

async function describe(
  parts: Pick<KeyParts, 'database' | 'waits'>,
  tenantId: string,
): Promise<TenantKeyVersion[]> {
  const records = await recordsOf(parts.database.of(tenantId), tenantId)
  const versions = await listTenantKeys(parts.database.of(tenantId), tenantId)
  return versions.map((row) => {
    const count = records.get(row.version) ?? 0
    const { version, state } = row
    return { version, state, records: count, next: count > 0 ? null : nextOf(row, parts.waits) }
  })
}

function nextOf(
  { state, stateSince }: TenantKeyAge,
  { settleMs, destroyMs }: KeyParts['waits'],
): TenantKeyVersion['next'] {
  const after = (ms: number) => new Date(stateSince.getTime() + ms)
  if (state === 'decrypt_only') return { state: 'disabled', from: after(settleMs) }
  if (state === 'disabled') return { state: 'destroyed', from: after(destroyMs) }
  return null
}

async function recordsOf(sql: Sql, tenantId: string): Promise<Map<number, number>> {
  const counts = await countSealedRecords(sql, [tenantId])
  return new Map(counts.map(({ keyVersion, records }) => [keyVersion, records]))
}

async function activeOf({ database }: KeyParts, tenantId: string): Promise<TenantKeyAge> {
  const versions = await listTenantKeys(database.of(tenantId), tenantId)
  const active = versions.find(({ state }) => state === 'active')
  if (active !== undefined) return active
  throw new KeywellError(
    'not_found',
    versions.length === 0
      ? `Tenant ${tenantId} has no keys: nothing was ever sealed for it.`
      : `Tenant ${tenantId} has no active key.`,
  )
}

function rotatedMeanwhile(tenantId: string): KeywellError {
  return new KeywellError('conflict', `Somebody else rotates the key of ${tenantId} right now.`)
}

function installIsOther(): KeywellError {
  return new KeywellError(
    'invalid_request',
    'The key of the installation itself is not rotated: what checks your API keys is derived from it.',
    { nextStep: 'Rotate the root key, which wraps it.' },
  )
}
