import type { AuditCall, AuditOutcome } from '@keywell/protocol'
import type { CallOutcome, CallRecord, ToolConnection, ToolDefinition } from '@keywell/tools'
import type { AuditEntry } from '../audit/audit.ts'
import { ofTenant } from '../store/connections.ts'
import type { ToolUser } from './tool-user.ts'

/** What the audit log says of a call of a tool, before it, after it, or where it is refused. */
export interface CallEntry {
  readonly user: ToolUser
  /** A name that there is no tool of was written by an agent, and stands in no log. */
  readonly tool: ToolDefinition | undefined
  readonly connection: ToolConnection | undefined
  /** Undefined: it was refused before its arguments were known to be right. */
  readonly record: CallRecord | undefined
  /** Undefined: it is about to be made. */
  readonly outcome: AuditOutcome | undefined
  readonly result: AuditEntry['result']
}

export function callEntryOf(call: CallEntry): AuditEntry {
  const { user, tool, connection, outcome } = call
  const reasons = [...(outcome && outcome.code !== 'ok' ? [outcome.code] : []), tool?.name]
  return {
    tenantId: user.tenantId,
    userId: user.userId ?? ofTenant,
    connectionId: connection?.id,
    generation: connection?.generation,
    actor: user.actor,
    requestId: user.requestId,
    action: 'tool.call',
    result: call.result,
    reason: reasons.filter((each) => each !== undefined).join(': '),
    call: callOf(call),
  }
}

function callOf({ user, tool, connection, record, outcome }: CallEntry): AuditCall {
  return {
    ...(tool && { tool: tool.name, effect: tool.effect }),
    ...(connection && {
      provider: connection.provider,
      connectionName: connection.name,
      host: connection.host,
    }),
    ...(record && {
      target: { ...record.target },
      argumentNames: Object.keys(record.arguments),
      argumentsHash: record.hash,
      ...(record.isDryRun && { dryRun: true }),
      ...(record.approvalId !== undefined && { approvalId: record.approvalId }),
    }),
    ...(user.agent !== undefined && { agent: user.agent }),
    ...(user.client !== undefined && { client: user.client }),
    ...(outcome && { outcome }),
  }
}

export function outcomeOf(outcome: CallOutcome): AuditOutcome {
  const { result: code, totalMs, providerMs, ...rest } = outcome
  return { code, ...rest, totalMs: Math.round(totalMs), providerMs: Math.round(providerMs) }
}
