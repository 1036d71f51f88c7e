import type { Method, ProviderDefinition } from '@keywell/protocol'
import { readHealth } from '@keywell/providers'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import { type Outbound, OutboundError } from '../outbound/outbound.ts'
import { sendWithToken } from './account.ts'
import type { Sending } from './client.ts'
import { readScopes } from './outside-text.ts'
import type { SentTokens } from './token-set.ts'

/** The reason of a connection's health when its definition names addresses that its credential was not stored for. */
export const outgrown = 'definition_outgrown'

/** The same when its definition does not have its method any more. */
export const methodRemoved = 'method_removed'

/** These say nothing of a credential, and stay so until somebody acts. */
export const definitionReasons: readonly string[] = [outgrown, methodRemoved]

/** What a provider's answer says about a token. */
export interface ProbeResult {
  status: 'active' | 'inactive' | 'unknown'
  /** A word for why it is not known. */
  detail: string | null
  /** With `active`, where the provider states it: what the token may do. */
  scopes: readonly string[] | null
  /** The same for the time of its end; only API keys have one. */
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
  method: Method
  tokens: SentTokens
  sending: Sending
}

/**
 * Asks the provider whether a token is active. An answer that says neither clearly, such as 403, 404 or 5xx, and
 * no answer at all, is `unknown` and says nothing about the grant.
 */
export function probeToken(
  { outbound, metrics, tracing }: ProbeParts,
  options: ProbeOptions,
): Promise<ProbeResult> {
  const { name: provider } = options.provider
  return tracing.span('keywell.probe', { 'keywell.provider': provider }, async (say) => {
    const found = await ask(outbound, options)
    metrics.probed(provider, found.status)
    say({ 'keywell.outcome': found.status })
    return found
  })
}

async function ask(outbound: Outbound, options: ProbeOptions): Promise<ProbeResult> {
  const { health } = options.method
  try {
    const answer = await sendWithToken(outbound, health.request, options)
    const found = readHealth(health, answer)
    if (found.status === 'active') {
      const { status, scopes, expiresAt = null } = found
      return { status, detail: null, scopes: cleanScopes(scopes), expiresAt }
    }
    const detail = found.status === 'unknown' ? `status_${answer.status}` : null
    return { ...nothingStated, status: found.status, detail }
  } catch (error) {
    const isOutgrown = error instanceof OutboundError && error.reason === 'definition_outgrown'
    return { ...nothingStated, status: 'unknown', detail: isOutgrown ? outgrown : 'no_answer' }
  }
}

/** None at all is something that a provider may say of a token. */
function cleanScopes(scopes: readonly string[] | undefined): readonly string[] | null {
  if (scopes === undefined) return null
  return scopes.length === 0 ? [] : readScopes(scopes)
}

const nothingStated = { scopes: null, expiresAt: null }
