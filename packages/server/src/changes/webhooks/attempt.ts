import { webhookHeaders } from '@keywell/protocol'
import { type Outbound, OutboundError, type OutboundInit } from '../../outbound/outbound.ts'
import type { ClaimedDelivery } from '../../store/webhook-deliveries.ts'
import { bodyOf } from './message.ts'
import { signatures } from './signing-secrets.ts'

/** How long a receiver may take, in milliseconds; well below the lease of a claim. */
const timeoutMs = 15_000
/** Of a receiver's answer, which nobody reads. */
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
/** Pauses differ by so much at random, so that deliveries that failed together come back apart. */
const jitter = 0.2

/** What came of an attempt; without an error it was delivered. */
export interface Attempt {
  status: number | null
  /** A fixed word: `status`, `redirect`, `gone`, or why there was no answer. */
  error: string | null
  /** With `throttled`: milliseconds until the host may be called again. */
  heldForMs: number
}

/**
 * Sends a message once, through the guard of every call that leaves. Redirects are not followed, and
 * an answer is its status and nothing else.
 */
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
    // Whose URL it is, and not whom the message tells of: the host has to be for them.
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

/** Milliseconds until the next attempt; undefined: that was the last. */
export function pauseAfter(attempts: number, random: () => number): number | undefined {
  const pauseMs = pausesMs[attempts - 1]
  return pauseMs && Math.round(pauseMs * (1 - jitter + 2 * jitter * random()))
}
