import { KeywellError, type ProviderDefinition, Secret } from '@keywell/protocol'
import { addressOf, scopesSent } from '@keywell/providers'
import * as oauth from 'oauth4webapi'
import type { Outbound } from '../outbound/outbound.ts'
import {
  authentication,
  metadata,
  type Registration,
  requestOptions,
  type Sending,
  withOurNames,
} from './client.ts'
import { classifyTokenAnswer, type Granted, type TokenOutcome } from './token-answer.ts'
import { reasonOfAmbiguous } from './token-error.ts'

/** A code for a person, and the one to poll with (RFC 8628 section 3.2). */
export interface DeviceCode {
  deviceCode: Secret
  userCode: string
  verificationUri: string
  /** With the code in it; null: the provider has none. */
  verificationUriComplete: string | null
  expiresInMs: number
  intervalMs: number
}

/** RFC 8628 section 3.2: of an answer without one. */
const defaultIntervalMs = 5_000
/** Between two polls, whatever an answer says. */
const minIntervalMs = 1_000
const maxIntervalMs = 10 * 60_000
/** A person types it. Longer ones, and other characters, are none. */
const typedCode = /^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/
const maxUriLength = 2_000

/**
 * Asks for a code (RFC 8628 section 3.1). A refusal is one of a token endpoint: its errors are those of RFC 6749
 * section 5.2, or the provider's own.
 *
 * @throws KeywellError `method_not_offered` where the definition has no device authorisation
 */
export async function requestDeviceCode(
  outbound: Outbound,
  registration: Registration,
  { scopes, sending }: { scopes: readonly string[]; sending: Sending },
): Promise<{ code: DeviceCode } | { refused: Exclude<TokenOutcome, Granted> }> {
  const { provider, method } = registration
  const { device, authorize, token } = method
  if (device === undefined) throw noDevice(provider)
  const server = metadata(registration)
  const client = { client_id: registration.clientId }
  const parameters = new URLSearchParams(
    authorize.scopes === null
      ? {}
      : { [authorize.scopes.parameter]: scopesSent(provider, method, scopes) },
  )
  let answered: Response | undefined
  const outcome = await classifyTokenAnswer({
    send: async () => {
      const response = await oauth.deviceAuthorizationRequest(
        server,
        client,
        authentication(registration),
        parameters,
        {
          ...requestOptions(outbound, sending, registration),
          headers: new Headers({ ...device.headers }),
        },
      )
      answered = response.clone()
      return response
    },
    endpoint: { ...token, answer: noTokens },
  })
  const code =
    answered?.ok === true
      ? await oauth
          .processDeviceAuthorizationResponse(server, client, answered)
          .then((answer) => readCode(answer, addressOf(device.url, registration.variables)))
          .catch(() => undefined)
      : undefined
  if (code !== undefined) return { code }
  return {
    refused: outcome.kind === 'tokens' ? { kind: 'ambiguous', detail: 'no device code' } : outcome,
  }
}

/** A token is none of the things that such an answer has. */
const noTokens = { accessToken: [] }

/** Undefined: there is nothing that a person could type, or nowhere to do so. */
function readCode(answer: oauth.DeviceAuthorizationResponse, from: URL): DeviceCode | undefined {
  const { verification_uri: uri, verification_uri_complete: complete } = answer
  const { user_code: userCode, interval } = answer
  if (!typedCode.test(userCode) || !isPage(uri, from)) return undefined
  const intervalMs = interval === undefined ? defaultIntervalMs : interval * 1_000
  return {
    deviceCode: new Secret(answer.device_code),
    userCode,
    verificationUri: uri,
    verificationUriComplete: complete !== undefined && isPage(complete, from) ? complete : null,
    expiresInMs: answer.expires_in * 1_000,
    intervalMs: Math.min(Math.max(intervalMs, minIntervalMs), maxIntervalMs),
  }
}

/** A person is sent there, so that it is a page: on https, or as the address that named it. */
function isPage(text: string, { protocol }: URL): boolean {
  if (text.length > maxUriLength || !URL.canParse(text)) return false
  return ['https:', protocol].includes(new URL(text).protocol)
}

/** What a poll came to. */
export type DevicePoll =
  /** Nobody has decided yet. */
  | { kind: 'pending' }
  /** RFC 8628 section 3.5: five seconds more between polls, from now on. */
  | { kind: 'slow_down' }
  /** No answer that says anything. */
  | { kind: 'unanswered'; retryAfterMs: number | null }
  | { kind: 'denied' }
  | { kind: 'expired' }
  | { kind: 'ended'; outcome: TokenOutcome }

/** Asks once what became of a device code (RFC 8628 section 3.4). */
export async function pollDeviceCode(
  outbound: Outbound,
  registration: Registration,
  { deviceCode, sending }: { deviceCode: Secret; sending: Sending },
): Promise<DevicePoll> {
  const { token } = registration.method
  const server = metadata(registration)
  const client = { client_id: registration.clientId }
  const outcome = await classifyTokenAnswer({
    send: () =>
      oauth.deviceCodeGrantRequest(
        server,
        client,
        authentication(registration),
        deviceCode.expose(),
        {
          ...requestOptions(outbound, sending, registration),
          headers: new Headers({ ...token.headers }),
        },
      ),
    process: (response) => oauth.processDeviceCodeResponse(server, client, response),
    endpoint: token,
  })
  return pollOf(withOurNames(registration, outcome))
}

function pollOf(outcome: TokenOutcome): DevicePoll {
  if (outcome.kind === 'not_sent' || outcome.kind === 'not_processed') {
    if (outcome.detail === 'definition_outgrown') return { kind: 'ended', outcome }
    return { kind: 'unanswered', retryAfterMs: outcome.retryAfterMs }
  }
  if (outcome.kind !== 'ambiguous') return { kind: 'ended', outcome }
  const { detail } = outcome
  const meant = meanings.get(detail)
  if (meant !== undefined) return { kind: meant }
  return reasonOfAmbiguous(detail) === 'provider_unavailable'
    ? { kind: 'unanswered', retryAfterMs: null }
    : { kind: 'ended', outcome }
}

/** RFC 8628 section 3.5. */
const meanings: ReadonlyMap<string, 'pending' | 'slow_down' | 'denied' | 'expired'> = new Map([
  ['authorization_pending', 'pending'],
  ['slow_down', 'slow_down'],
  ['access_denied', 'denied'],
  ['expired_token', 'expired'],
])

function noDevice({ title }: ProviderDefinition): KeywellError {
  return new KeywellError('method_not_offered', `${title} has no device authorisation.`)
}
