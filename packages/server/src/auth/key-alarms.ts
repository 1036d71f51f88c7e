import { LRUCache } from 'lru-cache'
import type { Logger } from '../logger.ts'
import type { ApiKeyRow } from '../store/api-keys.ts'
import type { KeyVerdict } from './key-macs.ts'

/** One key raises an alarm at most once in this time, in milliseconds. */
const pauseMs = 1_000
/** Keys whose pause is kept. */
const maxKeys = 1_000

/** The row of a key does not match its MACs: it was written by hand. */
export function alarmForged(
  logger: Logger,
  { id: keyId }: Pick<ApiKeyRow, 'id'>,
  verdict: KeyVerdict,
): void {
  logger.error({ alarm: 'api_key_forged', keyId, verdict }, 'API key forged')
}

/** A version of the installation's key that a live API key still needs was disabled or destroyed. */
export function alarmUnverifiable(
  logger: Logger,
  { id: keyId, pepperVersion: version }: ApiKeyRow,
): void {
  logger.error({ alarm: 'api_key_unverifiable', keyId, version }, 'API key unverifiable')
}

/** `alarmForged` for the path of every call, where one key can fail a thousand times a second. */
export function createForgedAlarm(logger: Logger): (row: ApiKeyRow, verdict: KeyVerdict) => void {
  const paused = new LRUCache<string, true>({ max: maxKeys, ttl: pauseMs })
  return (row, verdict) => {
    if (paused.has(row.id)) return
    paused.set(row.id, true)
    alarmForged(logger, row, verdict)
  }
}
