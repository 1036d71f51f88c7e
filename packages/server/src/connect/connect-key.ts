import {
  KeywellError,
  type ProviderAccount,
  type ProviderDefinition,
  type TypedMethod,
} from '@keywell/protocol'
import { defaultHostOf, isTenantsOwn, placeVariableOf } from '@keywell/providers'
import type { AccountUses } from '../credentials/account-uses.ts'
import { lookUpAccount } from '../oauth/account.ts'
import { draftRequest, serves } from '../oauth/app-place.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { openPartsOf } from '../oauth/mint-values.ts'
import { cleanAccount } from '../oauth/outside-text.ts'
import { type ProbeParts, type ProbeResult, probeToken } from '../oauth/probe.ts'
import { openValuesOf } from '../oauth/send.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { readClock } from '../store/census.ts'
import type { ConnectionRow } from '../store/connections.ts'
import type { Database, Sql } from '../store/database.ts'
import { type FirstToken, firstToken } from './first-token.ts'
import { type KeyFields, tokensOf } from './key-fields.ts'
import type { NewCredential, StoreConnection } from './store-connection.ts'

/** A key that its user has made at the provider by hand. */
export interface PastedKey {
  provider: ProviderDefinition
  method: TypedMethod
  host: string
  fields: KeyFields
  tenantId: string
}

export interface ConnectKeyParts extends ProbeParts {
  accountUses: Pick<AccountUses, 'hashOf'>
  database: Database
  storeConnection: StoreConnection
}

type Storing = Pick<
  NewCredential,
  'place' | 'askedScopes' | 'allowAccountChange' | 'entry' | 'also'
> & {
  /** Throws where the key may do too much, or too little. Default: every key will do. */
  check?: (found: ProbeResult) => void
}

/**
 * Stores a key as a connection. The provider is asked for its scopes and its account first.
 *
 * @throws KeywellError `key_refused`, `provider_error`, and those of `check` and of the store
 */
export async function connectKey(
  parts: ConnectKeyParts,
  pasted: PastedKey,
  { check, ...storing }: Storing,
): Promise<ConnectionRow> {
  const { database, outbound, storeConnection } = parts
  const { provider, method, host, tenantId } = pasted
  const { tokens, ...found } = await probeKey(parts, pasted)
  check?.(found)
  const scopes = found.scopes ?? []
  const key = { provider, method, host, tokens, sending: { tenantId } }
  const account =
    method.typedAccount === undefined
      ? await lookUpAccount(outbound, { ...key, scopes })
      : await typedAccountOf(parts, pasted, method.typedAccount)
  return storeConnection({
    ...storing,
    provider,
    account,
    method,
    tokens,
    expiresInMs: found.expiresInMs ?? (await restOf(database.of(tenantId), found)),
    refreshExpiresInMs: null,
    scopes,
  })
}

/** By the clock of the database, as all lifetimes are. */
async function restOf(sql: Sql, { expiresAt }: ProbeResult): Promise<number | null> {
  return expiresAt === null ? null : expiresAt.getTime() - (await readClock(sql))
}

/** What a provider says of what was typed. */
export type ProbedKey = ProbeResult & Pick<FirstToken, 'tokens' | 'expiresInMs'>

/**
 * Asks the provider what a key may do, or the access token that is minted from it.
 *
 * @throws KeywellError `key_refused`; `provider_error` when the provider did not say whether the key is active
 */
export async function probeKey(parts: ProbeParts, pasted: PastedKey): Promise<ProbedKey> {
  const { provider, method, host, tenantId } = pasted
  const { tokens, expiresInMs, scopes } = await firstToken(parts.outbound, pasted)
  const found = await probeToken(parts, { provider, method, host, tokens, sending: { tenantId } })
  if (found.status === 'active') {
    return { ...found, tokens, expiresInMs, scopes: found.scopes ?? scopes }
  }
  const { title } = method
  if (found.status === 'inactive') {
    throw new KeywellError('key_refused', `${host} does not accept this ${title}.`)
  }
  throw new KeywellError(
    'provider_error',
    `${host} did not say what this ${title} may do (${found.detail}).`,
    {
      nextStep:
        'Try again shortly. If it fails again, check that the account is not blocked, and that the key may read its own profile.',
    },
  )
}

/** @throws KeywellError `invalid_request` for what can be no id */
export async function typedAccountOf(
  { accountUses }: Pick<ConnectKeyParts, 'accountUses'>,
  pasted: PastedKey,
  { id, name }: NonNullable<TypedMethod['typedAccount']>,
): Promise<ProviderAccount> {
  const { provider, method, host, fields, tenantId } = pasted
  const open = {
    ...openValuesOf({ provider, host, method, tokens: tokensOf(method, fields) }),
    ...openPartsOf(method, fields),
  }
  const secrets = method.fields.flatMap((field) => (field.secret && fields[field.name]) || [])
  const isHash = id === '$hash'
  const account = cleanAccount({
    id: isHash ? await accountUses.hashOf({ tenantId, provider, host, secrets }) : (open[id] ?? ''),
    name: name === undefined ? null : (open[name] ?? null),
    username: null,
    avatarUrl: null,
  })
  if (account !== undefined) return account
  throw new KeywellError('invalid_request', 'The account that was typed is too long.')
}

interface KnownHostParts {
  outbound: Outbound
  integrations: Pick<Integrations, 'list'>
}

type KeyPlace = Pick<PastedKey, 'provider' | 'host' | 'tenantId'>

/** Whether the provider has instances, each at an address of its own. */
export function isSelfManaged(provider: ProviderDefinition): boolean {
  const name = placeVariableOf(provider)
  return name !== undefined && provider.variables[name]?.kind === 'host'
}

/** Whether the tenant or the operator has registered a host; a draft of an integration is enough. */
export async function isKnownHost(
  { outbound, integrations }: KnownHostParts,
  { provider, host, tenantId }: KeyPlace,
): Promise<boolean> {
  // Where hosts differ by a label or a segment, each is the provider's own.
  if (
    !isSelfManaged(provider) ||
    host === defaultHostOf(provider) ||
    outbound.isListed(host, { tenantId, isOwn: isTenantsOwn(provider) })
  )
    return true
  const lists = await Promise.all([integrations.list(tenantId), integrations.list(null)])
  return lists
    .flat()
    .some(({ provider: name, host: app }) => name === provider.name && serves(provider, app, host))
}

/**
 * A key is sent only to a host that the tenant or the operator has registered: a request can name any host.
 *
 * @throws KeywellError `host_not_allowed`
 */
export async function requireKnownHost(parts: KnownHostParts, place: KeyPlace): Promise<void> {
  if (await isKnownHost(parts, place)) return
  const { provider, host } = place
  throw new KeywellError(
    'host_not_allowed',
    `${provider.title} does not accept API keys on ${host}: the host is not registered.`,
    {
      nextStep:
        `Add an integration for it, a draft is enough: ${draftRequest(provider, undefined, host)}. ` +
        'Or ask the operator to list it in KEYWELL_ALLOW_HOSTS.',
    },
  )
}
