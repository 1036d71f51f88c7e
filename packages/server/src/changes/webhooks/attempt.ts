import { webhookHeaders } from '@keywell/protocol'
import { type Outbound, OutboundError, type OutboundInit } from '../../outbound/outbound.ts'
import type { ClaimedDelivery } from '../../store/webhook-deliveries.ts'
import { bodyOf } from './message.ts'
import { signatures } from './signing-secrets.ts'

/** How long a receiver may take, in milliseconds; well below the lease of a claim. */
const timeoutMs = 15_000
/** The most bytes of a receiver's answer that are read; its body is not used. */
const maxAnswerBytes = 64 * 1024

/** Pauses between attempts. After the last one the delivery is dead: some 36 hours in all. */
const pausesMs = [
  5_000,
  30_000,
  2 * 60_000,
  10 * 60_000,
  3_600_000,
  3 * 3_600_000,
  8 * 3_600_000,
  24 * 3_600_000,
] as const
/** The random share of a pause, so that deliveries that failed together are not repeated together. */
const jitterShare = 0.2

/** The outcome of an attempt. Without an error the message was delivered. */
export interface Attempt {
  status: number | null
  /** `status`, `redirect`, `gone`, `secret_unreadable`, or the reason why there was no answer. */
  error: string | null
  /** With `throttled`: milliseconds until the host may be called again. */
  heldForMs: number
}

/** Sends a message once. Redirects are not followed, and only the status of the answer is used. */
export async function sendMessage(
  outbound: Outbound,
  {
    url,
    secrets,
    delivery,
  }: { url: string; secrets: readonly Uint8Array[]; delivery: ClaimedDelivery },
): Promise<Attempt> {
  const body = bodyOf(delivery)
  const message = { id: delivery.id, sentAt: delivery.claimedAt, body }
  const request: OutboundInit = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [webhookHeaders.id]: message.id,
      [webhookHeaders.timestamp]: String(Math.floor(message.sentAt.getTime() / 1000)),
      [webhookHeaders.signature]: signatures(secrets, message),
    },
    body,
    redirect: 'manual',
    timeoutMs,
    maxBytes: maxAnswerBytes,
    // The owner of the URL, not the tenant of the message: the host must be allowed for the owner.
    tenantId: delivery.endpointOwner,
    background: true,
  }
  try {
    const { status } = await outbound.fetch(url, request)
    return { status, error: errorOf(status), heldForMs: 0 }
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    return { status: null, error: error.reason, heldForMs: error.retryAfterMs ?? 0 }
  }
}

function errorOf(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status === 410) return 'gone'
  return status >= 300 && status < 400 ? 'redirect' : 'status'
}

/** Milliseconds until the next attempt; undefined after the last one. */
export function pauseAfter(attempts: number, jitter: () => number): number | undefined {
  const pauseMs = pausesMs[attempts - 1]
  return pauseMs && Math.round(pauseMs * (1 - jitterShare + 2 * jitterShare * jitter()))
}
