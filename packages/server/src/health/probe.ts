import type { ProviderDefinition, Secret } from '@keywell/protocol'
import { getWithToken } from '../oauth/account.ts'
import type { Outbound } from '../outbound/outbound.ts'

/**
 * Asks the provider whether a token lives. Whatever is neither clearly alive nor clearly dead, 403,
 * 404, 5xx and silence among it, is `unknown` and says nothing about the grant.
 */
export async function probeToken(
  outbound: Outbound,
  options: { provider: ProviderDefinition; host: string; accessToken: Secret },
): Promise<'alive' | 'dead' | 'unknown'> {
  const { health } = options.provider
  try {
    const answer = await getWithToken(outbound, { ...options, path: health.path })
    if (health.alive(answer)) return 'alive'
    return health.dead(answer) ? 'dead' : 'unknown'
  } catch {
    return 'unknown'
  }
}
