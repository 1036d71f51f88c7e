/** What the execution of a tool needs, of connections, a vault and a database. */
import {
  type ConnectionId,
  isKeywellError,
  KeywellError,
  type ReauthReason,
} from '@keywell/protocol'
import type {
  CallOutcome,
  CallRecord,
  CredentialState,
  FoundConnection,
  PlaceMemory,
  RateLimit,
  SendRequest,
  SentAnswer,
  ToolConnection,
  ToolDefinition,
  ToolPorts,
} from '@keywell/tools'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Sleep } from '../clock.ts'
import type { Examine } from '../credentials/examine.ts'
import type { FindMeant } from '../credentials/find-meant.ts'
import type { Freshen, UsableCredential } from '../credentials/freshen.ts'
import type { SendAsUser } from '../credentials/send.ts'
import { connectUrlFor } from '../credentials/usable-credential.ts'
import type { NoteUse } from '../credentials/use.ts'
import type { Logger } from '../logger.ts'
import { type FaultPoint, reachFaultPoint } from '../refresh/fault-point.ts'
import { ofTenant } from '../store/connections.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import { appPageOf, approvalPath } from './approval-links.ts'
import type { Approvals } from './approvals.ts'
import { callEntryOf, outcomeOf } from './call-entry.ts'
import { sendFailureOf } from './send-failure.ts'
import type { ToolKeys } from './tool-keys.ts'
import { toolPolicyOf } from './tool-policy.ts'
import type { ToolUser } from './tool-user.ts'

export interface PortParts {
  catalogue: Catalogue
  audit: Pick<Audit, 'commit'>
  logger: Logger
  approvals: Pick<Approvals, 'request' | 'use'>
  toolKeys: ToolKeys
  faultPoint: FaultPoint
  rateLimit: RateLimit
  placeMemory: PlaceMemory
  findMeant: FindMeant
  /** It names a refusal by the policy `tool.call`. */
  freshen: Freshen
  sendAsUser: SendAsUser
  examine: Examine
  noteUse: NoteUse
  /** A page of the app where its user can connect. */
  connectUrl: string | undefined
  /** A page of the app where a person approves calls, or which sends them to the service's. */
  approvalUrl: string | undefined
  publicUrl: string
  /** Milliseconds since 1970. */
  now: () => number
  sleep: Sleep
}

/** Of one execution, with the connection that it has found. */
interface Execution {
  readonly parts: PortParts
  readonly user: ToolUser
  readonly tool: string
  /** There is a connection of this owner, usable or not. */
  isFound?: boolean
  /** Set by `findConnection`; a newer row takes its place after a renewal. */
  usable?: UsableCredential
  /** Likewise. */
  connection?: ToolConnection
}

export function createPorts(parts: PortParts, user: ToolUser, tool: string): ToolPorts {
  const execution: Execution = { parts, user, tool }
  const { approvals, rateLimit, toolKeys } = parts
  const owner = { ...user, ownerId: ownerIdOf(user), agent: user.agent ?? null }
  return {
    now: parts.now,
    wait: parts.sleep,
    placeMemory: parts.placeMemory,
    findConnection: (provider) => findConnection(execution, provider),
    policy: async (provider) => toolPolicyOf(requireUsable(execution).policy, provider, user),
    send: (connection, request) => send(execution, connection, request),
    examine: (_, generation) => examine(execution, generation),
    takePlace: ({ id }, policy) => rateLimit.takePlace(id, policy.rateLimit),
    pause: ({ id }, ms) => rateLimit.pause(id, ms),
    connectUrl: async (provider, scopes) => connectUrlOf(execution, provider, scopes),
    useApproval: async (id, call) => {
      const decision = await approvals.use(owner, id, call)
      return decision.state === 'pending' ? { ...decision, ...urlOf(parts, id) } : decision
    },
    async requestApproval(request) {
      const made = await approvals.request(owner, request)
      return { state: 'pending', ...made, ...urlOf(parts, made.id) }
    },
    keys: {
      take: (key, call, mostMs) => toolKeys.take(owner, key, call, mostMs),
      settle: (key, call, outcome) => toolKeys.settle(owner, key, call, outcome),
      replayed: (call) => replayed(execution, call),
    },
    begin: (call) => begin(execution, call),
    end: (_, call, outcome) => end(execution, call, outcome),
    refused: (definition, { result }, call) => refused(execution, definition, result, call),
  }
}

export function ownerIdOf({ userId }: Pick<ToolUser, 'userId'>): string {
  return userId ?? ofTenant
}

async function findConnection(execution: Execution, provider: string): Promise<FoundConnection> {
  const { parts, user } = execution
  const connectUrl = connectUrlOf(execution, provider)
  const url = connectUrl === undefined ? {} : { connectUrl }
  if (user.providers?.includes(provider) === false) {
    return { state: 'not_connected', names: [], ...url }
  }
  const { tenantId, connectionName: name, host } = user
  const ownerId = ownerIdOf(user)
  const found = await parts.findMeant({ tenantId, ownerId, provider, name, host })
  if (found.state === 'absent') return { state: 'not_connected', names: found.names, ...url }
  execution.isFound = true
  if (found.state === 'ambiguous') return found
  try {
    const usable = await parts.freshen(found.row, { caller: user, connectUrl })
    execution.usable = usable
    execution.connection = connectionOf(parts.catalogue, usable.row, found.name)
    return { state: 'active', connection: execution.connection }
  } catch (error) {
    if (!isKeywellError(error)) throw error
    if (error.code === 'not_connected') return { state: 'not_connected', names: [], ...url }
    if (error.code !== 'needs_reauth') throw ofTool(error, execution.tool)
    return { state: 'needs_reauth', reason: error.reason ?? 'revoked', ...url }
  }
}

export function connectionOf(
  catalogue: Catalogue,
  row: Pick<
    CredentialReadRow,
    'id' | 'tenantId' | 'provider' | 'host' | 'generation' | 'grantedScopes'
  >,
  name: string,
): ToolConnection {
  const provider = catalogue.get(row.tenantId, row.provider)
  return {
    // Ids were parsed when they came in; the row is the proof.
    id: row.id as ConnectionId,
    name,
    provider: row.provider,
    host: row.host,
    generation: row.generation,
    // A key may not say what it may do, and an app may have rights in place of scopes: then the provider decides.
    scopes: row.grantedScopes.length > 0 ? row.grantedScopes : undefined,
    implications: provider,
  }
}

/** The tenant's policy refuses the provider, the host or the scopes of the connection. */
function ofTool(error: KeywellError, tool: string): KeywellError {
  if (error.code !== 'not_allowed_for_tenant') return error
  const { code, detail, nextStep, connectUrl } = error
  return new KeywellError(code, detail, {
    nextStep,
    connectUrl,
    tool: { name: tool, code: 'TOOL_NOT_ALLOWED', refusedBy: 'keywell' },
  })
}

const accepted = { json: 'application/json', text: 'text/plain, */*', binary: '*/*' } as const

async function send(
  execution: Execution,
  { host }: ToolConnection,
  request: SendRequest,
): Promise<SentAnswer> {
  const { method, path, query, body, accept, maxBytes, timeoutMs, followsMoves, signal } = request
  const { row } = requireUsable(execution)
  try {
    const answer = await execution.parts.sendAsUser(row, {
      method,
      url: new URL(`${host}${path}${query === '' ? '' : `?${query}`}`),
      headers: {
        accept: accepted[accept],
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      timeoutMs,
      maxBytes,
      isCut: true,
      followsMoves,
      signal,
    })
    if (method !== 'GET') await reachFaultPoint(execution.parts, 'after_change', row)
    return answer
  } catch (error) {
    throw sendFailureOf(error)
  }
}

async function examine(execution: Execution, generation: number): Promise<CredentialState> {
  const { row, policy } = requireUsable(execution)
  if (row.generation > generation) return { state: 'renewed' }
  const examined = await execution.parts.examine(row)
  if (examined.state === 'renewed') {
    execution.usable = { row: examined.row, policy }
    return { state: 'renewed' }
  }
  if (examined.state !== 'dead') return examined
  const connectUrl = connectUrlOf(execution, row.provider)
  const reason: ReauthReason = examined.row.reason ?? 'revoked'
  return { state: 'dead', reason, ...(connectUrl !== undefined && { connectUrl }) }
}

function requireUsable({ usable }: Execution): UsableCredential {
  if (usable === undefined) throw new TypeError('no connection was found')
  return usable
}

function connectUrlOf(
  { parts, user }: Execution,
  provider: string,
  scopes: readonly string[] = [],
): string | undefined {
  const { connectionName = 'default' } = user
  const page = connectUrlFor(parts.connectUrl, { provider, connectionName })
  if (page === undefined || scopes.length === 0) return page
  const url = new URL(page)
  url.searchParams.set('scopes', scopes.join(' '))
  return url.href
}

/** Where an agent sends its user. The address alone opens nothing: the app's login says who decides. */
function urlOf({ approvalUrl, publicUrl }: PortParts, id: string): { url: string } {
  return { url: appPageOf(approvalUrl, id)?.href ?? `${publicUrl}${approvalPath}/${id}` }
}

async function begin(execution: Execution, record: CallRecord): Promise<string> {
  const { parts, user } = execution
  const { tool, connection } = record
  const entry = { user, tool, connection, record, outcome: undefined, result: 'intent' } as const
  await parts.audit.commit(callEntryOf(entry))
  parts.noteUse(requireUsable(execution).row)
  return user.requestId
}

/** Nothing was sent: the entries of the change are those of the first call. */
async function replayed({ parts, user }: Execution, record: CallRecord): Promise<void> {
  const { tool, connection } = record
  const outcome = { code: 'ok', replayed: true } as const
  await parts.audit.commit(callEntryOf({ user, tool, connection, record, outcome, result: 'ok' }))
}

/** The call was made: what came of it is answered, also where the log cannot be written any more. */
async function end(
  { parts, user }: Execution,
  record: CallRecord,
  outcome: CallOutcome,
): Promise<void> {
  const { logger, audit } = parts
  const { tenantId, requestId } = user
  const { tool, connection } = record
  const { result, providerStatus = null, requests, providerMs, bytesIn } = outcome
  const line = { tenantId, connectionId: connection.id, requestId, tool: tool.name, result }
  logger.debug(
    { ...line, providerStatus, requests, providerMs: Math.round(providerMs), bytesIn },
    'tool call finished',
  )
  const entry = { user, tool, connection, record, outcome: outcomeOf(outcome) }
  const written = audit.commit(callEntryOf({ ...entry, result: resultOf(result) }))
  await written.catch((error: unknown) => {
    const reason = String(error)
    logger.error(
      { tenantId, connectionId: connection.id, requestId, reason },
      'call outcome not recorded',
    )
  })
}

/** A call that a person has not approved was looked at, and not made. */
function resultOf(code: string): AuditEntry['result'] {
  if (code === 'ok') return 'ok'
  return code === 'APPROVAL_REQUIRED' || code === 'APPROVAL_DENIED' ? 'denied' : 'failed'
}

async function refused(
  { parts, user, isFound, connection }: Execution,
  tool: ToolDefinition | string,
  code: string,
  record: CallRecord | undefined,
): Promise<void> {
  // What was asked of nobody's connection leaves no row, neither in a tenant that there is not.
  if (isFound !== true) return
  const known = typeof tool === 'string' ? undefined : tool
  const outcome = { code, refusedBy: 'keywell' as const }
  const entry = { user, tool: known, connection, record, outcome, result: 'denied' as const }
  await parts.audit.commit(callEntryOf(entry))
}
