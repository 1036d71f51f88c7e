import type { ConnectOptions, ProviderDefinition, TenantPolicy } from '@keywell/protocol'
import { findViolation, scopesAllowed } from '@keywell/providers'
import { requireProvider } from '../catalogue.ts'
import type { Integrations, UsableIntegration } from '../oauth/integrations.ts'
import { readTenantPolicy } from '../policy/tenant-policies.ts'
import type { Database } from '../store/database.ts'
import type { SessionPolicy, SessionRow } from '../store/sessions.ts'
import { allowedScopes } from './scope-policy.ts'

/** What a session may connect: providers, hosts and scopes that the session and the tenant's policy allow. */
export async function readConnectOptions(
  { database, integrations }: { database: Database; integrations: Pick<Integrations, 'usable'> },
  { tenantId, policy }: SessionRow,
): Promise<ConnectOptions> {
  const tenantPolicy = await readTenantPolicy(database.of(tenantId), tenantId)
  const usable = (await integrations.usable(tenantId)).filter(
    ({ provider: name, host }) =>
      (policy.providers?.includes(name) ?? true) &&
      (policy.hosts?.includes(host) ?? true) &&
      findViolation(tenantPolicy, { provider: requireProvider(name), host }) === undefined,
  )
  const names = [...new Set(usable.map((integration) => integration.provider))]
  return {
    providers: names.map((name) => {
      const provider = requireProvider(name)
      const own = usable.filter((integration) => integration.provider === name)
      return {
        name,
        title: provider.title,
        hosts: [...new Set(own.map((integration) => integration.host))],
        scopes: scopeOptions(provider, own, policy, tenantPolicy),
      }
    }),
  }
}

function scopeOptions(
  provider: ProviderDefinition,
  integrations: readonly UsableIntegration[],
  policy: SessionPolicy,
  tenantPolicy: TenantPolicy,
): ConnectOptions['providers'][number]['scopes'] {
  const registered = new Set(integrations.flatMap((integration) => integration.scopes))
  const { required, ceiling } = allowedScopes(policy, provider.name, [...registered])
  const allowed = scopesAllowed(tenantPolicy, provider)
  return provider.scopes
    .filter((scope) => ceiling.has(scope.name))
    .filter((scope) => allowed?.includes(scope.name) ?? true)
    .map(({ name, sentence, risk, implies }) => ({
      name,
      sentence,
      risk,
      implies: [...implies],
      required: required.has(name),
    }))
}
