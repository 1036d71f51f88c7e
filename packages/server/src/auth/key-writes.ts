import { LRUCache } from 'lru-cache'
import type { Peppers } from '../encryption-keys/peppers.ts'
import { type ApiKeyRow, renewApiKey, touchApiKey } from '../store/api-keys.ts'
import type { Database } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import type { KeyMacs } from './key-macs.ts'

/** When a key was last used is written at most once in this time, in milliseconds. */
const touchPauseMs = 60_000
/** Keys whose pause is kept. */
const maxKeys = 1_000

/**
 * A verified key leaves an old pepper now, since its text is at hand. Off the path of the read; a replica that
 * loses against another, or has no database, does it at a later use.
 */
export function createPepperRenewal(
  database: Database,
  peppers: Pick<Peppers<KeyMacs>, 'present'>,
): (row: ApiKeyRow, key: string) => void {
  const underWay = new Set<string>()
  return (row, key) => {
    const { version: pepperVersion, macs } = peppers.present()
    if (row.pepperVersion >= pepperVersion || underWay.has(row.id)) return
    underWay.add(row.id)
    void renewApiKey(database.of(installation), row, { ...macs.again(row, key), pepperVersion })
      .catch(() => {})
      .finally(() => underWay.delete(row.id))
  }
}

/** Writes when a key was last used. Off the path of the read, which reports a database that is away by itself. */
export function createLastUse(database: Database): (id: string) => void {
  const paused = new LRUCache<string, true>({ max: maxKeys, ttl: touchPauseMs })
  return (id) => {
    if (paused.has(id)) return
    paused.set(id, true)
    void touchApiKey(database.of(installation), id).catch(() => {})
  }
}
