import type { Connection, Flow, FlowId } from '@keywell/protocol'
import type { Catalogue } from '../catalogue.ts'
import { viewConnection } from '../credentials/connections.ts'
import { findConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import type { FlowRow } from '../store/flows.ts'
import type { SessionRow } from '../store/sessions.ts'
import { ownerOfSession } from './session-request.ts'

/** A flow as a browser may see it. */
export async function viewFlow(
  { catalogue, database }: { catalogue: Catalogue; database: Database },
  flow: FlowRow,
  session: SessionRow,
): Promise<Flow> {
  const { status } = flow
  let connection: Connection | null = null
  if (status === 'connected' && flow.connectionId !== null) {
    const row = await findConnection(database.of(flow.tenantId), flow.tenantId, flow.connectionId)
    connection = row?.userId === ownerOfSession(session) ? viewConnection(catalogue, row) : null
  }
  return {
    // The id was made with this prefix.
    flowId: flow.id as FlowId,
    status: status === 'exchanging' ? 'confirming' : status,
    error: flow.error as Flow['error'],
    connection,
  }
}
