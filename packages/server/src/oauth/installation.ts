/** What an app asks of its provider for itself, about one of its installations. */
import { type InstallationMethod, KeywellError, Secret } from '@keywell/protocol'
import {
  addressOf,
  commonReach,
  fulfils,
  isSegment,
  isTenantsOwn,
  type Variables,
} from '@keywell/providers'

import { SignJWT } from 'jose'
import { type Outbound, OutboundError } from '../outbound/outbound.ts'
import { readAnswer } from './account.ts'
import { readPrivateKey } from './assertion.ts'
import type { Registration, Sending } from './client.ts'
import type { CredentialValues } from './send.ts'
import type { KeptTokenSet } from './token-set.ts'

/** So that a clock that is behind ours does not see an assertion of the future. */
const backdatedSeconds = 60

/** Where an administrator installs the app. Where they are sent back to is said at its registration. */
export function installUrl(
  { install }: InstallationMethod,
  variables: Variables,
  state: string,
): URL {
  const url = addressOf(install.url, variables)
  url.searchParams.set('state', state)
  return url
}

/** The field of a sealed credential that has the id of the installation. */
const idField = 'installation'

/** What a connection of an installation keeps beside its access token. */
export function installationFields(id: string): CredentialValues {
  return { [idField]: new Secret(id) }
}

/** @throws TypeError for an id that would be more than one segment */
export function installationAddress(
  url: string,
  variables: Variables,
  fields: CredentialValues | undefined,
): URL {
  const id = fields?.[idField]?.expose() ?? ''
  if (!isSegment(id)) throw new TypeError('the id of an installation is one segment')
  return addressOf(url, { ...variables, [idField]: id })
}

/** The headers by which the app shows that a request is its own: what it signs about itself (RFC 7519). */
export async function appHeaders(
  { algorithm, lifeSeconds }: InstallationMethod['assertion'],
  { clientId, privateKey, provider }: Registration,
): Promise<{ authorization: string }> {
  if (privateKey === null) {
    throw new KeywellError(
      'integration_missing',
      `The private key of the app for ${provider.title} is missing.`,
      { nextStep: 'Send it with PUT /v1/integrations/:integrationId/client.' },
    )
  }
  const issuedAt = Math.floor(Date.now() / 1000) - backdatedSeconds
  const jwt = await new SignJWT({ iss: clientId })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifeSeconds)
    // It was read when it was stored.
    .sign(readPrivateKey(privateKey))
  return { authorization: `Bearer ${jwt}` }
}

export type RemovalOutcome = 'removed' | 'refused' | 'no_answer'

/** Removes the app from the account there. Repeating is safe. */
export async function removeInstallation(
  outbound: Outbound,
  { app, method, tokens }: { app: Registration; method: InstallationMethod; tokens: KeptTokenSet },
  sending: Sending,
): Promise<RemovalOutcome> {
  const { request, done } = method.removal
  const authorization = await appHeaders(method.assertion, app)
  try {
    const address = installationAddress(request.url, app.variables, tokens.fields)
    const response = await outbound.fetch(address, {
      ...sending,
      isOwn: isTenantsOwn(app.provider),
      within: { reach: commonReach([tokens.reach, app.reach]), side: 'client' },
      method: request.method,
      headers: { accept: 'application/json', ...request.headers, ...authorization },
    })
    return fulfils(await readAnswer(response), done) ? 'removed' : 'refused'
  } catch (error) {
    if (error instanceof OutboundError) return 'no_answer'
    throw error
  }
}
