import { equal, readBasic } from '../../oauth/client.ts'
import type { Parameters } from '../../oauth/form.ts'

/** An app that is registered at a provider. */
export interface Client {
  clientId: string
  clientSecret: string
  name: string
  redirectUris: readonly string[]
}

export interface ShownClient {
  clientId: string
  clientSecret: string | undefined
  /** Where it stood: in HTTP Basic, or in the body. */
  by: 'basic' | 'body'
}

/** The client that a request names; `Authorization` counts before the body. */
export function shownClient(
  authorization: string | undefined,
  form: Parameters,
): ShownClient | undefined {
  const basic = readBasic(authorization)
  if (basic?.clientId !== undefined) {
    return { clientId: basic.clientId, clientSecret: basic.clientSecret, by: 'basic' }
  }
  if (form.client_id === undefined) return undefined
  return { clientId: form.client_id, clientSecret: form.client_secret, by: 'body' }
}

export function hasSecret(client: Client, secret: string | undefined): boolean {
  return secret !== undefined && equal(secret, client.clientSecret)
}
