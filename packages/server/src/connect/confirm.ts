import {
  type ConfirmAnswer,
  type confirmSchema,
  KeywellError,
  type ProviderAccount,
  type ProviderReason,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { Logger } from '../logger.ts'
import type { Tracing } from '../metrics/tracing.ts'
import { lookUpAccount } from '../oauth/account.ts'
import { createBlame } from '../oauth/blame.ts'
import { exchangeCode, type Registration } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { reasonOf, refusedBy } from '../oauth/provider-refusal.ts'
import type { Granted, TokenOutcome } from '../oauth/token-answer.ts'
import { heldTokens } from '../oauth/token-set.ts'
import { isOutboundFailure } from '../outbound/errors.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Timing } from '../refresh/timing.ts'
import type { Database, Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import { isClientOfIntegration } from '../store/integrations.ts'
import { installation, withInstallation } from '../store/scope.ts'
import type { SessionPolicy, SessionRow } from '../store/sessions.ts'
import type { Vault } from '../vault/vault.ts'
import { confirmEntryOf, type EndFlow } from './end-flow.ts'
import { openFlowSecret, readFlow, requireFlowAllowed, requireUnaltered } from './flow-record.ts'
import { viewFlow } from './flows.ts'
import type { OneTimeCodes } from './one-time-code.ts'
import type { Sessions } from './sessions.ts'
import type { StoreConnection } from './store-connection.ts'

type Confirmation = z.output<typeof confirmSchema> & {
  sessionId: string
  /** The only ones that whoever confirms may deal with. Default: all. */
  providers?: readonly string[] | undefined
} & Actor

/**
 * Steps 7 and 8: the app's backend says who is signed in, in the browser that brought the ticket.
 * Only if that is who the session was made for is the code exchanged, the account looked up, and the
 * credential stored. Anything else destroys the code.
 */
export function createConfirm(parts: {
  database: Database
  vault: Vault
  logger: Logger
  outbound: Outbound
  sessions: Sessions
  codes: OneTimeCodes
  integrations: Integrations
  storeConnection: StoreConnection
  endFlow: EndFlow
  disconnector: Pick<Disconnector, 'withdrawGrant'>
  audit: Audit
  timing: Timing
  tracing: Tracing
}): (request: Confirmation) => Promise<ConfirmAnswer> {
  const { database, codes, outbound, audit, endFlow } = parts
  const blame = createBlame(parts)

  /** Neither the flow nor its session was changed; answers the session. */
  async function proveRows(flow: store.FlowRow): Promise<SessionRow> {
    await requireUnaltered(parts, flow)
    return parts.sessions.read(flow.tenantId, flow.sessionId)
  }

  /** From a parked code to a stored connection. */
  async function exchange(flow: store.FlowRow, policy: SessionPolicy, actor: Actor): Promise<void> {
    await requireFlowAllowed(database, flow)
    const taken = await store.takeCode(database.of(flow.tenantId), flow.tenantId, flow.id)
    if (taken === undefined) {
      // Another load of the same page is at work with it, or was: what it does counts.
      const now = await readFlow(database.of(flow.tenantId), flow.tenantId, flow.id)
      if (now.status !== 'confirming') return
      throw new KeywellError(
        'flow_expired',
        'The provider’s answer waited too long to be confirmed.',
      )
    }
    const open = (field: 'parked_code' | 'verifier', sealed: Uint8Array) =>
      openFlowSecret(parts, flow, { field, sealed })
    const code = await open('parked_code', taken.sealedCode)
    const verifier = await open('verifier', taken.sealedVerifier)
    const registration = await parts.integrations.registration(
      flow.integrationOwner,
      flow.integrationId,
    )
    requireUnchanged(flow, registration)
    await audit.write(database.of(flow.tenantId), {
      ...confirmEntryOf(flow, actor),
      result: 'intent',
    })
    const outcome = await exchangeCode(outbound, registration, {
      code,
      verifier,
      redirectUri: flow.redirectUri,
      sending: { tenantId: flow.tenantId },
    })
    if (outcome.kind === 'unusable') {
      await parts.disconnector.withdrawGrant(flow, registration, heldTokens(outcome.tokens))
    }
    if (outcome.kind === 'client_rejected') {
      const { revision } = registration
      const why = { reason: outcome.kind, revision, actor: actor.actor }
      await database.transaction(withInstallation(flow.tenantId), (sql) =>
        blame.suspend(sql, flow, why),
      )
    }
    if (outcome.kind !== 'tokens') throw refusal(registration.provider.title, outcome)
    await keep(flow, policy, registration, outcome, actor)
  }

  /** Stores what was granted; a grant that cannot be kept is withdrawn at the provider. */
  async function keep(
    flow: store.FlowRow,
    policy: SessionPolicy,
    registration: Registration,
    granted: Granted,
    actor: Actor,
  ): Promise<void> {
    // RFC 6749 section 5.1: no scope in the answer means that all was granted.
    const scopes = granted.scopes ?? flow.scopes
    const { accessToken } = granted.tokens
    try {
      const account: ProviderAccount = await lookUpAccount(outbound, {
        ...registration,
        accessToken,
        scopes,
        sending: { tenantId: flow.tenantId },
      })
      await parts.storeConnection({
        place: flow,
        provider: registration.provider,
        account,
        type: 'oauth_token',
        tokens: granted.tokens,
        expiresInMs: granted.expiresInMs,
        askedScopes: flow.scopes,
        scopes,
        allowAccountChange: policy.allowAccountChange,
        entry: confirmEntryOf(flow, actor),
        also: async (sql, { id }) => {
          await finish(sql, flow, id)
          await blame.clear(sql, flow, actor)
        },
      })
    } catch (error) {
      await endFlow.withGrant(flow, { registration, tokens: granted.tokens }, error, actor)
    }
  }

  /** T1. Who comes with a ticket that was used already ends nothing: whose it is was said before. */
  async function refuse(flow: store.FlowRow, isFirst: boolean, actor: Actor): Promise<void> {
    const error = foreign()
    if (isFirst) return endFlow.failed(flow, error, actor)
    const entry = confirmEntryOf(flow, actor)
    await audit.write(database.of(flow.tenantId), {
      ...entry,
      result: 'denied',
      reason: error.code,
    })
  }

  async function confirm({
    sessionId,
    flowId,
    ticket,
    tenantId,
    userId,
    providers,
    ...actor
  }: Confirmation): Promise<ConfirmAnswer> {
    // A page that is loaded again brings its ticket again, and learns how the flow stands. What happens
    // once is the exchange, and a ticket that was shown to the wrong user has ended its flow.
    const flow = (await codes.find('ticket', ticket))?.flow
    const isFirst =
      flow !== undefined &&
      (await database.transaction(installation, (sql) => codes.spend(sql, 'ticket', ticket)))
    if (flow === undefined || flow.id !== flowId || flow.tenantId !== tenantId) {
      // A ticket that names another tenant's flow ends that flow, and tells the caller nothing of it.
      if (flow !== undefined) await refuse(flow, isFirst, actor)
      throw new KeywellError('flow_mismatch', 'This ticket does not finish this flow.', {
        nextStep: 'Look at the connections: if the account is not among them, connect it again.',
      })
    }
    const session = await proveRows(flow).catch(async (error: unknown) => {
      if (error instanceof KeywellError) await endFlow.failed(flow, error, actor)
      throw error
    })
    const isOurs = providers?.includes(flow.provider) ?? true
    if (flow.sessionId !== sessionId || flow.userId !== userId || !isOurs) {
      await refuse(flow, isFirst, actor)
      throw foreign()
    }
    if (flow.status === 'confirming') {
      try {
        await exchange(flow, session.policy, actor)
      } catch (error) {
        if (!(error instanceof KeywellError)) throw error
        await endFlow.failed(flow, error, actor)
      }
    }
    const ended = await readFlow(database.of(tenantId), tenantId, flowId)
    return {
      ...(await viewFlow(database, ended)),
      mode: flow.mode,
      resumeUrl: resumeUrlOf(flow, session),
    }
  }

  return (request) =>
    parts.tracing.span('keywell.connect.confirm', {}, async (say) => {
      const answer = await confirm(request)
      say({ 'keywell.outcome': answer.status })
      return answer
    })
}

/** Of a flow that has ended nothing proves its row: what it says stays within the session. */
function resumeUrlOf({ resumeUrl }: store.FlowRow, { policy }: SessionRow): string | null {
  if (resumeUrl === null || !URL.canParse(resumeUrl)) return null
  return policy.origins.includes(new URL(resumeUrl).origin) ? resumeUrl : null
}

/** T1: whoever finished the flow is not who it was begun for. */
function foreign(): KeywellError {
  return new KeywellError(
    'flow_mismatch',
    'Whoever finished this flow is not the user it was begun for.',
  )
}

/** The flow's snapshot counts: an integration that was edited meanwhile gets no code of this flow. */
function requireUnchanged(flow: store.FlowRow, registration: Registration): void {
  if (registration.host === flow.host && registration.clientId === flow.clientId) return
  throw clientChanged()
}

function clientChanged(): KeywellError {
  return new KeywellError('flow_mismatch', 'The integration was changed while the user consented.')
}

/**
 * The end of the flow, in the transaction that stores what it brought. It demands what the flow began
 * with: that nobody has ended it, that its time is not over, and that the client is still the same.
 * Else nothing of the transaction stays.
 */
async function finish(sql: Sql, flow: store.FlowRow, connectionId: string): Promise<void> {
  if (!(await isClientOfIntegration(sql, flow))) throw clientChanged()
  if (!(await store.connectFlow(sql, { ...flow, connectionId }))) {
    throw new KeywellError(
      'flow_expired',
      'This attempt was cancelled or had run out before the account could be stored.',
    )
  }
  await store.notifyFlow(sql, flow.id)
}

function refusal(title: string, outcome: Exclude<TokenOutcome, Granted>): KeywellError {
  const { detail } = outcome
  switch (outcome.kind) {
    case 'not_sent':
    case 'not_processed':
      return refusedBy(title, 'provider_unavailable', { detail })
    case 'ambiguous':
      return refusedBy(title, reasonOfLoss(detail), { detail })
    case 'unusable':
      return refusedBy(title, 'answer_unusable', { detail })
    case 'rejected':
      return new KeywellError('flow_expired', 'The provider no longer takes this code.')
    case 'client_rejected':
      return refusedBy(title, 'client_rejected', { detail })
    case 'request_rejected':
      return refusedBy(title, 'request_rejected', { detail })
    default:
      outcome satisfies never
      throw new TypeError('unreachable')
  }
}

/** Of an answer of the token endpoint that is no answer of OAuth. */
function reasonOfLoss(detail: string): ProviderReason {
  const status = /^status (\d{3})$/.exec(detail)?.[1]
  if (status !== undefined) return reasonOf({ status: Number(status), body: undefined })
  if (isOutboundFailure(detail) || passing.includes(detail)) return 'provider_unavailable'
  // What is left is an error code of OAuth that nobody knows, or a body that is none.
  return detail.includes(' ') ? 'answer_unusable' : 'request_rejected'
}

/** RFC 6749 section 4.1.2.1. */
const passing: readonly string[] = ['temporarily_unavailable', 'server_error']
