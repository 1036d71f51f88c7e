import {
  type CheckCustomProvider,
  type CustomProviderCheck,
  KeywellError,
  type Method,
  type ProviderAccount,
  type ProviderDefinition,
  Secret,
} from '@keywell/protocol'
import { findMethod, isTyped, reachOf, variablesAt } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { typedAccountOf } from '../connect/connect-key.ts'
import { firstToken } from '../connect/first-token.ts'
import type { KeyFields } from '../connect/key-fields.ts'
import { readTyped } from '../connect/read-typed.ts'
import type { AccountUses } from '../credentials/account-uses.ts'
import { parsePlace } from '../host.ts'
import { lookUpAccount } from '../oauth/account.ts'
import { type ProbeParts, probeToken } from '../oauth/probe.ts'
import type { KeptTokenSet } from '../oauth/token-set.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import type { Database } from '../store/database.ts'
import { installation } from '../store/scope.ts'
import { readSent } from './read-sent.ts'
import { recordCalls } from './record-calls.ts'
import { reachesOf } from './view.ts'

export interface TryParts extends ProbeParts {
  catalogue: Parameters<typeof readSent>[0]['catalogue']
  database: Database
  audit: Pick<Audit, 'write'>
  accountUses: Pick<AccountUses, 'hashOf'>
}

/**
 * Asks a provider by a definition about a credential. Neither is stored, and what is called passes the guard, as for a
 * definition that is in force.
 *
 * @throws KeywellError for a definition that is not right, and a credential that is none of its method
 */
export type TryDefinition = (
  request: CheckCustomProvider,
  caller: Actor,
) => Promise<CustomProviderCheck>

export function createTryDefinition(parts: TryParts): TryDefinition {
  return async (request, { actor, requestId }) => {
    const { database, audit } = parts
    const provider = readSent(parts, request)
    const tried = await prepare(provider, request)
    const tenantId = request.tenantId ?? installation
    if (request.tenantId !== undefined) {
      const sql = database.of(tenantId)
      await requireAllowedFor(sql, tenantId, { provider, host: tried.host })
    }
    const entry = { tenantId, actor, requestId, action: 'provider.check' } as const
    const named = { ...entry, reason: provider.name }
    await audit.write(database.of(tenantId), { ...named, result: 'intent' })
    const calls = recordCalls(parts.outbound, tried.secrets)
    const found = await ask({ ...parts, outbound: calls.outbound }, { ...tried, tenantId })
    const result = found.health === 'active' ? 'ok' : 'failed'
    await audit.write(database.of(tenantId), { ...named, result })
    return {
      name: provider.name,
      method: tried.method.id,
      host: tried.host,
      reach: reachesOf(provider, [tried.method]),
      ...found,
      requests: calls.requests,
    }
  }
}

/** A credential of a definition: what was typed, or an access token. */
interface Tried {
  provider: ProviderDefinition
  method: Method
  host: string
  fields: KeyFields | undefined
  /** Undefined: it is made of the fields. */
  tokens: KeptTokenSet | undefined
  secrets: readonly Secret[]
}

async function prepare(
  provider: ProviderDefinition,
  { method: named, host: wanted, credential }: CheckCustomProvider,
): Promise<Tried> {
  const method = chooseMethod(provider, named, credential.fields !== undefined)
  const host = parsePlace(provider, wanted)
  if (credential.accessToken !== undefined) {
    const accessToken = new Secret(credential.accessToken)
    const reach = reachOf(provider, method, variablesAt(provider, host))
    const tokens = { accessToken, refreshToken: null, reach }
    return { provider, method, host, fields: undefined, tokens, secrets: [accessToken] }
  }
  if (!isTyped(method)) throw new TypeError('chosen as one that takes fields')
  const read = await readTyped({ provider, method, host }, credential.fields ?? {})
  if ('refusal' in read) throw read.refusal
  const secrets = Object.values(read.fields)
  return { provider, method, host, fields: read.fields, tokens: undefined, secrets }
}

/** @throws KeywellError `method_not_offered` for one that is not there, or takes another kind of credential */
function chooseMethod(
  provider: ProviderDefinition,
  named: string | undefined,
  takesFields: boolean,
): Method {
  const fitting = provider.auth.filter((method) => isTyped(method) === takesFields)
  const method = named === undefined ? fitting[0] : findMethod({ auth: fitting }, named)
  if (method !== undefined) return method
  const kind = takesFields ? 'fields' : 'an access token'
  throw new KeywellError('method_not_offered', `The definition has no such method with ${kind}.`, {
    nextStep: `Its methods are: ${provider.auth.map(({ id }) => id).join(', ')}.`,
  })
}

type Found = Pick<CustomProviderCheck, 'health' | 'detail' | 'scopes' | 'account'>

async function ask(parts: TryParts, tried: Tried & { tenantId: string }): Promise<Found> {
  const { provider, method, host, tenantId } = tried
  const sending = { tenantId }
  let tokens: KeptTokenSet
  try {
    tokens = await tokensFor(parts, tried)
  } catch (error) {
    return unfound(error)
  }
  const { status, detail, scopes } = await probeToken(parts, {
    provider,
    method,
    host,
    tokens,
    sending,
  })
  const known = { health: status, detail, scopes: scopes === null ? null : [...scopes] }
  if (status !== 'active') return { ...known, account: null }
  try {
    const account = await accountOf(parts, tried, { tokens, scopes: scopes ?? [] })
    const { id, name, username } = account
    return { ...known, account: { id, name, username } }
  } catch (error) {
    return { ...known, detail: detail ?? wordOf(error), account: null }
  }
}

async function tokensFor(
  { outbound }: TryParts,
  { provider, method, host, fields, tokens, tenantId }: Tried & { tenantId: string },
): Promise<KeptTokenSet> {
  if (tokens !== undefined) return tokens
  if (fields === undefined || !isTyped(method)) throw new TypeError('prepared with fields')
  return (await firstToken(outbound, { provider, method, host, fields, tenantId })).tokens
}

function accountOf(
  parts: TryParts,
  { provider, method, host, fields = {}, tenantId }: Tried & { tenantId: string },
  { tokens, scopes }: { tokens: KeptTokenSet; scopes: readonly string[] },
): Promise<ProviderAccount> {
  if (isTyped(method) && method.typedAccount !== undefined) {
    const pasted = { provider, method, host, fields, tenantId }
    return typedAccountOf(parts, pasted, method.typedAccount)
  }
  const key = { provider, method, host, tokens, sending: { tenantId } }
  return lookUpAccount(parts.outbound, { ...key, scopes })
}

/** No token could be minted of what was typed. */
function unfound(error: unknown): Found {
  const health =
    error instanceof KeywellError && error.code === 'key_refused' ? 'inactive' : 'unknown'
  return { health, detail: wordOf(error), scopes: null, account: null }
}

/** A word of ours, and nothing of what the provider said. */
function wordOf(error: unknown): string {
  if (!(error instanceof KeywellError)) throw error
  return error.providerReason ?? error.code
}
