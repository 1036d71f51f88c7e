import type { Method, ProviderDefinition } from '@keywell/protocol'
import { type ProbeParts, probeToken } from '../oauth/probe.ts'
import type { KeptTokenSet } from '../oauth/token-set.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'
import type { TokenProbe } from './machine.ts'

/**
 * Asks the provider whether the access token of before is active: evidence of what became of a refresh.
 * A token that had time when its row was read may have ended since; then the provider is not asked.
 *
 * @param elapsedMs milliseconds since the row was read
 */
export async function probeOldAccessToken(
  { outbound, metrics, tracing }: ProbeParts,
  old: {
    row: KeptCredentialRow
    provider: ProviderDefinition
    method: Method
    tokens: Pick<KeptTokenSet, 'accessToken' | 'reach'>
  },
  elapsedMs: number,
): Promise<TokenProbe> {
  const { expiresInMs, tenantId } = old.row
  if (expiresInMs !== null && expiresInMs <= elapsedMs) return 'expired'
  const { status } = await probeToken(
    { outbound, metrics, tracing },
    {
      provider: old.provider,
      method: old.method,
      host: old.row.host,
      tokens: old.tokens,
      sending: { tenantId, background: true },
    },
  )
  return status
}
