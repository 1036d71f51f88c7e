import type { Hosts } from '../outbound/outbound.ts'
import type { Database } from '../store/database.ts'
import { claimCanary, claimDue, claimHeld } from '../store/due-claims.ts'
import { claimCanaries } from '../store/integrations.ts'
import { claimAsks } from '../store/provider-incidents.ts'
import type { Claim } from '../store/refresh-claim.ts'
import { everyTenant } from '../store/scope.ts'
import type { Timing } from './timing.ts'

/** After so many turns without an answer, a connection is asked before its time: the incident may be over. */
const quietAskFactor = 15

interface ClaimParts {
  database: Database
  hosts: Pick<Hosts, 'throttled'>
  timing: Timing
  processId: string
}

/**
 * Claims what is due, then one connection of each suspended integration and of each provider-wide incident
 * whose turn it is. Each claim runs as soon as it is taken.
 *
 * @returns how many were due
 */
export async function claimWork(
  { database, hosts, timing, processId }: ClaimParts,
  limit: number,
  run: (claim: Claim) => void,
): Promise<number> {
  const sql = database.of(everyTenant)
  const holder = { owner: processId, leaseMs: timing.leaseMs }
  const due = await claimDue(sql, { ...holder, limit, heldOrigins: hosts.throttled() })
  for (const claim of due) run(claim)
  for (const { id: integrationId } of await claimCanaries(sql, timing.canaryMs)) {
    const canary = await claimCanary(sql, { ...holder, integrationId })
    if (canary !== undefined) run(canary)
  }
  const quietMs = quietAskFactor * timing.incidentAskMs
  for (const incident of await claimAsks(sql, timing.incidentAskMs)) {
    const { tenantId: incidentOwner, ...scope } = incident
    const held = await claimHeld(sql, { ...holder, ...scope, incidentOwner, quietMs })
    if (held !== undefined) run(held)
  }
  return due.length
}
