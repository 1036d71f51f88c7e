import {
  KeywellError,
  messageIdSchema,
  type WebhookPayload,
  webhookHeaders,
  webhookPayloadSchema,
} from '@keywell/protocol'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { WebhookEvent, WebhookMessage } from './message.ts'

/** A message that its sender signed, and the second in which it was sent. */
export interface CheckedMessage {
  readonly event: WebhookEvent
  readonly sentAt: string
}

/** How old a message may be, and how far ahead its sender's clock. */
const toleranceSeconds = 300
/** A message is a few hundred bytes. */
export const maxBodyBytes: number = 256 * 1024
/** Two signatures take a tenth of it. */
const maxSignatureLength = 1_000
/** 24 bytes, which Standard Webhooks asks for at least, behind their prefix. */
const minSecretLength = 'whsec_'.length + 32

/**
 * Signature, age and shape of a message; whether it is new is another question.
 *
 * Strict where the library is lenient: it reads letters after the digits of a time, ids that contain
 * its separator, and bytes that are no text.
 *
 * @throws KeywellError `webhook_invalid` or `webhook_stale`
 * @throws TypeError for a body that was parsed already
 */
export function checkMessage(
  secrets: readonly Webhook[],
  { body, headers }: WebhookMessage,
): CheckedMessage {
  const text = textOf(body)
  const id = headerOf(headers, webhookHeaders.id)
  const sentAt = headerOf(headers, webhookHeaders.timestamp)
  const signature = headerOf(headers, webhookHeaders.signature)
  if (!messageIdSchema.safeParse(id).success)
    throw invalid(`"${webhookHeaders.id}" is no id of ours`)
  if (!/^[1-9]\d{0,11}$/.test(sentAt)) throw invalid(`"${webhookHeaders.timestamp}" is no time`)
  if (signature.length > maxSignatureLength) throw invalid('The signature is too long')
  refuseStale(Number(sentAt))
  const signed = {
    [webhookHeaders.id]: id,
    [webhookHeaders.timestamp]: sentAt,
    [webhookHeaders.signature]: signature,
  }
  if (!secrets.some((secret) => isSigned(secret, text, signed))) {
    throw invalid('No signature of it is right')
  }
  return { event: { ...parsePayload(text), id }, sentAt }
}

/** @throws TypeError for a text that is no secret; the text is not shown */
export function parseSecret(text: string): Webhook {
  const isSecret = typeof text === 'string' && /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text)
  if (!isSecret || text.length < minSecretLength) {
    throw new TypeError(
      'Keywell: a webhook secret is `whsec_` and base64, as it was shown when the webhook was made.',
    )
  }
  return new Webhook(text)
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  if (!(body instanceof Uint8Array || body instanceof ArrayBuffer)) {
    throw new TypeError(
      'Keywell: `body` must be the raw body, a string or bytes, and not the parsed JSON: only the exact bytes were signed. In Express, mount express.raw({ type: "application/json" }) on this route.',
    )
  }
  if (body.byteLength > maxBodyBytes) throw invalid('The body is too large')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw invalid('The body is no text')
  }
}

function headerOf(headers: WebhookMessage['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : lookUp(headers, name)
  if (typeof value === 'string' && value !== '') return value
  throw invalid(`The header "${name}" is missing`)
}

/** Names of headers have no case; Node writes them small, others may not. */
function lookUp(headers: Readonly<Record<string, unknown>>, name: string): unknown {
  const found = Object.keys(headers).find((key) => key.toLowerCase() === name)
  return found === undefined ? undefined : [headers[found]].flat()[0]
}

function refuseStale(sentAt: number): void {
  const age = Date.now() / 1000 - sentAt
  if (Math.abs(age) <= toleranceSeconds) return
  const when = age > 0 ? 'ago' : 'ahead of the clock here'
  throw new KeywellError(
    'webhook_stale',
    `The message was sent ${Math.round(Math.abs(age))} s ${when}; ${toleranceSeconds} s are allowed.`,
  )
}

function isSigned(secret: Webhook, text: string, headers: Record<string, string>): boolean {
  try {
    secret.verify(text, headers, { jsonParse: false })
    return true
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false
    throw error
  }
}

function parsePayload(text: string): WebhookPayload {
  const parsed = webhookPayloadSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new KeywellError(
    'webhook_invalid',
    'The message is signed, but this version of the SDK does not know its form.',
    { nextStep: 'Update @keywell/sdk to the version of the service.' },
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function invalid(what: string): KeywellError {
  return new KeywellError('webhook_invalid', `${what}. The message has no effect.`)
}
