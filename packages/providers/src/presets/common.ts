import type {
  AccountReader,
  HealthDefinition,
  IdentityDefinition,
  Preset,
  ProviderDefinition,
} from '@keywell/protocol'

type ByRequest = Extract<Preset, { preset: 'oauth2' }>

/** What every preset has in common, with the method that it makes. */
export function definitionOf(
  preset: Preset,
  {
    base,
    method,
    ...more
  }: { base: string; method: ProviderDefinition['auth'][number] } & Partial<
    Pick<ProviderDefinition, 'scopes' | 'scopeGroups'>
  > & { appsUrl?: string | undefined; steps: readonly string[] },
): ProviderDefinition {
  const { name, title, documentationUrl, mark, category = 'other', variables = {}, also } = preset
  return {
    schema: 2,
    name,
    title,
    category,
    // What was not named is a guess, if a careful one.
    state: 'preview',
    documentationUrl,
    ...(mark && { mark }),
    variables,
    api: { base, ...(also && { also }) },
    auth: [method],
    scopes: more.scopes ?? [],
    scopeGroups: more.scopeGroups ?? [],
    scopePresets: [],
    limits: preset.limits ?? { requestsPerSecond: 5, burst: 10, concurrency: 4 },
    registration: {
      each: base.startsWith('{') ? 'host' : 'provider',
      url: more.appsUrl ?? documentationUrl,
      steps: more.steps,
    },
  }
}

export function manualUrlOf({ manualUrl, documentationUrl }: Preset): string {
  return manualUrl ?? documentationUrl
}

export function identityOf(identity: ByRequest['identity']): IdentityDefinition {
  const { url, id, type = 'text', name = [], username = [], avatarUrl = [] } = identity
  // A list of one place or more.
  const account: AccountReader = { id: { at: id, type }, name, username, avatarUrl }
  return { request: look(url), account, scopes: [] }
}

export function healthOf(
  { url, active = [{ status: [200] }], inactive }: ByRequest['health'],
  fallback: HealthDefinition['inactive'],
): HealthDefinition {
  return { request: look(url), active, inactive: inactive ?? fallback, details: {} }
}

export const look = (url: string) => ({ method: 'GET', url, headers: {} }) as const
