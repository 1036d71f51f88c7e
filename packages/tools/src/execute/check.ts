/** Whether a call may be made: the checks that send nothing, in order. The first that fails counts. */
import { missingScopes } from '@keywell/protocol'
import { findTool, providerOfTool, similarTools } from '../catalogue.ts'
import type { ToolDefinition } from '../definition.ts'
import type { ProviderTools } from '../provider-tools.ts'
import { type Arguments, checkArguments, nameArguments } from '../read-arguments.ts'
import { refuse } from '../refusal.ts'
import { PathError, requestOf, type ToolRequest } from '../request.ts'
import { argumentsHash, shownArguments, targetOf } from './call-record.ts'
import type { ToolCall } from './execute-tool.ts'
import { placeArguments, placeProblem } from './places.ts'
import type { CallRecord, FoundConnection, ToolConnection, ToolPolicy, ToolPorts } from './ports.ts'
import { refuseByPolicy } from './refuse-by-policy.ts'
import { createSender, type Sender } from './sender.ts'

export interface CheckedCall {
  readonly ports: ToolPorts
  readonly tool: ToolDefinition
  readonly provider: ProviderTools
  readonly connection: ToolConnection
  readonly policy: ToolPolicy
  readonly arguments: Arguments
  readonly record: CallRecord
  readonly sender: Sender
  readonly hasHints: boolean
}

const defaultTimeoutMs = 20_000
const maxTimeoutMs = 60_000

export async function checkCall(ports: ToolPorts, call: ToolCall): Promise<CheckedCall> {
  const { tool, provider } = toolOf(call.tool)
  const connection = usable(tool, await ports.findConnection(provider.name))
  const policy = await ports.policy(provider.name)
  refuseByPolicy(tool, policy)

  const timeoutMs = Math.min(call.timeoutMs ?? defaultTimeoutMs, maxTimeoutMs)
  const sender = createSender({ ports, connection, policy, timeoutMs, signal: call.signal })
  const placed = placeArguments(
    { tool, provider, connection, policy },
    nameArguments(tool, call.arguments),
  )
  const places = { tool, provider, connection, policy, memory: ports.placeMemory }
  const problem = await placeProblem({ ...places, look: sender.look }, placed.named)
  if (problem !== undefined) refuseByPlace(tool, problem)

  await refuseByScope(ports, tool, connection)
  const read = checkArguments(tool, placed)
  if ('issues' in read) refuseArguments(tool, read.issues)
  const given = read.arguments
  requestFor(tool, given)
  const record: CallRecord = {
    tool,
    connection,
    arguments: shownArguments(tool, given),
    target: targetOf(tool, given),
    hash: argumentsHash(tool.name, given),
    isDryRun: call.dryRun === true,
    approvalId: call.approvalId,
  }
  const hasHints = call.hints !== false
  return { ports, tool, provider, connection, policy, arguments: given, record, sender, hasHints }
}

function toolOf(name: string): { tool: ToolDefinition; provider: ProviderTools } {
  const tool = findTool(name)
  const provider = providerOfTool(name)
  if (tool !== undefined && provider !== undefined) return { tool, provider }
  const similar = similarTools(name)
  return refuse(name.slice(0, 100), {
    code: 'TOOL_NOT_FOUND',
    message: 'There is no tool of that name.',
    nextStep:
      similar.length === 0
        ? 'List the tools, and call one of them.'
        : `Call ${similar.join(', or ')}, if that is what is meant.`,
    ...(similar.length > 0 && { more: { similar } }),
  })
}

function usable({ name }: ToolDefinition, found: FoundConnection): ToolConnection {
  switch (found.state) {
    case 'active':
      return found.connection
    case 'not_connected': {
      const { names, connectUrl } = found
      return refuse(name, {
        code: 'NOT_CONNECTED',
        message: 'The user has not connected an account under this name.',
        nextStep:
          names.length === 0
            ? 'Ask the user to connect their account.'
            : `Ask the user to connect their account, or use the connection ${names.join(', or ')}.`,
        ...(connectUrl !== undefined && { connectUrl }),
      })
    }
    case 'ambiguous': {
      const { names, hosts } = found
      const onHosts = hosts.length > 1 ? `, on the hosts ${hosts.join(', ')}` : ''
      return refuse(name, {
        code: 'VALIDATION_ERROR',
        message: `The user has several connections, and none is the default: ${names.join(', ')}${onHosts}.`,
        nextStep: 'Name the connection, or its host.',
        more: {
          issues: [{ field: 'connectionName', problem: `Give one of ${names.join(', ')}.` }],
        },
      })
    }
    case 'needs_reauth': {
      const { reason, connectUrl } = found
      return refuse(name, {
        code: 'NEEDS_REAUTH',
        message: `The connection needs its user: ${reason.replaceAll('_', ' ')}.`,
        nextStep: 'Ask the user to connect again.',
        reauthReason: reason,
        ...(connectUrl !== undefined && { connectUrl }),
      })
    }
  }
}

function refuseByPlace(
  { name }: ToolDefinition,
  { field, allowed }: { readonly field: string; readonly allowed: readonly string[] },
): never {
  const some = allowed.slice(0, 10).join(', ')
  return refuse(name, {
    code: 'TOOL_NOT_ALLOWED',
    message:
      field === ''
        ? 'The policy allows some places only, and this tool is not about one of them.'
        : `The policy does not allow the place that ${field} names.`,
    nextStep:
      some === ''
        ? 'Use a tool for one of the allowed places, or ask the operator to allow this one.'
        : `Stay within ${some}, or ask the operator to allow more.`,
    more: {
      reason: 'place',
      ...(field !== '' && { issues: [{ field, problem: 'Not allowed.' }] }),
    },
  })
}

async function refuseByScope(
  ports: ToolPorts,
  tool: ToolDefinition,
  { provider, scopes, implications }: ToolConnection,
): Promise<void> {
  // Where they are not known, the provider decides.
  const missing = scopes === undefined ? [] : missingScopes(implications, tool.scopes, scopes)
  if (scopes === undefined || missing.length === 0) return
  const connectUrl = await ports.connectUrl(provider, missing)
  refuse(tool.name, {
    code: 'SCOPE_MISSING',
    message: `The user granted ${scopes.join(', ') || 'no scope'}, and this tool needs ${missing.join(' and ')}.`,
    nextStep: `Ask the user to connect again with ${missing.join(' and ')}, or use a tool that does without.`,
    missingScopes: missing,
    ...(connectUrl !== undefined && { connectUrl }),
    more: { grantedScopes: [...scopes] },
  })
}

type Issues = readonly { readonly field: string; readonly problem: string }[]

function refuseArguments({ name }: ToolDefinition, issues: Issues): never {
  const [first] = issues
  const where = first?.field ? `${first.field}: ` : ''
  return refuse(name, {
    code: 'VALIDATION_ERROR',
    message: `The arguments are not right. ${where}${first?.problem ?? ''}`,
    nextStep: 'Correct each argument that is named in issues, then call again.',
    more: { issues: issues.map((issue) => ({ ...issue })) },
  })
}

/** A value that cannot stand in an address is a wrong argument. */
export function requestFor(tool: ToolDefinition, given: Arguments): ToolRequest {
  try {
    return requestOf(tool, given)
  } catch (error) {
    if (!(error instanceof PathError)) throw error
    return refuseArguments(tool, [{ field: error.parameter, problem: error.message }])
  }
}
