import { KeywellError } from '@keywell/protocol'
import type { Sql } from '../store/database.ts'
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
