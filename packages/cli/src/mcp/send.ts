/** A request of a tool, with the credential on it. It goes to the instance, and to no other place. */
import { isBelow } from '@keywell/protocol'
import { SendFailure, type SendRequest, type SentAnswer } from '@keywell/tools'
import type { Credential } from './credential.ts'
import type { Instance, InstanceAnswer } from './instance.ts'
import type { Place } from './place.ts'

const maxRedirects = 5
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const accepts = { json: 'application/json', text: 'text/plain, */*', binary: '*/*' } as const

interface Parts {
  readonly place: Place
  readonly instance: Instance
  readonly credential: Credential
}

/** @throws SendFailure */
export async function sendAsUser(parts: Parts, request: SendRequest): Promise<SentAnswer> {
  const { place, credential } = parts
  const { secret, generation } = await credential.token()
  const token = secret.expose()
  const url = new URL(`${place.host}${request.path}`)
  url.search = request.query
  const answer = await follow(parts, url, request, place.headersOf(token))
  return { ...answer, generation, secrets: [token] }
}

/**
 * Redirects of a read are followed by hand: what leaves the instance, as to a store of files, goes without the
 * credential.
 */
async function follow(
  { instance, place }: Parts,
  from: URL,
  request: SendRequest,
  credentialHeaders: Readonly<Record<string, string>>,
): Promise<InstanceAnswer> {
  const home = new URL(place.host)
  let url = from
  for (let step = 0; step <= maxRedirects; step += 1) {
    const answer = await instance.send({
      ...boundsOf(request),
      url,
      headers: { ...headersOf(request), ...(isBelow(home, url) && credentialHeaders) },
    })
    const next = request.method === 'GET' ? redirectOf(answer, url) : undefined
    if (next === undefined || (!request.followsMoves && isBelow(home, next))) return answer
    url = next
  }
  throw new SendFailure('broken_off', `${from.host} redirects in a circle.`, true)
}

function redirectOf({ status, headers }: InstanceAnswer, from: URL): URL | undefined {
  const location = headers.get('location')
  if (!redirects.has(status) || location === null || !URL.canParse(location, from.href))
    return undefined
  const to = new URL(location, from)
  // Not from a connection that nobody reads along to one that anybody may.
  return to.protocol === 'https:' || to.protocol === from.protocol ? to : undefined
}

function boundsOf({ method, body, maxBytes, timeoutMs, signal }: SendRequest) {
  return {
    method,
    maxBytes,
    timeoutMs,
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
  }
}

function headersOf({ accept, body }: SendRequest): Record<string, string> {
  return {
    accept: accepts[accept],
    'user-agent': 'keywell',
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
}
