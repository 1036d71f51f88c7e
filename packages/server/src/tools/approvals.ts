import {
  type Approval,
  type ApprovalId,
  type ApprovalList,
  type ConnectionId,
  type DecideApproval,
  KeywellError,
} from '@keywell/protocol'
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type CallRecord,
  findTool,
} from '@keywell/tools'
import { z } from 'zod'
import type { RequestActor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { messageOfApproval } from '../changes/webhooks/message.ts'
import type { MakeId } from '../ids.ts'
import {
  type ApprovalRow,
  decideApproval,
  findApproval,
  insertApproval,
  listApprovals,
  spendApproval,
} from '../store/approvals.ts'
import { ofTenant } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { withInstallation } from '../store/scope.ts'
import { insertDeliveries } from '../store/webhook-deliveries.ts'
import { isKeyOutage, type RecordContext, type Vault, VaultError } from '../vault/vault.ts'

/** For so long a call can be decided, and made. */
const lifeMs = 15 * 60_000

/** Characters of the value of an argument that are shown beside the request, which is shown whole. */
const maxValueLength = 200

const sealedSchema = z.object({
  summary: z.string(),
  arguments: z.record(z.string(), z.string()),
  requestedBy: z.string(),
  request: z.object({
    method: z.string(),
    path: z.string(),
    query: z.string(),
    body: z.unknown().optional(),
  }),
})
type Shown = z.output<typeof sealedSchema>

/** Whose call it is. */
interface ApprovalOwner extends RequestActor {
  readonly tenantId: string
  /** As rows have it. */
  readonly ownerId: string
  readonly agent: string | null
}

/**
 * Calls of tools that wait for a person. What is decided is said by the app's backend with its API key: no tool, and
 * no credential of an agent, decides. An approval holds once, for the tool, the arguments, the connection and the user
 * that it was asked for, and for 15 minutes.
 */
export interface Approvals {
  request(owner: ApprovalOwner, wanted: ApprovalRequest): Promise<{ id: string; endsAt: string }>
  use(owner: ApprovalOwner, id: string, call: CallRecord): Promise<ApprovalDecision>
  list(query: {
    tenantId: string
    userId?: string | undefined
    state?: string | undefined
    limit: number
  }): Promise<ApprovalList>
  /** @throws KeywellError `not_found` */
  read(tenantId: string, id: string): Promise<Approval>
  /** @throws KeywellError `not_found`; `conflict` where it was decided, or has ended */
  decide(
    id: string,
    decision: Pick<DecideApproval, 'decision' | 'decidedBy'> & { tenantId: string },
    caller: RequestActor,
  ): Promise<Approval>
}

export interface ApprovalParts {
  database: Database
  vault: Pick<Vault, 'seal' | 'open'>
  audit: Pick<Audit, 'write'>
  makeId: MakeId
  /** Milliseconds since 1970. */
  now: () => number
}

export function createApprovals(parts: ApprovalParts): Approvals {
  const { database } = parts
  const viewed = async (row: ApprovalRow) => view(row, await open(parts, row))
  return {
    request: (owner, wanted) => request(parts, owner, wanted),
    use: (owner, id, call) => use(parts, owner, id, call),

    async list({ tenantId, userId = null, state = null, limit }) {
      const rows = await listApprovals(database.of(tenantId), { tenantId, userId, state, limit })
      return { approvals: await Promise.all(rows.map(viewed)) }
    },

    read: async (tenantId, id) => viewed(await found(parts, tenantId, id)),

    async decide(id, { tenantId, decision, decidedBy }, caller) {
      const row = await found(parts, tenantId, id)
      const state = decision === 'approve' ? 'approved' : 'denied'
      const shown = await open(parts, row)
      const next = await seal(parts, { ...row, state }, shown)
      const isDecided = await database.transaction(withInstallation(tenantId), async (sql) => {
        const done = await decideApproval(sql, { ...row, state, decidedBy, next })
        const entry = { ...caller, tenantId, userId: row.userId, connectionId: row.connectionId }
        const reason = done ? `${state}: ${row.tool}` : `too_late: ${row.tool}`
        const result = done ? 'ok' : 'failed'
        await parts.audit.write(sql, { ...entry, action: 'approval.decide', result, reason })
        if (done) await insertDeliveries(sql, messageOfApproval(`tool.approval_${state}`, row))
        return done
      })
      if (isDecided) return viewed(await found(parts, tenantId, id))
      throw new KeywellError('conflict', 'It was decided before, or has ended.', {
        nextStep: 'Read it again. Where the call is still wanted, let it be made anew.',
      })
    },
  }
}

async function request(
  parts: ApprovalParts,
  { tenantId, ownerId, agent, actor, requestId }: ApprovalOwner,
  { call, request: { method, path, query, body }, summary }: ApprovalRequest,
): Promise<{ id: string; endsAt: string }> {
  const row = {
    tenantId,
    id: parts.makeId('approval'),
    userId: ownerId,
    connectionId: call.connection.id,
    tool: call.tool.name,
    callHash: call.hash,
    agent,
    state: 'pending' as const,
    endsAt: new Date(parts.now() + lifeMs),
  }
  const sealed = await seal(parts, row, {
    summary,
    arguments: shownArguments(call.arguments),
    requestedBy: actor,
    request: { method, path, query, body },
  })
  await parts.database.transaction(withInstallation(tenantId), async (sql) => {
    await insertApproval(sql, { ...row, ...sealed })
    await insertDeliveries(sql, messageOfApproval('tool.approval_requested', row))
    const entry = { tenantId, userId: ownerId, connectionId: row.connectionId, actor, requestId }
    const action = 'approval.request' as const
    await parts.audit.write(sql, { ...entry, action, result: 'ok', reason: row.tool })
  })
  return { id: row.id, endsAt: row.endsAt.toISOString() }
}

function shownArguments(given: CallRecord['arguments']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
      return [name, text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text]
    }),
  )
}

/** What a row says is believed only where its sealed record says the same: a state alone approves nothing. */
async function use(
  parts: ApprovalParts,
  { tenantId, ownerId }: ApprovalOwner,
  id: string,
  { connection, tool, hash }: CallRecord,
): Promise<ApprovalDecision> {
  const sql = parts.database.of(tenantId)
  const row = await findApproval(sql, tenantId, id)
  if (row === undefined || row.userId !== ownerId) return { state: 'invalid', reason: 'unknown' }
  const isThisCall =
    row.callHash === hash && row.tool === tool.name && row.connectionId === connection.id
  if (!isThisCall) return { state: 'invalid', reason: 'other_call' }
  if (row.state === 'denied') return { state: 'denied' }
  if (row.state === 'used') return { state: 'invalid', reason: 'used' }
  if (row.hasEnded) return { state: 'invalid', reason: 'expired' }
  if (row.state === 'pending') return { state: 'pending', id, endsAt: row.endsAt.toISOString() }
  await open(parts, row)
  return (await spendApproval(sql, row))
    ? { state: 'approved' }
    : { state: 'invalid', reason: 'used' }
}

async function found(
  { database }: ApprovalParts,
  tenantId: string,
  id: string,
): Promise<ApprovalRow> {
  const row = await findApproval(database.of(tenantId), tenantId, id)
  if (row !== undefined) return row
  throw new KeywellError('not_found', `There is no approval ${id}.`)
}

type Bound = Pick<
  ApprovalRow,
  'tenantId' | 'id' | 'userId' | 'connectionId' | 'tool' | 'callHash' | 'state' | 'endsAt'
>

function contextOf(row: Bound): RecordContext {
  return {
    type: 'approval',
    tenantId: row.tenantId,
    recordId: row.id,
    field: row.state === 'approved' || row.state === 'used' ? 'approved' : 'requested',
    generation: 0,
    schema: 1,
    bound: [row.userId, row.connectionId, row.tool, row.callHash, String(row.endsAt.getTime())],
  }
}

async function seal({ vault }: ApprovalParts, row: Bound, shown: Shown) {
  const body = new TextEncoder().encode(JSON.stringify(shown))
  try {
    return await vault.seal(contextOf(row), body)
  } catch (cause) {
    if (!(cause instanceof VaultError) || cause.reason !== 'too_large') throw cause
    const message = 'The call is too large to be shown to a person.'
    throw new KeywellError('payload_too_large', message, { cause })
  }
}

async function open({ vault }: ApprovalParts, row: ApprovalRow): Promise<Shown> {
  try {
    const bytes = await vault.open(contextOf(row), row.sealed)
    return sealedSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (cause) {
    if (isKeyOutage(cause)) throw cause
    throw new KeywellError('credential_unreadable', 'The stored approval cannot be read.', {
      cause,
    })
  }
}

function view(row: ApprovalRow, shown: Shown): Approval {
  const isOpen = row.state === 'pending' || row.state === 'approved'
  const { body, ...rest } = shown.request
  return {
    // Ids were parsed when they came in; the row is the proof.
    id: row.id as ApprovalId,
    tenantId: row.tenantId as Approval['tenantId'],
    userId: row.userId === ofTenant ? null : (row.userId as Approval['userId']),
    connectionId: row.connectionId as ConnectionId,
    tool: row.tool,
    title: findTool(row.tool)?.title ?? row.tool,
    summary: shown.summary,
    request: { ...rest, ...(body !== undefined && { body }) },
    arguments: shown.arguments,
    state: isOpen && row.hasEnded ? 'expired' : row.state,
    requestedAt: row.requestedAt.toISOString(),
    endsAt: row.endsAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    decidedBy: row.decidedBy,
    requestedBy: shown.requestedBy,
    agent: row.agent,
  }
}
