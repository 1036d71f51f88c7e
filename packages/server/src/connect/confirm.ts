import { type ConfirmAnswer, type confirmSchema, KeywellError } from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { AccountUses } from '../credentials/account-uses.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { FlowRow } from '../store/flows.ts'
import { installation } from '../store/scope.ts'
import type { SessionPolicy, SessionRow } from '../store/sessions.ts'
import { connectInstallation } from './connect-installation.ts'
import type { ConnectPeppers } from './connect-macs.ts'
import type { DeviceGrants } from './device-grants.ts'
import { isByDevice } from './device-record.ts'
import { confirmEntryOf } from './end-flow.ts'
import { type ExchangeParts, exchange } from './exchange.ts'
import { kindOf, readFlow, requireUnaltered } from './flow-record.ts'
import { keepGrant } from './keep-grant.ts'
import { keepKey } from './keep-key.ts'
import type { OneTimeCodes } from './one-time-code.ts'
import { redeemShortCode } from './redeem-short-code.ts'
import type { Sessions } from './sessions.ts'
import { viewFlow } from './view-flow.ts'

type Confirmation = z.output<typeof confirmSchema> & {
  sessionId: string
  /** The providers that the caller may deal with. Default: all. */
  providers?: readonly string[] | undefined
} & Actor

export type Confirm = (request: Confirmation) => Promise<ConfirmAnswer>

interface ConfirmParts extends ExchangeParts {
  metrics: Pick<Metrics, 'probed'>
  tracing: Tracing
  sessions: Sessions
  codes: OneTimeCodes
  peppers: Pick<ConnectPeppers, 'find'>
  accountUses: Pick<AccountUses, 'hashOf'>
  grants: DeviceGrants
}

/**
 * Steps 7 and 8: the app's backend says which user is signed in, in the browser that brought the ticket.
 * Only if the session was made for that user is the code exchanged, or the key asked about again, the account
 * looked up, and the credential stored. Otherwise code or key is destroyed.
 */
export function createConfirm(parts: ConfirmParts): Confirm {
  const { tracing } = parts
  return (request) =>
    tracing.span('keywell.connect.confirm', {}, async (say) => {
      const answer = await confirm(parts, request)
      say({ 'keywell.outcome': answer.status })
      return answer
    })
}

async function confirm(parts: ConfirmParts, request: Confirmation): Promise<ConfirmAnswer> {
  const { database, endFlow } = parts
  const { sessionId, tenantId, userId, providers, code, actor: name, requestId } = request
  const actor: Actor = { actor: name, requestId }
  const { flow, isFirst } =
    code === undefined
      ? await redeemTicket(parts, request, actor)
      : await redeemShortCode(parts, { ...request, code }, actor)
  const session = await requireUnalteredRows(parts, flow, actor)
  const isOurs = providers?.includes(flow.provider) ?? true
  if (flow.sessionId !== sessionId || flow.userId !== userId || !isOurs) {
    await refuse(parts, flow, isFirst, actor)
    throw wrongUser()
  }
  if (flow.status === 'confirming') {
    try {
      await complete(parts, { flow, policy: session.policy, actor })
    } catch (error) {
      if (!(error instanceof KeywellError)) throw error
      await endFlow.failed(flow, error, actor)
    }
  }
  const ended = await readFlow(database.of(tenantId), tenantId, flow.id)
  return {
    ...(await viewFlow(parts, ended, session)),
    mode: flow.mode === 'redirect' ? 'redirect' : 'popup',
    resumeUrl: resumeUrlOf(flow, session),
  }
}

/** From what is parked to a stored connection. */
function complete(
  parts: ConfirmParts,
  confirmed: { flow: FlowRow; policy: SessionPolicy; actor: Actor },
): Promise<void> {
  switch (kindOf(parts, confirmed.flow)) {
    case 'key':
      return keepKey(parts, confirmed)
    case 'installation':
      return connectInstallation(parts, confirmed)
    case 'consent':
      return isByDevice(parts, confirmed.flow)
        ? keepGrant(parts, confirmed)
        : exchange(parts, confirmed)
  }
}

/**
 * The flow of a ticket. A page that is loaded again brings its ticket again, and gets the state of the flow:
 * only the exchange happens once, and a ticket that was shown to the wrong user has ended its flow.
 *
 * @throws KeywellError `flow_mismatch` when the ticket is not one of this flow
 */
async function redeemTicket(
  parts: ConfirmParts,
  { ticket = '', flowId, tenantId }: Confirmation,
  actor: Actor,
): Promise<{ flow: FlowRow; isFirst: boolean }> {
  const { database, codes } = parts
  const flow = (await codes.find('ticket', ticket))?.flow
  const isFirst =
    flow !== undefined &&
    (await database.transaction(installation, (sql) => codes.spend(sql, 'ticket', ticket)))
  if (flow !== undefined && flow.id === flowId && flow.tenantId === tenantId) {
    return { flow, isFirst }
  }
  // A ticket of another tenant's flow ends that flow, and the caller learns nothing about it.
  if (flow !== undefined) await refuse(parts, flow, isFirst, actor)
  throw new KeywellError('flow_mismatch', 'This ticket does not finish this flow.', {
    nextStep: 'Look at the connections: if the account is not among them, connect it again.',
  })
}

/** The session of the flow. If the row of either was altered, the flow ends. */
async function requireUnalteredRows(
  parts: ConfirmParts,
  flow: FlowRow,
  actor: Actor,
): Promise<SessionRow> {
  try {
    await requireUnaltered(parts, flow)
    return await parts.sessions.read(flow.tenantId, flow.sessionId)
  } catch (error) {
    if (error instanceof KeywellError) await parts.endFlow.failed(flow, error, actor)
    throw error
  }
}

/** T1: the first use of a ticket decides. A later caller cannot end the flow. */
async function refuse(
  { database, endFlow, audit }: ConfirmParts,
  flow: FlowRow,
  isFirst: boolean,
  actor: Actor,
): Promise<void> {
  const error = wrongUser()
  if (isFirst) return endFlow.failed(flow, error, actor)
  const entry = confirmEntryOf(flow, actor)
  await audit.write(database.of(flow.tenantId), { ...entry, result: 'denied', reason: error.code })
}

/** T1: the user who finished the flow is not the one that it was begun for. */
function wrongUser(): KeywellError {
  return new KeywellError(
    'flow_mismatch',
    'The user who finished this flow is not the user it was begun for.',
  )
}

/** The row of an ended flow is not protected by a seal, so its URL must be on an origin of the session. */
function resumeUrlOf({ resumeUrl }: FlowRow, { policy }: SessionRow): string | null {
  if (resumeUrl === null || !URL.canParse(resumeUrl)) return null
  return policy.origins.includes(new URL(resumeUrl).origin) ? resumeUrl : null
}
