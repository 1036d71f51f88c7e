import {
  type createFlowSchema,
  defaultConnectionName,
  KeywellError,
  type Method,
  type ProviderDefinition,
  type TenantPolicy,
} from '@keywell/protocol'
import {
  defaultScopesOf,
  findViolation,
  isHostOf,
  isMinted,
  isPlaceTold,
  isTyped,
  scopesAllowed,
} from '@keywell/providers'
import type { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import { knownHost, parsePlace } from '../host.ts'
import { appHostOf } from '../oauth/app-place.ts'
import type { Integrations, UsableIntegration } from '../oauth/integrations.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { requireAllowed } from '../policy/require-allowed.ts'
import { readTenantPolicy } from '../policy/tenant-policies.ts'
import { findConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import type { FlowRow } from '../store/flows.ts'
import type { SessionPolicy, SessionRow } from '../store/sessions.ts'
import { deviceMethods, firstUsable, offeredMethods } from './choose-method.ts'
import { requireKnownHost } from './connect-key.ts'
import { planFlowScopes } from './scope-policy.ts'

export type FlowRequest = Omit<z.output<typeof createFlowSchema>, 'mode'> & {
  mode: FlowRow['mode']
}

/** The account, integration and scopes of a flow. */
export interface FlowPlan {
  target: Target
  method: Method
  /** Null with a key, which needs none. */
  integration: UsableIntegration | null
  scopes: string[]
}

interface Target {
  provider: ProviderDefinition
  host: string
  /** The methods that may be used. */
  offered: readonly [Method, ...Method[]]
  connectionName: string
  /** The connection to reconnect; null: there is none. */
  connectionId: string | null
}

interface PlanParts {
  catalogue: Catalogue
  database: Database
  outbound: Outbound
  integrations: Pick<Integrations, 'list' | 'pick' | 'usable'>
}

/**
 * Plans the flow that the browser requests. The session and the tenant's policy must allow it.
 *
 * @throws KeywellError that says what is not allowed, by the session or by the policy
 */
export async function planFlow(
  parts: PlanParts,
  session: SessionRow,
  request: FlowRequest,
): Promise<FlowPlan> {
  const { tenantId } = session
  const policy = await readTenantPolicy(parts.database.of(tenantId), tenantId)
  const target = await chooseTarget(parts, session, policy, request)
  const { provider, host, offered } = target
  requireAllowed(policy, { provider, host: knownHost(provider, host) })
  const place = { tenantId, provider, host }
  const method = await firstUsable(parts, offered, place)
  const integration = isTyped(method) ? null : await parts.integrations.pick({ ...place, method })
  if (isTyped(method)) await requireKnownHost(parts, place)
  const allowed = scopesAllowed(policy, provider)
  const scopes = planFlowScopes({
    policy: session.policy,
    provider,
    method,
    registered: integration?.scopes ?? typedScopes(provider, method),
    chosen: request.scopes,
    defaults: defaultScopesOf(provider, method).filter((scope) => allowed?.includes(scope) ?? true),
  })
  requireAllowed(policy, { provider, scopes })
  return { target, method, integration, scopes }
}

/** A person ticks the scopes of a key, so all of the provider's are there; those of minted tokens are asked for by the service. */
function typedScopes({ scopes }: ProviderDefinition, method: Method): readonly string[] {
  return isMinted(method) && isTyped(method) ? method.defaultScopes : scopes.map(({ name }) => name)
}

/** The account of a flow: the one to reconnect, or the one that the browser requests within the session. */
async function chooseTarget(
  { catalogue, database, integrations }: Pick<PlanParts, 'catalogue' | 'database' | 'integrations'>,
  session: SessionRow,
  tenantPolicy: TenantPolicy,
  request: FlowRequest,
): Promise<Target> {
  const { policy } = session
  const provider = catalogue.get(session.tenantId, request.provider)
  if (policy.providers !== null && !policy.providers.includes(provider.name)) {
    throw new KeywellError(
      'unknown_provider',
      `This connect session does not allow ${provider.title}.`,
      { nextStep: "Name the provider when the app's backend makes the session." },
    )
  }
  const reconnected =
    policy.connectionId === null
      ? undefined
      : await findConnection(database.of(session.tenantId), session.tenantId, policy.connectionId)
  if (reconnected !== undefined && reconnected.provider !== provider.name) {
    throw new KeywellError(
      'unknown_provider',
      `This connect session reconnects a connection to ${reconnected.provider}.`,
    )
  }
  const allowed = offeredMethods(policy, provider, request.method)
  const offered = reconnectedFirst(
    request.mode === 'device' ? deviceMethods(policy, provider, allowed) : allowed,
    request.method === undefined ? reconnected : undefined,
  )
  const host =
    reconnected?.host ??
    (isPlaceTold(provider)
      ? placeToBeTold(provider, request.host)
      : request.host === undefined
        ? chooseHost(session, tenantPolicy, provider, {
            offered,
            usable: await integrations.usable(session.tenantId),
          })
        : parsePlace(provider, request.host))
  requireHostOfSession(policy, knownHost(provider, host))
  return {
    provider,
    host,
    offered,
    connectionName: reconnected?.name ?? request.connectionName ?? defaultConnectionName,
    connectionId: reconnected?.id ?? null,
  }
}

/**
 * @param host undefined: it is not known yet
 * @throws KeywellError `host_not_allowed`
 */
export function requireHostOfSession(
  { hosts }: Pick<SessionPolicy, 'hosts'>,
  host: string | undefined,
): void {
  if (host === undefined || hosts === null || hosts.includes(host)) return
  throw new KeywellError('host_not_allowed', `This connect session does not allow ${host}.`)
}

/** Where an account of the provider lives is told with its tokens. Until then the host of a flow is that of its app. */
function placeToBeTold(provider: ProviderDefinition, host: string | undefined): string {
  if (host === undefined) return appHostOf(provider, undefined)
  throw new KeywellError(
    'host_not_allowed',
    `${provider.title} says itself where an account lives.`,
    { nextStep: 'Leave host out.' },
  )
}

/** Who reconnects does so in the way of before, where nothing else is asked for. */
function reconnectedFirst(
  offered: FlowPlan['target']['offered'],
  reconnected: { method: string } | undefined,
): FlowPlan['target']['offered'] {
  const same = offered.find(({ id }) => id === reconnected?.method)
  return same === undefined ? offered : [same]
}

/** The host where the page names none. */
function chooseHost(
  { policy }: SessionRow,
  tenantPolicy: TenantPolicy,
  provider: ProviderDefinition,
  { offered, usable }: { offered: readonly Method[]; usable: readonly UsableIntegration[] },
): string {
  const { name } = provider
  const chosen = Object.hasOwn(policy.defaultHosts ?? {}, name) && policy.defaultHosts?.[name]
  if (chosen) return chosen
  // A key is made at any host that is known here.
  const serves = (app: UsableIntegration) =>
    offered.some((method) => isTyped(method) || method.id === app.method)
  const hosts = new Set(
    usable
      .filter((app) => app.provider === name && serves(app))
      .map(({ host }) => host)
      .filter((host) => isHostOf(provider, host))
      .filter((host) => policy.hosts?.includes(host) ?? true)
      .filter((host) => findViolation(tenantPolicy, { provider, host }) === undefined),
  )
  const [only] = hosts
  if (hosts.size < 2) return only ?? parsePlace(provider, undefined)
  throw new KeywellError(
    'host_required',
    `${provider.title} is registered here on several hosts: ${[...hosts].join(', ')}.`,
    { hosts: [...hosts] },
  )
}
