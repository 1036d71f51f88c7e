import type { Audit } from '../audit/audit.ts'
import type { WebhookWorker } from '../changes/webhooks/worker.ts'
import { createLoop, type Loop } from '../clock.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import { announceEnds } from '../refresh/announce-ends.ts'
import { deleteOldApprovals } from '../store/approvals.ts'
import { deleteOldCalls } from '../store/idempotent-calls.ts'
import { deleteOldToolCalls } from '../store/idempotent-tool-calls.ts'
import { deleteOldCodes } from '../store/one-time-codes.ts'
import { deleteOldOrphans } from '../store/orphans.ts'
import { deleteOldIncidents } from '../store/provider-incidents.ts'
import { giveUpOldRevocations } from '../store/revocations.ts'
import { everyTenant, installation } from '../store/scope.ts'
import type { Tenants } from '../tenants/erase.ts'
import { reportExpiredApprovals } from '../tools/report-expired.ts'
import type { Platform } from './platform.ts'

interface Swept {
  audit: Pick<Audit, 'write'>
  disconnector: Pick<Disconnector, 'sweep'>
  tenants: Pick<Tenants, 'sweep'>
  webhookWorker: Pick<WebhookWorker, 'trim'>
}

/** Goes on with work that was left over, and deletes what is too old, again and again. */
export function createSweeper(platform: Platform, swept: Swept): Loop {
  return createLoop(() => sweep(platform, swept), platform.timing.sweepMs, platform.after)
}

/** Never rejects: a loop may not throw. */
async function sweep(
  { database, logger, timing }: Platform,
  { audit, disconnector, tenants, webhookWorker }: Swept,
): Promise<void> {
  await Promise.all([
    disconnector.sweep(),
    tenants.sweep(),
    deleteOldCodes(database.of(installation)),
    deleteOldOrphans(database.of(everyTenant)),
    reportExpiredApprovals(database, audit),
    deleteOldApprovals(database.of(everyTenant)),
    deleteOldCalls(database.of(everyTenant)),
    deleteOldToolCalls(database.of(everyTenant)),
    giveUpOldRevocations(database.of(everyTenant)),
    announceEnds(database),
    deleteOldIncidents(database.of(everyTenant), timing.incidentConfirmMs),
    webhookWorker.trim(),
  ]).catch((error: unknown) => {
    logger.warn({ reason: String(error) }, 'sweep failed')
  })
}
