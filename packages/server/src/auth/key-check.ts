import type { Peppers } from '../encryption-keys/peppers.ts'
import type { Logger } from '../logger.ts'
import { type ApiKeyRow, findApiKeys } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import type { Access } from './access.ts'
import { alarmUnverifiable, createForgedAlarm } from './key-alarms.ts'
import { createKeyCache, DeadKey, refused } from './key-cache.ts'
import { createKeyLookUp } from './key-look-up.ts'
import type { KeyMacs } from './key-macs.ts'
import { idInKey } from './key-text.ts'
import { createLastUse, createPepperRenewal } from './key-writes.ts'

/** Says of the key that came with a request what it may do. */
export interface KeyCheck {
  /**
   * One that has no right checksum is looked up nowhere.
   *
   * @throws KeywellError `unauthorized`, the same for wrong, expired, revoked and unknown keys
   */
  verify(key: string): Promise<Access>
  /**
   * What the keys of these ids may do now; those that have ended, or whose row was changed by hand, are
   * missing. For keys that were right before: their secrets are not looked at again.
   */
  current(ids: readonly string[]): Promise<Map<string, Access>>
  /** Looks up every key again: one of them was changed. */
  forget(): void
}

interface KeyCheckParts {
  database: Database
  peppers: Pick<Peppers<KeyMacs>, 'present' | 'find'>
  logger: Logger
}

export function createKeyCheck(parts: KeyCheckParts): KeyCheck {
  const { database, peppers, logger } = parts
  const cache = createKeyCache()
  const lastUse = createLastUse(database)
  const rows: RowParts = {
    peppers,
    logger,
    lookUp: createKeyLookUp(database),
    renew: createPepperRenewal(database, peppers),
    alarmForged: createForgedAlarm(logger),
  }

  return {
    async verify(key) {
      const id = idInKey(key)
      if (id === undefined) throw refused()
      const access = await cache.get(key, () => verifyByRow(rows, id, key))
      lastUse(access.id)
      return access
    },

    async current(ids) {
      const accesses = new Map<string, Access>()
      for (const row of await findApiKeys(database.of(installation), ids)) {
        if (row.live && (await isIntact(rows, row))) accesses.set(row.id, accessOf(row))
      }
      return accesses
    },

    forget: cache.clear,
  }
}

interface RowParts {
  peppers: Pick<Peppers<KeyMacs>, 'find'>
  logger: Logger
  lookUp: ReturnType<typeof createKeyLookUp>
  renew: ReturnType<typeof createPepperRenewal>
  alarmForged: ReturnType<typeof createForgedAlarm>
}

/** The access that a key has, by its row. */
async function verifyByRow(parts: RowParts, id: string, key: string): Promise<Access> {
  const row = await parts.lookUp(id)
  if (row === undefined) throw refused()
  // Revoking removed its MAC, so that the row alone says which key it was: it opens nothing.
  if (row.revokedAt !== null) throw refused(new DeadKey(row))
  const macs = await parts.peppers.find(row.pepperVersion)
  const verdict = macs === undefined ? 'unverifiable' : macs.judge(row, key)
  if (!row.live) throw refused(verdict === 'right' ? new DeadKey(row) : undefined)
  switch (verdict) {
    case 'right':
      parts.renew(row, key)
      return accessOf(row)
    case 'unverifiable':
      alarmUnverifiable(parts.logger, row)
      throw refused()
    case 'mismatch':
    case 'altered':
      parts.alarmForged(row, verdict)
      throw refused()
    default:
      verdict satisfies never
      throw new TypeError('unreachable')
  }
}

/** Whether what the key may do is what was granted to it. */
async function isIntact(parts: RowParts, row: ApiKeyRow): Promise<boolean> {
  const macs = await parts.peppers.find(row.pepperVersion)
  if (macs === undefined) alarmUnverifiable(parts.logger, row)
  else if (!macs.isIntact(row)) parts.alarmForged(row, 'altered')
  else return true
  return false
}

function accessOf({ id, roles, tenants, providers, origins, expiresAt }: ApiKeyRow): Access {
  return { id, roles, tenants, providers, origins, expiresAt: expiresAt?.getTime() ?? null }
}
