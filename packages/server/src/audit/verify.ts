import { findNextAuditTenant, readWaiting } from '../store/audit-walk.ts'
import type { Database } from '../store/database.ts'
import { everyTenant } from '../store/scope.ts'
import { VaultError } from '../vault/vault.ts'
import type { AuditKeys } from './audit-keys.ts'
import type { HeadClaims, Heads } from './heads.ts'
import { type AuditKey, macOfEntry } from './seal.ts'
import {
  type AuditFinding,
  type AuditReport,
  forgedHead,
  type KeyOf,
  type Walk,
  walkChain,
} from './verify-chain.ts'

/** Entries of one statement. */
const batchRows = 1_000

export interface VerifyOptions {
  /** Default: all tenants. */
  tenantId?: string | undefined
  /** Signed heads that were stored outside of the database, from the log or the API. */
  heads?: readonly string[] | undefined
  /** Called after each batch. */
  progress?: ((report: Readonly<AuditReport>) => void) | undefined
}

/**
 * Proves that the log is as it was written: it walks the chain of each tenant from its cut to its end, and
 * checks the entries that are not linked yet. It can run beside a running service.
 */
export type AuditVerifier = (options?: VerifyOptions) => Promise<AuditReport>

interface VerifierParts {
  database: Database
  keys: Pick<AuditKeys, 'find'>
  heads: Pick<Heads, 'check'>
}

export function createAuditVerifier(parts: VerifierParts): AuditVerifier {
  return (options = {}) => verify(parts, options)
}

async function verify(
  { database, keys, heads }: VerifierParts,
  { tenantId, heads: tokens = [], progress = () => {} }: VerifyOptions,
): Promise<AuditReport> {
  const report: AuditReport = { tenants: 0, entries: 0, heads: 0, findings: [] }
  const outsideHeads = await checkTokens(heads, tokens, report)
  const keyOf = rememberKeys(keys)
  const walkOf = (id: string): Walk => ({
    database,
    heads,
    tenantId: id,
    outsideHeads: outsideHeads.filter((head) => head.tenantId === id),
    keyOf,
    report,
    progress,
  })
  if (tenantId !== undefined) {
    await verifyTenant(walkOf(tenantId))
    return report
  }
  // A tenant that has no entry left may still have a head that was stored outside.
  const unseen = new Set(outsideHeads.map((head) => head.tenantId))
  let next = await findNextAuditTenant(database.of(everyTenant), '')
  while (next !== undefined) {
    unseen.delete(next)
    await verifyTenant(walkOf(next))
    next = await findNextAuditTenant(database.of(everyTenant), next)
  }
  for (const id of unseen) await verifyTenant(walkOf(id))
  return report
}

async function verifyTenant(walk: Walk): Promise<void> {
  const { report, progress } = walk
  report.tenants += 1
  const finding = (await walkChain(walk)) ?? (await findPlanted(walk))
  if (finding !== undefined) report.findings.push(finding)
  progress(report)
}

/** The claims of the heads. A head that this installation did not sign is a finding. */
async function checkTokens(
  heads: Pick<Heads, 'check'>,
  tokens: readonly string[],
  report: AuditReport,
): Promise<HeadClaims[]> {
  const signed: HeadClaims[] = []
  for (const token of tokens) {
    const claims = await heads.check(token)
    if (claims === undefined) report.findings.push(forgedHead('', null))
    else signed.push(claims)
  }
  return signed
}

/** The first entry that is not linked yet and that the service did not write. */
async function findPlanted({ database, tenantId, keyOf }: Walk): Promise<AuditFinding | undefined> {
  let after = '0'
  for (;;) {
    const rows = await readWaiting(database.of(tenantId), { tenantId, after, limit: batchRows })
    for (const { entry, at, macVersion, mac } of rows) {
      const where = { tenantId, position: null, entryId: entry.id, at }
      const key = await keyOf(macVersion)
      if (key === undefined) return { ...where, kind: 'unverifiable' }
      if (!macOfEntry(key, entry).equals(mac)) return { ...where, kind: 'planted' }
    }
    const last = rows.at(-1)
    if (last === undefined) return undefined
    after = last.seq
  }
}

/** Reads each key once; undefined: it is not available. */
function rememberKeys(keys: Pick<AuditKeys, 'find'>): KeyOf {
  const known = new Map<number, Promise<AuditKey | undefined>>()
  return (version) => {
    const loaded = known.get(version)
    if (loaded !== undefined) return loaded
    const key = keys.find(version).catch((error: unknown) => {
      if (error instanceof VaultError) return undefined
      throw error
    })
    known.set(version, key)
    return key
  }
}
