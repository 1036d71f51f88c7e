import { timingSafeEqual } from 'node:crypto'
import type { Instance } from '../instance.ts'
import type { Application } from '../store/state.ts'
import type { Parameters } from './form.ts'

/**
 * Who calls: by HTTP Basic, which is looked at first, or by the form. Undefined if the client is
 * unknown or its secret wrong; a public client needs none.
 */
export function authenticateClient(
  { store }: Instance,
  authorization: string | undefined,
  form: Parameters,
): Application | undefined {
  const { clientId, clientSecret } = readBasic(authorization) ?? {
    clientId: form.client_id,
    clientSecret: form.client_secret,
  }
  const application = clientId === undefined ? undefined : store.applications.get(clientId)
  if (application === undefined) return undefined
  if (clientSecret === undefined) return application.confidential ? undefined : application
  return equal(clientSecret, application.clientSecret) ? application : undefined
}

export function readBasic(
  authorization: string | undefined,
): { clientId: string; clientSecret: string | undefined } | undefined {
  const encoded = /^Basic (.*)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  // Doorkeeper splits what it has decoded and does not undo the form encoding that RFC 6749
  // section 2.3.1 asks for: a client that follows the RFC is refused if its secret has a hyphen.
  const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':')
  const clientSecret = rest.join(':')
  return { clientId, clientSecret: clientSecret === '' ? undefined : clientSecret }
}

export function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
