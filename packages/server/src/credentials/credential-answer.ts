import {
  type ConnectionId,
  type CredentialAnswer,
  missingScopes,
  type ReadCredentialAnswer,
  type TenantPolicy,
  toolLimitsOf,
} from '@keywell/protocol'
import { methodOf } from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import { type CredentialValues, headersOf, sentValuesOf, valuesOf } from '../oauth/send.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { CredentialReadRow } from '../store/credentials.ts'

/** Opens a credential that may be returned. */
export async function answerWith(
  { box, catalogue }: { box: TokenBox; catalogue: Catalogue },
  row: CredentialReadRow,
  { scopes, policy }: { scopes: readonly string[] | undefined; policy: TenantPolicy },
): Promise<CredentialAnswer> {
  const provider = catalogue.find(row.tenantId, row.provider)
  if (row.sealed === null || row.type === null || provider === undefined)
    throw new TypeError('checked by requireUsable')
  const tokens = await box.open({ ...row, connectionId: row.id }, row.sealed)
  const method = methodOf(provider, row.method)
  const values = valuesOf(method, tokens)
  const sent = { provider, host: row.host, method, tokens }
  const headers = headersOf(method, sentValuesOf(sent))
  const [header] = headers
  const toolLimits = toolLimitsOf(policy, row.provider)
  return {
    unchanged: false,
    connectionId: connectionIdOf(row),
    generation: row.generation,
    type: row.type,
    credential: tokens.accessToken.expose(),
    headers: [...headers],
    ...(headers.length === 1 && header && { header }),
    ...(method.kind === 'key' && { fields: exposed(values) }),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    expiresInMs: wholeMs(row.expiresInMs),
    scopes: row.grantedScopes,
    missingScopes: scopes ? [...missingScopes(provider, scopes, row.grantedScopes)] : [],
    host: row.host,
    account: row.account,
    ...(toolLimits && { toolLimits }),
  }
}

function exposed(values: CredentialValues): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.expose()]))
}

/** There is nothing newer than the caller has. */
export function answerUnchanged(
  row: CredentialReadRow,
): Extract<ReadCredentialAnswer, { unchanged: true }> {
  return {
    unchanged: true,
    connectionId: connectionIdOf(row),
    generation: row.generation,
    expiresInMs: wholeMs(row.expiresInMs),
  }
}

// Ids were parsed when they came in; the row is the proof.
const connectionIdOf = (row: CredentialReadRow) => row.id as ConnectionId

const wholeMs = (ms: number | null) => (ms === null ? null : Math.floor(ms))
