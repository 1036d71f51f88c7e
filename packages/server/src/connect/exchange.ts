import {
  KeywellError,
  type ProviderAccount,
  type ProviderDefinition,
  type Secret,
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
import { refusedBy } from '../oauth/provider-refusal.ts'
import type { Suspension } from '../oauth/suspension.ts'
import type { Granted, TokenOutcome } from '../oauth/token-answer.ts'
import { exchangeError } from '../oauth/token-error.ts'
import { heldTokens } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Database, Sql } from '../store/database.ts'
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
export interface Exchange {
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
  await requireFlowAllowed(parts, request.flow)
  const taken = await takeParked(parts, request.flow)
  if (taken === undefined) return
  const { registration, granted } = await grantFor(parts, request, {
    code: taken.parked,
    verifier: taken.verifier,
  })
  await storeGrant(parts, request, registration, granted)
}

/**
 * What a code is worth: the grant of its user.
 *
 * @throws KeywellError when there is none; what came in its place is withdrawn
 */
export async function grantFor(
  parts: ExchangeParts,
  request: Exchange,
  { code, verifier }: { code: Secret; verifier: Secret },
): Promise<{ registration: Registration; granted: Granted }> {
  const { database, integrations, audit, outbound } = parts
  const { flow, actor } = request
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
  if (outcome.kind === 'tokens') return { registration, granted: outcome }
  await handleRefusal(parts, request, registration, outcome)
  throw exchangeError(registration.provider.title, outcome)
}

/** What a refusal of the token endpoint is followed by, whatever becomes of the flow. */
export async function handleRefusal(
  {
    database,
    disconnector,
    suspension,
  }: Pick<ExchangeParts, 'database' | 'disconnector' | 'suspension'>,
  { flow, actor }: Pick<Exchange, 'flow' | 'actor'>,
  registration: Registration,
  outcome: Exclude<TokenOutcome, Granted>,
): Promise<void> {
  if (outcome.kind === 'unusable') {
    await disconnector.withdrawGrant({ ...flow, method: registration.method.id }, registration, {
      ...heldTokens(outcome.tokens),
      reach: reachOfGrant(registration),
    })
  }
  await suspendRejected({ database, suspension }, flow, { registration, ...actor }, outcome)
}

/** A client that the provider rejects is a matter of its integration. */
export async function suspendRejected(
  { database, suspension }: Pick<ExchangeParts, 'database' | 'suspension'>,
  flow: store.FlowRow,
  { registration, actor }: { registration: Registration; actor: string },
  { kind }: Pick<TokenOutcome, 'kind'>,
): Promise<void> {
  if (kind !== 'client_rejected') return
  const why = { reason: kind, revision: registration.revision, actor }
  await database.transaction(withInstallation(flow.tenantId), (sql) =>
    suspension.suspend(sql, flow, why),
  )
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
    const at = placeTold(registration, granted)
    requirePlace(flow, policy, registration.provider, at.host)
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
        await requireClientOfFlow(sql, flow)
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
export function placeTold(
  registration: Registration,
  { origin }: Granted,
): Pick<Registration, 'provider' | 'method' | 'host' | 'variables'> {
  const { provider, method, variables } = registration
  if (!isPlaceTold(provider)) return registration
  const host = origin === null ? undefined : toldHost(provider, origin)
  if (host === undefined) {
    throw refusedBy(provider.title, 'answer_unusable', { detail: 'no address that is allowed' })
  }
  return { provider, method, host, variables: { ...variables, ...variablesAt(provider, host) } }
}

/**
 * The session allows an account at a place that was told, and one that is reconnected has not moved there.
 *
 * @throws KeywellError `host_not_allowed`, `account_mismatch`
 */
export function requirePlace(
  { host: begun, connectionId }: store.FlowRow,
  policy: SessionPolicy,
  provider: ProviderDefinition,
  host: string,
): void {
  if (!isPlaceTold(provider)) return
  requireHostOfSession(policy, host)
  if (connectionId !== null && host !== begun) throw movedAccount(provider, host)
}

function movedAccount({ title }: ProviderDefinition, host: string): KeywellError {
  return new KeywellError(
    'account_mismatch',
    `This ${title} account lives at ${host}, not where the one to reconnect does.`,
    { nextStep: 'Disconnect that one, then connect this account.' },
  )
}

/** A new consent is for the definition of now. */
export function reachOfGrant({
  provider,
  method,
  variables,
}: Pick<Registration, 'provider' | 'method' | 'variables'>): Reach {
  return reachOf(provider, method, variables)
}

/** Inside the transaction that stores a connection: the client must be the one that the flow began with. */
export async function requireClientOfFlow(sql: Sql, flow: store.FlowRow): Promise<void> {
  if (!(await isClientOfIntegration(sql, flow))) throw clientChanged()
}

/** An integration that was edited since the flow began gets no code of this flow. */
export function requireSameClient(
  flow: store.FlowRow,
  { host, clientId, appMethod }: Pick<Registration, 'host' | 'clientId' | 'appMethod'>,
): void {
  if (host === flow.host && clientId === flow.clientId && appMethod.id === flow.method) return
  throw clientChanged()
}

export function clientChanged(): KeywellError {
  return new KeywellError('flow_mismatch', 'The integration was changed while the user consented.')
}
