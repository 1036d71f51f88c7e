import { LRUCache } from 'lru-cache'
import type { Jitter } from '../clock.ts'
import { planProbe, planRest } from '../refresh/schedule.ts'
import type { Timing } from '../refresh/timing.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import type { Database } from '../store/database.ts'
import { recordUse } from '../store/refresh-schedule.ts'

/** A connection's use is written at most once in this time, in milliseconds. */
const pauseMs = 10 * 60_000

/**
 * Notes that a connection is in use: it is probed more often, and renewed ahead of its expiry. A read does
 * not wait for it. Use is every read that is answered. An SDK asks by itself only for what its backend has
 * used recently, so a credential that it merely holds is not in use.
 */
export type NoteUse = (row: CredentialReadRow) => void

export function createNoteUse(parts: {
  database: Database
  jitter: Jitter
  timing: Pick<Timing, 'dormantAfterMs'>
}): NoteUse {
  const { database, jitter, timing } = parts
  const noted = new LRUCache<string, true>({ max: 100_000, ttl: pauseMs })

  return (row) => {
    const key = keyOf(row)
    if (noted.has(key)) return
    noted.set(key, true)
    const { type, expiresInMs: endsInMs } = row
    void recordUse(database.of(row.tenantId), {
      tenantId: row.tenantId,
      connectionId: row.id,
      hotProbeInMs: planProbe({ type, endsInMs, readAgoMs: 0 }, jitter),
      refreshInMs: planRest(endsInMs, jitter),
      dormantAfterMs: timing.dormantAfterMs,
    }).catch(() => noted.delete(key))
  }
}

const keyOf = (row: CredentialReadRow) => `${row.tenantId.length}:${row.tenantId}${row.id}`
