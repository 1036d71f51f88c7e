import type { CredentialType, ProviderDefinition, Secret } from '@keywell/protocol'
import { credentialSchemeOf } from '@keywell/providers'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { getWithToken } from './account.ts'
import type { Sending } from './client.ts'
import { readScopes } from './outside-text.ts'

/** What a provider says of a token. */
export interface ProbeNews {
  news: 'alive' | 'dead' | 'unknown'
  /** A word for why it is not known. */
  detail: string | null
  /** With `alive`, where the provider tells: what the token may do. */
  scopes: readonly string[] | null
  /** The same for the time of its end; only API keys tell one. */
  expiresAt: Date | null
}

export interface ProbeParts {
  outbound: Outbound
  metrics: Pick<Metrics, 'probed'>
  tracing: Tracing
}

export interface ProbeOptions {
  provider: ProviderDefinition
  host: string
  /** What kind of credential it is. Default: of OAuth. */
  type?: CredentialType | null
  accessToken: Secret
  sending: Sending
}

/**
 * Asks the provider whether a token lives. Whatever is neither clearly alive nor clearly dead, 403,
 * 404, 5xx and silence among it, is `unknown` and says nothing about the grant.
 */
export function probeToken(
  { outbound, metrics, tracing }: ProbeParts,
  options: ProbeOptions,
): Promise<ProbeNews> {
  const { name: provider } = options.provider
  return tracing.span('keywell.probe', { 'keywell.provider': provider }, async (say) => {
    const found = await ask(outbound, options)
    metrics.probed(provider, found.news)
    say({ 'keywell.outcome': found.news })
    return found
  })
}

async function ask(outbound: Outbound, options: ProbeOptions): Promise<ProbeNews> {
  const { health, header } = credentialSchemeOf(options.provider, options.type ?? null)
  try {
    const answer = await getWithToken(outbound, { ...options, header, path: health.path })
    if (health.alive(answer)) {
      const { scopes, expiresAt = null } = health.details?.(answer.body) ?? {}
      return { news: 'alive', detail: null, scopes: cleanScopes(scopes), expiresAt }
    }
    if (health.dead(answer)) return { ...nothingTold, news: 'dead', detail: null }
    return { ...nothingTold, news: 'unknown', detail: `status_${answer.status}` }
  } catch {
    return { ...nothingTold, news: 'unknown', detail: 'no_answer' }
  }
}

/** None at all is something that a provider may say of a token. */
function cleanScopes(scopes: readonly string[] | undefined): readonly string[] | null {
  if (scopes === undefined) return null
  return scopes.length === 0 ? [] : readScopes(scopes)
}

const nothingTold = { scopes: null, expiresAt: null }
