import { KeywellError } from '@keywell/protocol'
import { requireProvider } from '../oauth/integrations.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import type { Database, Sql } from '../store/database.ts'
import { type FlowRow, findFlow } from '../store/flows.ts'
import type { RecordContext } from '../vault/vault.ts'

/** What the secrets of a flow are sealed to; the caller adds the field. */
export function flowContext(flow: {
  tenantId: string
  id: string
  sessionId: string
  integrationId: string
}): Omit<RecordContext, 'field'> {
  return {
    type: 'flow',
    tenantId: flow.tenantId,
    recordId: flow.id,
    generation: 0,
    schema: 1,
    bound: [flow.sessionId, flow.integrationId],
  }
}

/** @throws KeywellError `not_found` */
export async function readFlow(sql: Sql, tenantId: string, id: string): Promise<FlowRow> {
  const flow = await findFlow(sql, tenantId, id)
  if (flow === undefined) throw new KeywellError('not_found', `There is no flow ${id}.`)
  return flow
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
