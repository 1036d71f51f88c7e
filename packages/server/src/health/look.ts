import { findMethod, isMinted } from '@keywell/providers'
import type { DefinitionVersions } from '../definition-versions/definition-versions.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Tracing } from '../metrics/tracing.ts'
import { methodRemoved, type ProbeResult, probeToken } from '../oauth/probe.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { KeptCredentialRow } from '../store/credentials.ts'
import { type AccountCheck, checkAccount, isAccountCheckDue } from './check-account.ts'

/** What a probe found, and what is known beside it. */
export interface Look extends ProbeResult {
  canRefresh: boolean
  /** Null: it was not asked for. */
  account: AccountCheck | null
  /** It was asked by the definition that it was stored under, not by the one of now. */
  isOutgrown: boolean
  /** Nothing renews the token, and it has ended. Then the provider is not asked. */
  isOver: boolean
}

export interface LookParts {
  versions: DefinitionVersions
  box: TokenBox
  outbound: Outbound
  metrics: Pick<Metrics, 'probed'>
  tracing: Tracing
}

/** Opens the credential and asks the provider about it. */
export async function look(
  { box, versions, outbound, metrics, tracing }: LookParts,
  row: KeptCredentialRow & { sealed: Uint8Array },
  background: boolean,
): Promise<Look> {
  if (!row.renewable && row.expiresInMs !== null && row.expiresInMs <= 0) return over
  const tokens = await box.open({ ...row, connectionId: row.id }, row.sealed)
  const { provider, isOutgrown } = await versions.usedBy(row, tokens.reach)
  const method = findMethod(provider, row.method)
  if (method === undefined) return removed
  const { host, tenantId } = row
  const sending = { tenantId, background }
  const found = await probeToken(
    { outbound, metrics, tracing },
    { provider, method, host, tokens, sending },
  )
  // A reader that waits for a probe does not wait for the account's name.
  const isAsked = background && found.status === 'active' && isAccountCheckDue(row)
  const scopes = found.scopes ?? row.grantedScopes
  const account = isAsked
    ? await checkAccount(outbound, row, { provider, method, tokens, scopes, sending })
    : null
  const canRefresh = row.renewable && (isMinted(method) || tokens.refreshToken !== null)
  return { ...found, account, isOver: false, isOutgrown, canRefresh }
}

const nothing = {
  status: 'unknown',
  scopes: null,
  expiresAt: null,
  account: null,
  canRefresh: false,
  isOutgrown: false,
} as const

const over: Look = { ...nothing, detail: 'token_expired', isOver: true }
/** Its definition was edited, and how its provider is asked is not known any more. */
const removed: Look = { ...nothing, detail: methodRemoved, isOver: false }
