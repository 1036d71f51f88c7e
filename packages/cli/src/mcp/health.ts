/** What the instance says of the credential, by the provider's definition. */
import type { RequestDefinition } from '@keywell/protocol'
import { type Health, readHealth } from '@keywell/providers'
import type { Credential } from './credential.ts'
import type { Instance } from './instance.ts'
import type { Place } from './place.ts'

export type { Health }

const maxBytes = 256 * 1024
const timeoutMs = 10_000

interface Parts {
  readonly place: Place
  readonly instance: Instance
  readonly credential: Credential
}

/** @throws SendFailure when the instance does not answer */
export async function askHealth(parts: Parts): Promise<Health> {
  const { health } = parts.place
  if (health === undefined) return { status: 'unknown' }
  return readHealth(health, await ask(parts, health.request))
}

/** A request of the definition with the credential on it. @throws SendFailure */
export async function ask(
  { place, instance, credential }: Parts,
  request: RequestDefinition,
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: unknown }> {
  const { secret } = await credential.token()
  const { status, headers, body } = await instance.send({
    url: place.urlOf(request),
    method: request.method,
    headers: {
      accept: 'application/json',
      ...request.headers,
      ...place.headersOf(secret.expose()),
    },
    maxBytes,
    timeoutMs,
  })
  return { status, headers, body: jsonOf(body) }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
