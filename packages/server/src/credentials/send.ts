import { harmlessHeaders, isBelow, isRedirect, maxRedirects } from '@keywell/protocol'
import { isTenantsOwn, isWithin, methodOf, type Reach } from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import { headersOf, sentValuesOf, valuesOf } from '../oauth/send.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import { type Outbound, OutboundError } from '../outbound/outbound.ts'
import type { CredentialReadRow } from '../store/credentials.ts'

/** A request to a provider's API, to be sent as a user. */
export interface UserRequest {
  readonly method: string
  readonly url: URL
  /** None that would decide who calls; the credential's own replace those of the same name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** For all of it, redirects included. */
  readonly timeoutMs: number
  readonly maxBytes: number
  /** A longer answer is cut off there. False: it fails as `too_large`. */
  readonly isCut: boolean
  /** False: a redirect to another address that may get the credential is the answer. Default: it is followed. */
  readonly followsMoves?: boolean | undefined
  /** The caller has gone. */
  readonly signal?: AbortSignal | undefined
}

export interface UserAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly isCut: boolean
  /** A redirect led away from the provider: the answer says nothing of the credential. */
  readonly hasLeft: boolean
  /** Of the credential that was sent. */
  readonly generation: number
  /** What must not be shown of it, should it come back: the secrets that were sent. */
  readonly secrets: readonly string[]
}

/**
 * Sends a request with a connection's credential, once. The credential goes to the origins that were sealed with it,
 * on the connection's own host below its relative root, and nowhere else (T24).
 *
 * @throws OutboundError `definition_outgrown` for an address elsewhere
 */
export type SendAsUser = (row: CredentialReadRow, request: UserRequest) => Promise<UserAnswer>

interface SendParts {
  catalogue: Catalogue
  box: TokenBox
  outbound: Outbound
  monotonic: () => number
}

export function createSendAsUser(parts: SendParts): SendAsUser {
  return async (row, request) => {
    const { headers, ...credential } = await openToSend(parts, row)
    const answer = await follow(parts, { row, reach: credential.reach, headers }, request)
    return { ...answer, generation: row.generation, secrets: credential.secrets }
  }
}

async function openToSend({ catalogue, box }: SendParts, row: CredentialReadRow) {
  if (row.sealed === null) throw new TypeError('checked by requireUsable')
  const provider = catalogue.get(row.tenantId, row.provider)
  const method = methodOf(provider, row.method)
  const tokens = await box.open({ ...row, connectionId: row.id }, row.sealed)
  const sent = headersOf(method, sentValuesOf({ provider, host: row.host, method, tokens }))
  const fields = method.kind === 'key' ? method.fields.filter(({ secret }) => !secret) : []
  const open = new Set(fields.map(({ name }) => name))
  const values = Object.entries(valuesOf(method, tokens))
  return {
    reach: tokens.reach,
    headers: Object.fromEntries(sent.map(({ name, value }) => [name, value])),
    secrets: [
      ...values.filter(([name]) => !open.has(name)).map(([, value]) => value.expose()),
      // As it stands in a header: of Basic it is another text than its parts.
      ...sent.flatMap(({ value }) => (value.startsWith('Basic ') ? value.slice(6) : [])),
    ].filter((secret) => secret !== ''),
  }
}

/** What a request is sent with, while it is at the provider. */
interface Carried {
  row: CredentialReadRow
  reach: Reach
  headers: Readonly<Record<string, string>>
}

/**
 * Redirects are followed for what only reads: a write that is redirected has not happened, and as another method it
 * would be another request. Away from the provider goes a plain question, without the credential.
 */
async function follow(
  { outbound, monotonic }: SendParts,
  carried: Carried,
  request: UserRequest,
): Promise<Omit<UserAnswer, 'generation' | 'secrets'>> {
  const endsAt = monotonic() + request.timeoutMs
  let { url } = request
  requireWithin(carried, url)
  for (let redirects = 0, hasLeft = false; ; redirects += 1) {
    let isCut = false
    const response = await outbound.fetch(url, {
      ...(hasLeft ? leftWith(carried, request) : sentWith(carried, request)),
      tenantId: carried.row.tenantId,
      isOwn: isTenantsOwn({ name: carried.row.provider }),
      method: request.method,
      timeoutMs: Math.max(1, endsAt - monotonic()),
      maxBytes: request.maxBytes,
      ...(request.signal && { signal: request.signal }),
      onCut: request.isCut
        ? () => {
            isCut = true
          }
        : undefined,
    })
    const target = targetOf(response, url)
    const isEnd = target === undefined || !isPlainRead(request) || redirects === maxRedirects
    if (isEnd || (request.followsMoves === false && mayCarry(carried, target))) {
      const body = new Uint8Array(await response.arrayBuffer())
      return { status: response.status, headers: response.headers, body, isCut, hasLeft }
    }
    hasLeft ||= target.origin !== url.origin || !mayCarry(carried, target)
    url = target
  }
}

function sentWith(carried: Carried, { headers, body, isCut }: UserRequest) {
  const all = new Headers(headers)
  for (const [name, value] of Object.entries(carried.headers)) all.set(name, value)
  // What is cut off could not be decompressed.
  if (isCut) all.set('accept-encoding', 'identity')
  const within = { reach: carried.reach, side: 'api' } as const
  return { headers: all, within, ...(body !== undefined && { body }) }
}

function leftWith(carried: Carried, { headers, isCut }: UserRequest) {
  const secret = new Set(Object.keys(carried.headers).map((name) => name.toLowerCase()))
  const kept = new Headers()
  for (const [name, value] of new Headers(headers)) {
    if (harmlessHeaders.has(name) && !secret.has(name)) kept.set(name, value)
  }
  if (isCut) kept.set('accept-encoding', 'identity')
  return { headers: kept }
}

/** Undefined: it is no redirect, or leads to something that is no address. */
function targetOf(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location')
  if (!isRedirect(response.status) || location === null) return undefined
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined
  return target !== undefined && /^https?:$/.test(target.protocol) ? target : undefined
}

const isPlainRead = ({ method }: UserRequest) => method === 'GET' || method === 'HEAD'

/** Whether the credential may go to an address. On the connection's own origin its relative root counts, too. */
function mayCarry({ row, reach }: Carried, url: URL): boolean {
  const host = new URL(row.host)
  return isWithin(reach, 'api', url) && (url.origin !== host.origin || isBelow(host, url))
}

function requireWithin(carried: Carried, url: URL): void {
  if (!mayCarry(carried, url))
    throw new OutboundError('definition_outgrown', { host: url.host, notSent: true })
}
