import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import { type Audit, createAudit } from './audit.ts'
import { type AuditKeys, createAuditKeys } from './audit-keys.ts'
import { createChainer } from './chainer.ts'
import { createHeads, type HeadKey, type Heads } from './heads.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import { createAuditRetention, defaultAuditDays } from './retention.ts'
import { type AuditReader, createAuditReader } from './search.ts'
import { type AuditVerifier, createAuditVerifier } from './verify.ts'
import { type AuditWorker, createAuditWorker } from './worker.ts'

/** The audit log, put together: who writes, who links and signs, who reads, who proves. */
export interface AuditLog {
  audit: Audit
  refusals: Refusals
  keys: AuditKeys
  heads: Heads
  reader: AuditReader
  verify: AuditVerifier
  worker: AuditWorker
  /** How many days it is kept. */
  days: number
}

export function createAuditLog(parts: {
  database: Database
  vault: Pick<Vault, 'subkeyOf'>
  /** Signs the ends of chains. */
  headKey: HeadKey
  publicUrl: string
  logger: Logger
  metrics: Pick<Metrics, 'auditUnwritable' | 'refusalsUnwritten'>
  makeId: (kind: 'auditEntry') => string
  after: After
  /** Default 90. */
  auditDays?: number | undefined
}): AuditLog {
  const { database, auditDays: days = defaultAuditDays } = parts
  const keys = createAuditKeys(parts.vault)
  const heads = createHeads({ ...parts, key: parts.headKey, issuer: parts.publicUrl })
  const audit = createAudit({ ...parts, keys, makeId: () => parts.makeId('auditEntry') })
  return {
    audit,
    refusals: createRefusals({ ...parts, write: audit.record }),
    keys,
    heads,
    reader: createAuditReader(database),
    verify: createAuditVerifier({ database, keys, heads }),
    worker: createAuditWorker({
      ...parts,
      chainer: createChainer({ database, keys }),
      heads,
      retention: createAuditRetention({ database, keys, days }),
    }),
    days,
  }
}
