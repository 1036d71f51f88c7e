import {
  KeywellError,
  type ProviderAccount,
  type ProviderDefinition,
  type ProviderReason,
} from '@keywell/protocol'
import { isPlaceTold, type Reach, reachOf, toldHost, variablesAt } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Disconnector } from '../credentials/disconnect.ts'
import type { Logger } from '../logger.ts'
import { lookUpAccount } from '../oauth/account.ts'
import { exchangeCode, type Registration } from '../oauth/client.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { reasonOf, refusedBy } from '../oauth/provider-refusal.ts'
import type { Suspension } from '../oauth/suspension.ts'
import type { Granted, TokenOutcome } from '../oauth/token-answer.ts'
import { heldTokens } from '../oauth/token-set.ts'
import { isOutboundFailure } from '../outbound/errors.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Database } from '../store/database.ts'
import type * as store from '../store/flows.ts'
import { isClientOfIntegration } from '../store/integrations.ts'
import { withInstallation } from '../store/scope.ts'
import type { SessionPolicy } from '../store/sessions.ts'
import type { Vault } from '../vault/vault.ts'
import { confirmEntryOf, type EndFlow } from './end-flow.ts'
import { requireFlowAllowed } from './flow-record.ts'
import { takeParked } from './park-code.ts'
import { requireHostOfSession } from './plan-flow.ts'
import { ownerOfSession } from './session-request.ts'
import type { StoreConnection } from './store-connection.ts'

export interface ExchangeParts {
  catalogue: Catalogue
  database: Database
  vault: Vault
  logger: Logger
  outbound: Outbound
  integrations: Integrations
  suspension: Suspension
  storeConnection: StoreConnection
  endFlow: EndFlow
  disconnector: Pick<Disconnector, 'withdrawGrant'>
  audit: Audit
}

/** The flow of a code, and the confirmation that it is exchanged for. */
interface Exchange {
  flow: store.FlowRow
  policy: SessionPolicy
  actor: Actor
}

/**
 * From a parked code to a stored connection.
 *
 * @throws KeywellError when there is none, and the flow has to be ended
 */
export async function exchange(parts: ExchangeParts, request: Exchange): Promise<void> {
  const { database, integrations, audit, outbound } = parts
  const { flow, actor } = request
  await requireFlowAllowed(parts, flow)
  const taken = await takeParked(parts, flow)
  if (taken === undefined) return
  const { parked: code, verifier } = taken
  const registration = await integrations.registration(flow)
  requireSameClient(flow, registration)
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
  if (outcome.kind !== 'tokens') {
    await handleRefusal(parts, request, registration, outcome)
    throw exchangeError(registration.provider.title, outcome)
  }
  await storeGrant(parts, request, registration, outcome)
}

async function handleRefusal(
  { database, disconnector, suspension }: ExchangeParts,
  { flow, actor }: Exchange,
  registration: Registration,
  outcome: Exclude<TokenOutcome, Granted>,
): Promise<void> {
  if (outcome.kind === 'unusable') {
    await disconnector.withdrawGrant(flow, registration, {
      ...heldTokens(outcome.tokens),
      reach: reachOfGrant(registration),
    })
  }
  if (outcome.kind === 'client_rejected') {
    const { revision } = registration
    const why = { reason: outcome.kind, revision, actor: actor.actor }
    await database.transaction(withInstallation(flow.tenantId), (sql) =>
      suspension.suspend(sql, flow, why),
    )
  }
}

/** Stores what was granted. A grant that cannot be stored is withdrawn at the provider. */
async function storeGrant(
  { outbound, storeConnection, suspension, endFlow, disconnector }: ExchangeParts,
  { flow, policy, actor }: Exchange,
  registration: Registration,
  granted: Granted,
): Promise<void> {
  // RFC 6749 section 5.1: no scope in the answer means that all were granted.
  const scopes = granted.scopes ?? flow.scopes
  let tokens = { ...granted.tokens, reach: reachOfGrant(registration) }
  try {
    const at = placeOfGrant(flow, policy, registration, granted)
    tokens = { ...tokens, reach: reachOfGrant(at) }
    const account: ProviderAccount = await lookUpAccount(outbound, {
      ...at,
      tokens,
      scopes,
      sending: { tenantId: flow.tenantId },
    })
    await storeConnection({
      place: { ...flow, host: at.host, userId: ownerOfSession({ ...flow, policy }) },
      provider: registration.provider,
      account,
      method: registration.method,
      tokens,
      expiresInMs: granted.expiresInMs,
      refreshExpiresInMs: granted.refreshExpiresInMs,
      askedScopes: flow.scopes,
      scopes,
      allowAccountChange: policy.allowAccountChange,
      entry: confirmEntryOf(flow, actor),
      also: async (sql, { id }) => {
        // The client must be the one that the flow began with.
        if (!(await isClientOfIntegration(sql, flow))) throw clientChanged()
        await endFlow.connected(sql, flow, id)
        await suspension.clear(sql, flow, actor)
      },
    })
  } catch (error) {
    if (await endFlow.unlessStored(flow, error, actor)) {
      await disconnector.withdrawGrant(flow, registration, tokens)
    }
  }
}

/**
 * Where the account lives: where the flow began, or where the provider says it is.
 *
 * @throws KeywellError `provider_error` for an address that its definition does not allow
 */
function placeOfGrant(
  { host: begun, connectionId }: store.FlowRow,
  policy: SessionPolicy,
  registration: Registration,
  { origin }: Granted,
): Pick<Registration, 'provider' | 'method' | 'host' | 'variables'> {
  const { provider, method, variables } = registration
  if (!isPlaceTold(provider)) return registration
  const host = origin === null ? undefined : toldHost(provider, origin)
  if (host === undefined) {
    throw refusedBy(provider.title, 'answer_unusable', { detail: 'no address that is allowed' })
  }
  requireHostOfSession(policy, host)
  if (connectionId !== null && host !== begun) throw movedAccount(provider, host)
  return { provider, method, host, variables: { ...variables, ...variablesAt(provider, host) } }
}

function movedAccount({ title }: ProviderDefinition, host: string): KeywellError {
  return new KeywellError(
    'account_mismatch',
    `This ${title} account lives at ${host}, not where the one to reconnect does.`,
    { nextStep: 'Disconnect that one, then connect this account.' },
  )
}

/** A new consent is for the definition of now. */
function reachOfGrant({
  provider,
  method,
  variables,
}: Pick<Registration, 'provider' | 'method' | 'variables'>): Reach {
  return reachOf(provider, method, variables)
}

/** An integration that was edited since the flow began gets no code of this flow. */
function requireSameClient(flow: store.FlowRow, registration: Registration): void {
  const { host, clientId, method } = registration
  if (host === flow.host && clientId === flow.clientId && method.id === flow.method) return
  throw clientChanged()
}

function clientChanged(): KeywellError {
  return new KeywellError('flow_mismatch', 'The integration was changed while the user consented.')
}

/** The error of a flow whose code brought no tokens. */
function exchangeError(title: string, outcome: Exclude<TokenOutcome, Granted>): KeywellError {
  const { detail } = outcome
  switch (outcome.kind) {
    case 'not_sent':
    case 'not_processed':
      if (detail === 'outgrown') return clientOutgrown(title)
      return refusedBy(title, 'provider_unavailable', { detail })
    case 'ambiguous':
      return refusedBy(title, reasonOfAmbiguous(detail), { detail })
    case 'unusable':
      return refusedBy(title, 'answer_unusable', { detail })
    case 'rejected':
    case 'sign_in_again':
      return new KeywellError('flow_expired', 'The provider no longer accepts this code.')
    case 'suspended':
      return refusedBy(title, 'account_blocked', { detail })
    case 'client_rejected':
      return refusedBy(title, 'client_rejected', { detail })
    case 'request_rejected':
      return refusedBy(title, 'request_rejected', { detail })
    default:
      outcome satisfies never
      throw new TypeError('unreachable')
  }
}

/** The secret of the app stays where it was stored for, until an operator who knows the new definition sets it. */
function clientOutgrown(title: string): KeywellError {
  return new KeywellError(
    'integration_missing',
    `The definition of ${title} has other addresses than when the secret of its app was stored.`,
    {
      nextStep:
        'Check the new definition, then set the client again: PUT /v1/integrations/:integrationId/client.',
    },
  )
}

/** The reason behind an answer of the token endpoint that is not one of OAuth. */
function reasonOfAmbiguous(detail: string): ProviderReason {
  const status = /^status (\d{3})$/.exec(detail)?.[1]
  if (status !== undefined) return reasonOf({ status: Number(status), body: undefined })
  if (isOutboundFailure(detail) || temporaryErrors.includes(detail)) return 'provider_unavailable'
  // An error code that OAuth does not define, or a body that is not an OAuth answer.
  return detail.includes(' ') ? 'answer_unusable' : 'request_rejected'
}

/** RFC 6749 section 4.1.2.1. */
const temporaryErrors: readonly string[] = ['temporarily_unavailable', 'server_error']
