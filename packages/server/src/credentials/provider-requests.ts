import {
  type AuditOutcome,
  KeywellError,
  type ProviderResponse,
  type providerRequestSchema,
} from '@keywell/protocol'
import { requestIdHeaderOf } from '@keywell/tools'
import type { z } from 'zod'
import type { RequestActor } from '../audit/actor.ts'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import { auditEntryOf } from '../refresh/audit-entry.ts'
import type { CredentialReadRow } from '../store/credentials.ts'
import { requireOwnerId } from './connections.ts'
import type { Examine } from './examine.ts'
import type { FindMeant, MeantConnection } from './find-meant.ts'
import type { Freshen, UsableCredential } from './freshen.ts'
import { needsReauth } from './needs-reauth.ts'
import { failureOf } from './outbound-failure.ts'
import { viewAnswer, withoutSecrets } from './provider-answer.ts'
import { createRequestUsage, requestCallOf } from './request-entry.ts'
import { addressOf, requireHarmless, requireReadingOnly } from './request-rules.ts'
import type { SendAsUser, UserAnswer, UserRequest } from './send.ts'
import { connectUrlFor } from './usable-credential.ts'
import type { NoteUse } from './use.ts'

/** Default of `timeoutMs`. */
const defaultTimeoutMs = 20_000
const maxAnswerBytes = 10 * 1024 * 1024

type Wanted = z.output<typeof providerRequestSchema>

/**
 * Sends one request to a provider as a user, for a backend that need not see the credential. Its intent is in the
 * audit log before it is sent, and what came of it after.
 */
export type SendProviderRequest = (
  wanted: Wanted,
  caller: RequestActor,
) => Promise<ProviderResponse>

export interface ProviderRequestParts {
  catalogue: Catalogue
  audit: Pick<Audit, 'commit'>
  logger: Logger
  /** A page of the app where its user can connect. */
  connectUrl: string | undefined
  findMeant: FindMeant
  /** It names a refusal by the policy `request.send`. */
  freshen: Freshen
  sendAsUser: SendAsUser
  examine: Examine
  noteUse: NoteUse
  /** Milliseconds of a clock that never goes back. */
  monotonic: () => number
}

export function createSendProviderRequest(parts: ProviderRequestParts): SendProviderRequest {
  return async (wanted, caller) => {
    const connectUrl = connectUrlOf(parts, wanted)
    const usage = createRequestUsage(parts.monotonic, providerRequestIdOf(wanted.provider))
    const { row: found, name } = await findOne(parts, wanted, connectUrl)
    const usable = await parts.freshen(found, { caller, connectUrl })
    requireReadingOnly(usable.policy, wanted.method)
    const request = requestOf(usable, wanted)
    const call = requestCallOf(usable.row, { name, body: wanted.body }, request)
    const entry = { ...auditEntryOf(usable.row), ...caller, action: 'request.send', call } as const
    await parts.audit.commit({ ...entry, result: 'intent' })
    parts.noteUse(usable.row)
    const counted: SendAsUser = (row, one) => usage.counted(one, () => parts.sendAsUser(row, one))
    try {
      const answer = await send({ ...parts, sendAsUser: counted }, usable.row, request, connectUrl)
      await end(parts, entry, { ...endOf(answer), ...usage.outcome() })
      return { ...viewAnswer(answer), executionId: caller.requestId }
    } catch (cause) {
      const error = failureOf(cause, request)
      await end(parts, entry, { ...endOfFailed(error), ...usage.outcome() })
      throw error
    }
  }
}

function connectUrlOf({ connectUrl }: ProviderRequestParts, wanted: Wanted): string | undefined {
  const { provider, connectionName = 'default' } = wanted
  return connectUrlFor(connectUrl, { provider, connectionName })
}

/** @throws KeywellError `not_connected`, or `invalid_request` where it is not clear which one is meant */
async function findOne(
  { catalogue, findMeant }: ProviderRequestParts,
  wanted: Wanted,
  connectUrl: string | undefined,
): Promise<{ row: CredentialReadRow; name: string }> {
  const { tenantId, provider, connectionName: name, host } = wanted
  const meant: MeantConnection = { tenantId, ownerId: requireOwnerId(wanted), provider, name, host }
  const found = await findMeant(meant)
  if (found.state === 'found') return found
  const { title } = catalogue.get(tenantId, provider)
  const names = found.names.join(', ')
  if (found.state === 'absent') {
    const others = names === '' ? '' : ` There are connections named ${names}.`
    throw new KeywellError('not_connected', `${title} is not connected.${others}`, { connectUrl })
  }
  throw new KeywellError(
    'invalid_request',
    `There are several connections to ${title}: ${names} on ${found.hosts.join(', ')}.`,
    { nextStep: 'Say which one with `connectionName` and `host`.' },
  )
}

function requestOf({ row }: UsableCredential, wanted: Wanted): UserRequest {
  const url = addressOf(row.host, wanted)
  requireHarmless(wanted, url)
  const hasBody = wanted.body !== undefined && wanted.method !== 'GET' && wanted.method !== 'HEAD'
  return {
    method: wanted.method,
    url,
    headers: {
      accept: 'application/json',
      ...(hasBody && { 'content-type': 'application/json' }),
      ...lowerCased(wanted.headers ?? {}),
    },
    body: hasBody ? JSON.stringify(wanted.body) : undefined,
    timeoutMs: wanted.timeoutMs ?? defaultTimeoutMs,
    maxBytes: maxAnswerBytes,
    isCut: false,
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}

/** After a 401 it is sent once more where there is a newer credential: the provider did nothing before. */
async function send(
  { catalogue, sendAsUser, examine }: ProviderRequestParts,
  row: CredentialReadRow,
  request: UserRequest,
  connectUrl: string | undefined,
): Promise<UserAnswer> {
  const answer = await sendAsUser(row, request)
  if (answer.status !== 401 || answer.hasLeft) return answer
  const examined = await examine(row)
  if (examined.state === 'dead') {
    const { title } = catalogue.get(row.tenantId, row.provider)
    throw needsReauth(examined.row, { title, connectUrl })
  }
  return examined.state === 'renewed' ? sendAsUser(examined.row, request) : answer
}

/** Its own id of the request, without the secrets of the call. */
function providerRequestIdOf(provider: string) {
  const header = requestIdHeaderOf(provider)
  return ({ headers, secrets }: UserAnswer): string | undefined => {
    const id = header === undefined ? null : headers.get(header)
    return id === null ? undefined : withoutSecrets(id, secrets).slice(0, 100)
  }
}

type End = Pick<AuditOutcome, 'code' | 'refusedBy'>

const endOf = ({ status }: UserAnswer): End =>
  status < 400 ? { code: 'ok' } : { code: `status_${status}`, refusedBy: 'provider' }

/** The provider refused what it answered, and a connection whose user it wants to see again. */
function endOfFailed(error: unknown): End {
  if (!(error instanceof KeywellError)) return { code: 'internal' }
  const { code } = error
  const isProviders = code === 'needs_reauth' || code === 'provider_error'
  return { code, refusedBy: isProviders ? 'provider' : 'keywell' }
}

/** The request was sent: what came of it is answered, also where the log cannot be written any more. */
async function end(
  { audit, logger }: ProviderRequestParts,
  entry: Omit<AuditEntry, 'result'>,
  outcome: AuditOutcome,
): Promise<void> {
  const { code } = outcome
  const result =
    code === 'ok' ? ({ result: code } as const) : ({ result: 'failed', reason: code } as const)
  await audit
    .commit({ ...entry, ...result, call: { ...entry.call, outcome } })
    .catch((error: unknown) => {
      const { tenantId, connectionId = '', requestId = '' } = entry
      const line = { tenantId, connectionId, requestId, reason: String(error) }
      logger.error(line, 'call outcome not recorded')
    })
}
