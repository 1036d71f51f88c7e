import type { WebhookPayload } from '@keywell/protocol'

/** A message as it came. */
export interface WebhookMessage {
  /** The raw body: parsing it and writing it again would change it. */
  readonly body: string | Uint8Array | ArrayBuffer
  /** Of the request; `Headers`, or the object that Node and Express have. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What happened, and the id of the message: the same on each attempt to deliver it. */
export type WebhookEvent = WebhookPayload & { readonly id: string }
