import {
  type confirmDeviceSchema,
  type DeviceFlow,
  type DeviceStart,
  type FlowId,
  KeywellError,
  type readDeviceSchema,
  type SessionId,
  type startDeviceSchema,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { After } from '../clock.ts'
import * as store from '../store/flows.ts'
import type { SessionRow } from '../store/sessions.ts'
import { beginDevice } from './begin-device.ts'
import { type FlowParts, openFlow } from './create-flow.ts'
import { refusalOf } from './device-form.ts'
import { openStored } from './device-record.ts'
import type { EndFlow } from './end-flow.ts'
import { flowOver, readFlow, requireUnaltered } from './flow-record.ts'
import type { FlowWatch } from './flow-watch.ts'
import { type KeepGrantParts, keepGrant } from './keep-grant.ts'
import type { SessionMaker } from './sessions.ts'
import { viewFlow } from './view-flow.ts'

type StartRequest = z.output<typeof startDeviceSchema>
type ReadRequest = z.output<typeof readDeviceSchema> & FlowNamed
type ConfirmRequest = z.output<typeof confirmDeviceSchema> & FlowNamed

interface FlowNamed {
  flowId: string
  /** The providers that the caller may deal with; undefined: all. */
  providers: readonly string[] | undefined
}

/** Flows by device authorisation that a backend begins, for what has no browser of its own. */
export interface DeviceFlows {
  start(request: StartRequest, maker: SessionMaker): Promise<DeviceStart>
  /** Waits until the flow changes from `started`, for as long as the request says, and until the signal. */
  read(request: ReadRequest, signal: AbortSignal): Promise<DeviceFlow>
  /**
   * Stores the connection, if the account that was named is the one that approved. Any other ends the flow, and so does
   * another user: the grant is withdrawn at the provider then.
   *
   * @throws KeywellError `account_mismatch`, `flow_mismatch`
   */
  confirm(request: ConfirmRequest, actor: Actor): Promise<DeviceFlow>
}

export interface DeviceFlowParts extends FlowParts, Omit<KeepGrantParts, keyof FlowParts> {
  endFlow: EndFlow
  flowWatch: Pick<FlowWatch, 'follow'>
  after: After
}

export function createDeviceFlows(parts: DeviceFlowParts): DeviceFlows {
  return {
    start: (request, maker) => startDevice(parts, request, maker),
    read: (request, signal) => readDevice(parts, request, signal),
    confirm: (request, actor) => confirmDevice(parts, request, actor),
  }
}

async function startDevice(
  parts: DeviceFlowParts,
  { provider, host, connectionName, method, ...request }: StartRequest,
  maker: SessionMaker,
): Promise<DeviceStart> {
  const { database, sessions } = parts
  const { actor, requestId } = maker
  const session = await sessions.createForDevice(
    {
      ...request,
      providers: request.providers ?? [provider],
      origins: [],
      returnUrl: null,
      returnMode: 'query',
    },
    maker,
  )
  const target = { provider, host, connectionName, method, mode: 'device' } as const
  const flow = await openFlow(parts, session, target, { actor, requestId })
  const { tenantId, id } = flow
  if (!(await store.startUnbound(database.of(tenantId), tenantId, id))) throw flowOver()
  const started = { ...flow, status: 'started' } as const
  const { code, expiresAt } = await beginDevice(parts, started, { actor, requestId })
  const { userCode, verificationUri, verificationUriComplete, intervalMs } = code
  return {
    // Both were made with their prefixes.
    flowId: id as FlowId,
    sessionId: session.id as SessionId,
    userCode,
    verificationUri,
    ...(verificationUriComplete !== null && { verificationUriComplete }),
    expiresAt: expiresAt.toISOString(),
    intervalMs,
  }
}

async function readDevice(
  parts: DeviceFlowParts,
  { waitMs, ...request }: ReadRequest,
  signal: AbortSignal,
): Promise<DeviceFlow> {
  const { flow, session } = await openDevice(parts, request)
  if (flow.status !== 'started' || waitMs === 0) return viewDevice(parts, flow, session)
  const waited = new AbortController()
  const cancel = parts.after(waitMs, () => waited.abort())
  try {
    const until = AbortSignal.any([signal, waited.signal])
    const seen = await viewFlow(parts, flow, session)
    for await (const change of parts.flowWatch.follow(session, seen, until)) {
      if (change !== undefined && change.status !== 'started') break
    }
  } finally {
    cancel()
  }
  return viewDevice(parts, (await openDevice(parts, request)).flow, session)
}

async function confirmDevice(
  parts: DeviceFlowParts,
  { userId, accountId, ...request }: ConfirmRequest,
  actor: Actor,
): Promise<DeviceFlow> {
  const { database, endFlow } = parts
  const { flow, session } = await openDevice(parts, request)
  if (flow.userId !== userId) {
    const error = new KeywellError('flow_mismatch', 'This flow was begun for another user.')
    await endFlow.failed(flow, error, actor)
    throw error
  }
  const { account } = await viewDevice(parts, flow, session)
  const refusal = account === null ? undefined : refusalOf({ account }, accountId)
  if (refusal !== undefined) {
    await endFlow.failed(flow, refusal, actor)
    throw refusal
  }
  if (flow.status === 'confirming') {
    try {
      await keepGrant(parts, { flow, policy: session.policy, actor })
    } catch (error) {
      if (!(error instanceof KeywellError)) throw error
      await endFlow.failed(flow, error, actor)
    }
  }
  return viewDevice(
    parts,
    await readFlow(database.of(flow.tenantId), flow.tenantId, flow.id),
    session,
  )
}

/**
 * A flow that a backend began here, and its session. The rows of both are as the service wrote them.
 *
 * @throws KeywellError `not_found`, also for one of another provider than the caller may deal with
 */
async function openDevice(
  parts: DeviceFlowParts,
  { tenantId, flowId, providers }: FlowNamed & { tenantId: string },
): Promise<{ flow: store.FlowRow; session: SessionRow }> {
  const flow = await readFlow(parts.database.of(tenantId), tenantId, flowId)
  if (flow.mode !== 'device' || providers?.includes(flow.provider) === false) {
    throw new KeywellError('not_found', `There is no flow ${flowId}.`)
  }
  await requireUnaltered(parts, flow)
  return { flow, session: await parts.sessions.read(tenantId, flow.sessionId) }
}

async function viewDevice(
  parts: DeviceFlowParts,
  flow: store.FlowRow,
  session: SessionRow,
): Promise<DeviceFlow> {
  const view = await viewFlow(parts, flow, session)
  return { ...view, account: view.connection?.account ?? (await waitingAccount(parts, flow)) }
}

/** Of a code that somebody has approved, until it is confirmed. */
async function waitingAccount(
  parts: DeviceFlowParts,
  flow: store.FlowRow,
): Promise<DeviceFlow['account']> {
  if (flow.status !== 'confirming') return null
  const stored = await openStored(parts, flow)
  return stored.kind === 'grant' ? stored.account : null
}
