import type { ProviderDefinition, Secret } from '@keywell/protocol'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { getWithToken } from './account.ts'
import type { Sending } from './client.ts'

/** What a provider says of a token. */
export interface ProbeNews {
  news: 'alive' | 'dead' | 'unknown'
  /** A word for why it is not known. */
  detail: string | null
  /** With `alive`, where the provider tells: what the token may do. */
  scopes: readonly string[] | null
}

export interface ProbeParts {
  outbound: Outbound
  metrics: Pick<Metrics, 'probed'>
  tracing: Tracing
}

export interface ProbeOptions {
  provider: ProviderDefinition
  host: string
  accessToken: Secret
  sending?: Sending
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
  const { health } = options.provider
  try {
    const answer = await getWithToken(outbound, { ...options, path: health.path })
    if (health.alive(answer)) {
      const scopes = health.details?.(answer.body).scopes ?? null
      return { news: 'alive', detail: null, scopes }
    }
    if (health.dead(answer)) return { news: 'dead', detail: null, scopes: null }
    return { news: 'unknown', detail: `status_${answer.status}`, scopes: null }
  } catch {
    return { news: 'unknown', detail: 'no_answer', scopes: null }
  }
}
