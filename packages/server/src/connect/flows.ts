import { type CreateFlowAnswer, type ErrorCode, type Flow, KeywellError } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { Database } from '../store/database.ts'
import { endFlow, type FlowRow, notifyFlow } from '../store/flows.ts'
import type { SessionRow } from '../store/sessions.ts'
import { createFlow, type FlowParts } from './create-flow.ts'
import { readFlow } from './flow-record.ts'
import type { FlowRequest } from './plan-flow.ts'
import { type StartedFlow, startFlow } from './start-flow.ts'
import { viewFlow } from './view-flow.ts'

export interface Flows {
  /** Step 3. */
  create(session: SessionRow, request: FlowRequest, actor: Actor): Promise<CreateFlowAnswer>
  /** Step 4: spends the start code. Returns the cookie to set and the URL for the browser. */
  start(options: { startCode: string; origin: string | null } & Actor): Promise<StartedFlow>
  status(session: SessionRow, flowId: string): Promise<Flow>
  /** The same for a page that watches; undefined when the flow, its session or its tenant is gone. */
  look(session: SessionRow, flowId: string): Promise<Flow | undefined>
  cancel(session: SessionRow, flowId: string, actor: Actor): Promise<Flow>
}

export function createFlows(parts: FlowParts): Flows {
  return {
    create: (session, request, actor) => createFlow(parts, session, request, actor),
    start: (options) => startFlow(parts, options),
    status: (session, flowId) => readStatus(parts, session, flowId),
    look: (session, flowId) => watchStatus(parts, session, flowId),
    cancel: (session, flowId, actor) => cancelFlow(parts, session, flowId, actor),
  }
}

async function readStatus(
  parts: Pick<FlowParts, 'catalogue' | 'database'>,
  session: SessionRow,
  flowId: string,
): Promise<Flow> {
  return viewFlow(parts, await readFlowOf(parts.database, session, flowId), session)
}

/** A session whose row was altered counts as gone. */
const goneCodes: readonly ErrorCode[] = ['not_found', 'unauthorized']

async function watchStatus(
  parts: FlowParts,
  session: SessionRow,
  flowId: string,
): Promise<Flow | undefined> {
  try {
    const { live } = await parts.sessions.read(session.tenantId, session.id)
    return live ? await readStatus(parts, session, flowId) : undefined
  } catch (error) {
    if (error instanceof KeywellError && goneCodes.includes(error.code)) return undefined
    throw error
  }
}

async function cancelFlow(
  parts: FlowParts,
  session: SessionRow,
  flowId: string,
  actor: Actor,
): Promise<Flow> {
  const { database, audit } = parts
  const { tenantId, id, userId } = await readFlowOf(database, session, flowId)
  await database.transaction(tenantId, async (sql) => {
    if (!(await endFlow(sql, { tenantId, id, status: 'cancelled' }))) return
    await audit.write(sql, { ...actor, tenantId, userId, action: 'flow.cancel', result: 'ok' })
    await notifyFlow(sql, id)
  })
  return readStatus(parts, session, flowId)
}

async function readFlowOf(
  database: Database,
  session: SessionRow,
  flowId: string,
): Promise<FlowRow> {
  const flow = await readFlow(database.of(session.tenantId), session.tenantId, flowId)
  if (flow.sessionId === session.id && flow.userId === session.userId) return flow
  throw new KeywellError('not_found', `There is no flow ${flowId} in this connect session.`)
}
