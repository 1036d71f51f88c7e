import { finalFlowStatuses, KeywellError, Secret } from '@keywell/protocol'
import { requireProvider } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import type { Database, Sql } from '../store/database.ts'
import { type BoundFlow, endFlow, type FlowRow, findFlow } from '../store/flows.ts'
import { type RecordContext, type Vault, VaultError } from '../vault/vault.ts'

/**
 * What the secrets of a flow are sealed to; the caller adds the field. A row that was changed since opens
 * neither of them. The store names the same when keys are replaced (`sealed-records.ts`).
 */
export function flowContext(flow: BoundFlow): Omit<RecordContext, 'field'> {
  return {
    type: 'flow',
    tenantId: flow.tenantId,
    recordId: flow.id,
    generation: 0,
    schema: 1,
    bound: [
      flow.sessionId,
      flow.userId,
      flow.provider,
      flow.host,
      flow.connectionName,
      flow.connectionId ?? '',
      flow.integrationOwner,
      flow.integrationId,
      flow.clientId,
      flow.redirectUri,
      flow.mode,
      flow.resumeUrl ?? '',
      Buffer.from(flow.bindingHash ?? []).toString('hex'),
      String(flow.expiresAt.getTime()),
      ...flow.scopes,
    ],
  }
}

/**
 * Opens one of a flow's secrets, which proves its row: what it says of user, session, host and the rest is
 * what the service wrote.
 *
 * @throws KeywellError `flow_mismatch` when the row was changed, after an alarm
 */
export async function openFlowSecret(
  { vault, logger }: { vault: Pick<Vault, 'open'>; logger: Logger },
  flow: BoundFlow,
  { field, sealed }: { field: 'verifier' | 'parked_code'; sealed: Uint8Array },
): Promise<Secret> {
  try {
    const body = await vault.open({ ...flowContext(flow), field }, sealed)
    return new Secret(new TextDecoder().decode(body))
  } catch (cause) {
    // Without its key nothing can be said of a row.
    if (!(cause instanceof VaultError) || cause.reason === 'key_unavailable') throw cause
    const { tenantId, id: flowId } = flow
    const alarm = { alarm: 'flow_altered', reason: cause.reason, tenantId, flowId }
    logger.error(alarm, 'the row of a flow was changed')
    throw new KeywellError('flow_mismatch', 'What is kept of this attempt was changed.', {
      cause,
      nextStep: 'Begin again.',
    })
  }
}

/**
 * Whether the row of a flow is the one that was written, as long as it holds anything that could be lost.
 *
 * @throws KeywellError `flow_mismatch` when it is not, after an alarm
 */
export async function requireUnaltered(
  parts: { vault: Pick<Vault, 'open'>; logger: Logger },
  flow: FlowRow,
): Promise<void> {
  const { sealedVerifier: sealed } = flow
  if (sealed !== null) await openFlowSecret(parts, flow, { field: 'verifier', sealed })
}

/**
 * A flow whose time is over ends when it is looked at: whoever was told so must be able to rely on it.
 *
 * @throws KeywellError `not_found`
 */
export async function readFlow(sql: Sql, tenantId: string, id: string): Promise<FlowRow> {
  const flow = await findFlow(sql, tenantId, id)
  if (flow === undefined) throw new KeywellError('not_found', `There is no flow ${id}.`)
  if (flow.live || (finalFlowStatuses as readonly string[]).includes(flow.status)) return flow
  await endFlow(sql, { tenantId, id, status: 'expired' })
  return (await findFlow(sql, tenantId, id)) ?? flow
}

/**
 * The policy may be a narrower one than when the flow was made.
 *
 * @throws KeywellError `not_allowed_for_tenant`
 */
export async function requireFlowAllowed(database: Database, flow: FlowRow): Promise<void> {
  const { tenantId, host, scopes } = flow
  const provider = requireProvider(flow.provider)
  await requireAllowedFor(database.of(tenantId), tenantId, { provider, host, scopes })
}
