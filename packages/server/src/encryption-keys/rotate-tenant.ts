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
import { installation } from '../vault/vault.ts'
import { wrapNewKey } from '../vault/wrapping.ts'
import { notifyReplicas } from './notify-replicas.ts'
import type { KeyParts, RotateTenantOptions } from './parts.ts'
import {
  isReferenced,
  type KeyReferences,
  listVersions,
  type ReferencedVersion,
} from './references.ts'
import { type Sweep, sweepTenant } from './sweep.ts'
import { sweepCuts } from './sweep-cuts.ts'

export interface TenantRotation extends Sweep {
  tenantId: string
  /** False: a rotation was under way and went on. */
  begun: boolean
  versions: TenantKeyVersion[]
}

export interface TenantKeyVersion extends KeyReferences {
  version: number
  state: TenantKeyAge['state']
  /** When its next step can be taken, by running this again; null: there is none, or something holds it up. */
  next: { state: 'disabled' | 'destroyed'; from: Date } | null
}

/** Every step is a transaction of its own, and is taken when it is its turn: so it can end anywhere and be run again. */
export async function rotateTenant(
  parts: KeyParts,
  options: RotateTenantOptions & { tenantId: string },
): Promise<TenantRotation> {
  const { tenantId, destroy = false, again = false, onProgress = () => {} } = options
  await bringBackNeeded(parts, tenantId)
  const begun = !destroy && (await beginUnlessUnderWay(parts, { tenantId, again }))
  const { version } = await activeOf(parts, tenantId)
  const sweep = await sweepTenant(parts, { tenantId, version, onProgress })
  if (tenantId === installation) await sweepCuts(parts, { version, sweep })
  await retire(parts, { tenantId, destroy })
  const versions = await listVersions(parts, tenantId)
  return { tenantId, begun, ...sweep, versions: versions.map((row) => describe(row, parts.waits)) }
}

/** Something came late, sealed by a version that is disabled by now: it is moved first, or waited for. */
async function bringBackNeeded(parts: KeyParts, tenantId: string): Promise<void> {
  for (const known of await listVersions(parts, tenantId)) {
    if (known.state !== 'disabled' || !isReferenced(known)) continue
    await step(parts, { tenantId, version: known.version, from: 'disabled', to: 'decrypt_only' })
  }
}

async function beginUnlessUnderWay(
  parts: KeyParts,
  { tenantId, again }: { tenantId: string; again: boolean },
): Promise<boolean> {
  const { database, keys, randomBytes } = parts
  const versions = await listTenantKeys(database.of(tenantId), tenantId)
  const isUnderWay = versions.some(({ state }) => state === 'decrypt_only')
  if (isUnderWay && !again) return false
  const active = await activeOf(parts, tenantId)
  await notifyReplicas(parts, (held) => held.includes(keys.primary))
  const version = Math.max(...versions.map((row) => row.version)) + 1
  // Wrapped before the transaction: a key service may take its time.
  const { kekId, bytes } = await wrapNewKey(keys, { tenantId, version }, randomBytes)
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
      await auditKeyChange(parts, sql, { tenantId, version, action: 'key.rotate' })
    })
  } catch (error) {
    throw error instanceof UniqueViolation ? rotatedMeanwhile(tenantId) : error
  }
  parts.vault.evict(tenantId)
  return true
}

/** Takes each old version that nothing needs as far as its age allows. */
async function retire(
  parts: KeyParts,
  { tenantId, destroy }: { tenantId: string; destroy: boolean },
): Promise<void> {
  const { settleMs, destroyMs } = parts.waits
  for (const known of await listVersions(parts, tenantId)) {
    if (isReferenced(known)) continue
    const { version, state } = known
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
    // Looked at once more, right before: a record may have come late.
    if (retires && (await hasRecords(sql, move))) return
    if (!(await moveTenantKey(sql, move))) return
    await auditKeyChange(parts, sql, { ...move, action: actions[move.to] })
  })
  parts.vault.evict(move.tenantId)
}

/** In the transaction of the change: an audit row, and every replica drops the tenant's keys. */
async function auditKeyChange(
  { audit }: KeyParts,
  sql: Sql,
  { tenantId, version, action }: { tenantId: string; version: number; action: AuditAction },
): Promise<void> {
  const reason = `version ${version}`
  await audit.write(sql, { tenantId, actor: 'operator', action, result: 'ok', reason })
  await notifyKeysChanged(sql, tenantId)
}

async function hasRecords(
  sql: Sql,
  { tenantId, version }: Pick<Move, 'tenantId' | 'version'>,
): Promise<boolean> {
  const counts = await countSealedRecords(sql, [tenantId])
  return counts.some(({ keyVersion }) => keyVersion === version)
}

function describe(known: ReferencedVersion, waits: KeyParts['waits']): TenantKeyVersion {
  const { version, state, records, apiKeys, attempts, auditUntil } = known
  const next = isReferenced(known) ? null : nextOf(known, waits)
  return { version, state, records, apiKeys, attempts, auditUntil, next }
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
  return new KeywellError('conflict', `Another rotation of the key of ${tenantId} is under way.`)
}
