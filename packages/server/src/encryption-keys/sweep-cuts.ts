import { macOfCut } from '../audit/seal.ts'
import { lockChains } from '../store/audit-chain.ts'
import { listCutsToReseal, resealCut } from '../store/audit-cuts.ts'
import type { CutRow } from '../store/audit-walk.ts'
import { everyTenant } from '../store/scope.ts'
import { isKeyOutage, VaultError } from '../vault/vault.ts'
import type { KeyParts } from './parts.ts'
import { pageRecords, type Sweep } from './sweep.ts'

type SweepParts = Pick<KeyParts, 'database' | 'auditKeys'>

/**
 * Seals what retention has said of the chains of the audit log with the audit key of the active version.
 * Entries and their links go at their time, but where a chain was cut is said for as long as there is a
 * chain. A cut that is not genuine stays as it is, and is named: sealing it would make it look genuine.
 */
export async function sweepCuts(
  parts: SweepParts,
  { version, sweep }: { version: number; sweep: Sweep },
): Promise<void> {
  let after = { tenantId: '', position: 0 }
  for (;;) {
    const page = { exceptVersion: version, after, limit: pageRecords }
    const cuts = await listCutsToReseal(parts.database.of(everyTenant), page)
    for (const cut of cuts) await reseal(parts, { cut, version, sweep })
    const last = cuts.at(-1)
    if (last === undefined || cuts.length < pageRecords) return
    after = last
  }
}

async function reseal(
  { database, auditKeys }: SweepParts,
  { cut, version, sweep }: { cut: CutRow; version: number; sweep: Sweep },
): Promise<void> {
  const refusal = await refusalOf(auditKeys, cut)
  if (refusal !== undefined) {
    const { tenantId, position } = cut
    const name = { source: 'audit cuts', tenantId, recordId: 'chain', field: 'cut' }
    sweep.unreadable.push({ ...name, generation: position, reason: refusal })
    return
  }
  const mac = macOfCut(await auditKeys.find(version), cut)
  const isResealed = await database.transaction(everyTenant, async (sql) => {
    await lockChains(sql)
    return await resealCut(sql, cut, { macVersion: version, mac })
  })
  if (isResealed) sweep.moved += 1
  else sweep.overtaken += 1
}

/** Why a cut cannot be trusted; undefined: it is as retention wrote it. */
async function refusalOf(
  auditKeys: SweepParts['auditKeys'],
  cut: CutRow,
): Promise<string | undefined> {
  try {
    const isGenuine = macOfCut(await auditKeys.find(cut.macVersion), cut).equals(cut.mac)
    return isGenuine ? undefined : 'tampered'
  } catch (error) {
    if (!(error instanceof VaultError) || isKeyOutage(error)) throw error
    return error.keyState ?? error.reason
  }
}
