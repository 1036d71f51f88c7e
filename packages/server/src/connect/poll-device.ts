import { KeywellError } from '@keywell/protocol'
import type { Audit } from '../audit/audit.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import { lookUpAccount } from '../oauth/account.ts'
import type { Registration } from '../oauth/client.ts'
import { type DevicePoll, pollDeviceCode } from '../oauth/device.ts'
import type { Granted } from '../oauth/token-answer.ts'
import { exchangeError } from '../oauth/token-error.ts'
import { readClock } from '../store/census.ts'
import { type DevicePollRow, deleteDevicePoll, postponeDevicePoll } from '../store/device-polls.ts'
import {
  endFlow,
  type FlowError,
  type FlowRow,
  findFlow,
  notifyFlow,
  parkGrant,
} from '../store/flows.ts'
import type { BeginDeviceParts } from './begin-device.ts'
import type { DeviceGrants } from './device-grants.ts'
import { type DeviceGrant, encodeGrant, openStored } from './device-record.ts'
import { flowErrorOf } from './end-flow.ts'
import { handleRefusal, placeTold, reachOfGrant, requireSameClient } from './exchange.ts'
import { accessDenied, sealCode } from './park-code.ts'

export interface PollDeviceParts extends BeginDeviceParts {
  grants: DeviceGrants
  disconnector: Pick<Disconnector, 'withdrawGrant'>
  audit: Audit
}

/** How long one poll may take, in milliseconds; well below the lease of its claim. */
const pollTimeoutMs = 15_000
/** RFC 8628 section 3.5. */
const slowDownMs = 5_000
/** The longest pause after polls without an answer, each of which doubles it. */
const maxPauseMs = 60_000

/** What is recorded as done by the service itself. */
const by = { actor: 'service', requestId: undefined }

/**
 * One poll for a flow by device authorisation, or what is left to do after one that brought tokens. A flow that the
 * provider has answered waits for its account to be confirmed.
 */
export async function pollDevice(parts: PollDeviceParts, claim: DevicePollRow): Promise<void> {
  const { database, integrations } = parts
  const { tenantId, flowId } = claim
  const flow = await findFlow(database.of(tenantId), tenantId, flowId)
  if (flow?.status !== 'started') return deleteDevicePoll(database.of(tenantId), tenantId, flowId)
  if (claim.isOver || !flow.live) return end(parts, flow, { status: 'expired' })
  try {
    const stored = await openStored(parts, flow)
    const registration = await integrations.registration(flow)
    requireSameClient(flow, registration)
    if (stored.kind === 'grant') return await park(parts, flow, registration, stored)
    const { deviceCode } = stored
    const sending = { tenantId, timeoutMs: pollTimeoutMs }
    const poll = await pollDeviceCode(parts.outbound, registration, { deviceCode, sending })
    await follow(parts, claim, { flow, registration }, poll)
  } catch (error) {
    if (!(error instanceof KeywellError) || error.code === 'unavailable') throw error
    // The tokens are held: the account is looked up again.
    if (error.providerReason === 'provider_unavailable') return postpone(parts, claim)
    await end(parts, flow, { status: 'failed', error: flowErrorOf(error) })
  }
}

async function follow(
  parts: PollDeviceParts,
  claim: DevicePollRow,
  of: { flow: FlowRow; registration: Registration },
  poll: DevicePoll,
): Promise<void> {
  const { flow, registration } = of
  switch (poll.kind) {
    case 'pending':
      return postpone(parts, claim)
    case 'slow_down':
      return postpone(parts, { ...claim, intervalMs: claim.intervalMs + slowDownMs })
    case 'unanswered': {
      const doubled = Math.max(claim.intervalMs, Math.min(claim.intervalMs * 2, maxPauseMs))
      return postpone(parts, { ...claim, intervalMs: doubled }, poll.retryAfterMs ?? 0)
    }
    case 'denied':
      return end(parts, flow, { status: 'denied', error: accessDenied })
    case 'expired':
      return end(parts, flow, { status: 'expired' })
    case 'ended': {
      const { outcome } = poll
      if (outcome.kind === 'tokens') return hold(parts, flow, registration, outcome)
      await handleRefusal(parts, { flow, actor: by }, registration, outcome)
      throw exchangeError(registration.provider.title, outcome)
    }
    default:
      poll satisfies never
  }
}

function postpone(
  { database }: PollDeviceParts,
  { tenantId, flowId, intervalMs }: DevicePollRow,
  atLeastMs = 0,
): Promise<void> {
  const pauseMs = Math.max(intervalMs, atLeastMs)
  return postponeDevicePoll(database.of(tenantId), { tenantId, flowId, intervalMs, pauseMs })
}

/** Stores the tokens before anything else is done, so that none are lost with this process. */
async function hold(
  parts: PollDeviceParts,
  flow: FlowRow,
  registration: Registration,
  granted: Granted,
): Promise<void> {
  const { database, disconnector, grants, vault } = parts
  const tokens = { ...granted.tokens, reach: reachOfGrant(registration) }
  const at = await placeOf(registration, granted, () =>
    disconnector.withdrawGrant(flow, registration, tokens),
  )
  const now = await readClock(database.of(flow.tenantId))
  const endOf = (lifeMs: number | null) => (lifeMs === null ? null : now + lifeMs)
  const grant: DeviceGrant = {
    grantId: grants.newId(),
    account: null,
    host: at.host,
    // RFC 6749 section 5.1: no scope in the answer means that all were granted.
    scopes: granted.scopes ?? flow.scopes,
    expiresAt: endOf(granted.expiresInMs),
    refreshExpiresAt: endOf(granted.refreshExpiresInMs),
  }
  const parked = await sealCode(vault, flow, encodeGrant(grant))
  const kept = { ...tokens, reach: reachOfGrant(at) }
  if (!(await grants.hold(flow, grant.grantId, kept, parked))) return
  await park(parts, flow, registration, grant)
}

/** Where the account lives; an address that its definition does not allow ends the grant. */
async function placeOf(
  registration: Registration,
  granted: Granted,
  withdraw: () => Promise<void>,
): Promise<ReturnType<typeof placeTold>> {
  try {
    return placeTold(registration, granted)
  } catch (error) {
    await withdraw()
    throw error
  }
}

/** Looks up whose tokens they are, and has the flow wait until the app says that this is who was meant. */
async function park(
  parts: PollDeviceParts,
  flow: FlowRow,
  registration: Registration,
  grant: DeviceGrant,
): Promise<void> {
  const { audit, database, grants, outbound, vault } = parts
  const { tenantId, id, userId } = flow
  const { grantId, host, scopes } = grant
  const tokens = await grants.open(flow, grantId)
  const sending = { tenantId, timeoutMs: pollTimeoutMs }
  const account = await lookUpAccount(outbound, { ...registration, host, tokens, scopes, sending })
  const { sealed, keyVersion } = await sealCode(vault, flow, encodeGrant({ ...grant, account }))
  await database.transaction(tenantId, async (sql) => {
    const row = { tenantId, id, grantId, sealedCode: sealed, keyVersion }
    const isParked = await parkGrant(sql, row)
    await deleteDevicePoll(sql, tenantId, id)
    if (!isParked) return
    await audit.write(sql, { ...by, tenantId, userId, action: 'device.answer', result: 'ok' })
    await notifyFlow(sql, id)
  })
}

async function end(
  { audit, database }: PollDeviceParts,
  flow: FlowRow,
  ended: { status: 'denied' | 'expired' | 'failed'; error?: FlowError },
): Promise<void> {
  const { tenantId, id, userId } = flow
  const reason = ended.error?.code ?? ended.status
  await database.transaction(tenantId, async (sql) => {
    await deleteDevicePoll(sql, tenantId, id)
    if (!(await endFlow(sql, { tenantId, id, ...ended }))) return
    const entry = { ...by, tenantId, userId, action: 'device.answer' } as const
    await audit.write(sql, { ...entry, result: 'denied', reason })
    await notifyFlow(sql, id)
  })
}
