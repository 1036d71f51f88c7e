import {
  allowsTool,
  type ConnectOptions,
  limitOf,
  type MethodView,
  type ProviderDefinition,
  type TenantPolicy,
  type ToolSummary,
  toolLimitsOf,
} from '@keywell/protocol'
import { defaultHostOf, findViolation, isHostOf, isTyped, scopesAllowed } from '@keywell/providers'
import { listTools, summarizeTool } from '@keywell/tools'
import type { Catalogue } from '../catalogue.ts'
import { knownHost, parseHost } from '../host.ts'
import type { Integrations, UsableIntegration } from '../oauth/integrations.ts'
import { readTenantPolicy } from '../policy/tenant-policies.ts'
import { brandOf } from '../provider-brand.ts'
import { viewGroups, viewPresets, viewScope } from '../scope-views.ts'
import type { Database } from '../store/database.ts'
import type { SessionPolicy, SessionRow } from '../store/sessions.ts'
import { allowedMethods } from './choose-method.ts'
import { viewPlace } from './place-view.ts'
import { allowedScopes } from './scope-policy.ts'

/**
 * What a session may connect: providers, hosts and scopes that the session and the tenant's policy allow, and on
 * request the tools that the policy allows there.
 */
export async function readConnectOptions(
  {
    catalogue,
    database,
    integrations,
  }: { catalogue: Catalogue; database: Database; integrations: Pick<Integrations, 'usable'> },
  { tenantId, policy }: SessionRow,
  { withTools, host: named }: { readonly withTools: boolean; readonly host: string | undefined },
): Promise<ConnectOptions> {
  const only = named === undefined ? undefined : parseHost(named)
  const tenantPolicy = await readTenantPolicy(database.of(tenantId), tenantId)
  const usable = picked(await integrations.usable(tenantId)).filter(
    ({ provider: name, host: ofApp }) => {
      const provider = catalogue.get(tenantId, name)
      const host = knownHost(provider, ofApp)
      return (
        (only === undefined || host === only) &&
        (policy.providers?.includes(name) ?? true) &&
        (host === undefined || (policy.hosts?.includes(host) ?? true)) &&
        findViolation(tenantPolicy, { provider, host }) === undefined
      )
    },
  )
  const names = [...new Set(usable.map((integration) => integration.provider))]
  return {
    places: placesOf(catalogue.list(tenantId), { policy, tenantPolicy, usable: names }),
    providers: names.map((name) => {
      const provider = catalogue.get(tenantId, name)
      const own = usable.filter((integration) => integration.provider === name)
      const registered = registeredScopes(policy, name, own)
      const scopes = scopeOptions(provider, registered, policy, tenantPolicy)
      return {
        name,
        ...brandOf(provider),
        defaultHost: defaultHostOf(provider) ?? null,
        hosts: [...new Set(own.map((integration) => integration.host))].filter((host) =>
          isHostOf(provider, host),
        ),
        methods: methodsOf(policy, provider, own),
        scopes,
        scopeGroups: viewGroups(provider, scopes),
        scopePresets: viewPresets(provider, scopes),
        ...(withTools && { tools: toolOptions(name, tenantPolicy) }),
      }
    }),
  }
}

/** A key needs no integration, so those of which a session takes keys are among them. */
function placesOf(
  providers: readonly ProviderDefinition[],
  {
    policy,
    tenantPolicy,
    usable,
  }: { policy: SessionPolicy; tenantPolicy: TenantPolicy; usable: readonly string[] },
): ConnectOptions['places'] {
  return Object.fromEntries(
    providers.flatMap((provider) => {
      const place = viewPlace(provider)
      const isOffered = usable.includes(provider.name) || takesKeys(policy, provider)
      const isAllowed =
        (policy.providers?.includes(provider.name) ?? true) &&
        findViolation(tenantPolicy, { provider }) === undefined
      return place !== null && isOffered && isAllowed ? [[provider.name, place]] : []
    }),
  )
}

/** Whether a session connects the provider by a key that its user pastes. */
export function takesKeys(policy: SessionPolicy, provider: ProviderDefinition): boolean {
  return allowedMethods(policy, provider).some(({ kind }) => kind === 'key')
}

/** Of two for one host and method, the tenant's own comes first, and is the one that is used. */
export function picked(integrations: readonly UsableIntegration[]): UsableIntegration[] {
  const nameOf = ({ provider, method, host }: UsableIntegration) =>
    JSON.stringify([provider, method, host])
  return integrations.filter(
    (each, at) => integrations.findIndex((one) => nameOf(one) === nameOf(each)) === at,
  )
}

/** The methods that a session may use: by consent those of its integrations, and those by a key. */
function methodsOf(
  policy: SessionPolicy,
  provider: ProviderDefinition,
  integrations: readonly UsableIntegration[],
): MethodView[] {
  return allowedMethods(policy, provider)
    .filter((each) => isTyped(each) || integrations.some(({ method }) => method === each.id))
    .map(({ id, kind, title }) => ({ id, kind, title }))
}

/**
 * The scopes that can be asked for: on a session's default host those that are registered there; without one, each host has
 * its own.
 */
export function registeredScopes(
  { defaultHosts }: SessionPolicy,
  provider: string,
  integrations: readonly UsableIntegration[],
): string[] {
  const usual = limitOf(defaultHosts, provider)
  const there = integrations.filter(({ host }) => host === usual)
  const asked = there.length > 0 ? there : integrations
  return asked.flatMap((integration) => integration.scopes)
}

/** What a page may choose scopes from, of those that the integrations are registered with. */
export function scopeOptions(
  provider: ProviderDefinition,
  registered: readonly string[],
  policy: SessionPolicy,
  tenantPolicy: TenantPolicy,
): ConnectOptions['providers'][number]['scopes'] {
  const { required, ceiling } = allowedScopes(policy, provider, registered)
  const allowed = scopesAllowed(tenantPolicy, provider)
  return provider.scopes
    .filter((scope) => ceiling.has(scope.name))
    .filter((scope) => allowed?.includes(scope.name) ?? true)
    .map((scope) => ({ ...viewScope(provider, scope), required: required.has(scope.name) }))
}

function toolOptions(provider: string, tenantPolicy: TenantPolicy): ToolSummary[] {
  const limits = toolLimitsOf(tenantPolicy, provider)
  return listTools(provider)
    .filter(({ name, effect }) => allowsTool(limits, { name, readOnly: effect === 'read' }))
    .map(summarizeTool)
}
