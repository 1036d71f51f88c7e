import { KeywellError } from '@keywell/protocol'
import { LRUCache } from 'lru-cache'
import type { Webhook } from 'standardwebhooks'
import { problemResponse } from '../handler/request.ts'
import { type CheckedMessage, checkMessage, maxBodyBytes, parseSecret } from './check-message.ts'
import type { WebhookEvent, WebhookMessage } from './message.ts'

export interface WebhookVerifier {
  /**
   * The event of a message that was signed by the service, sent within five minutes, and not handed
   * out before: changed, stale and repeated messages throw, and have no effect.
   *
   * A message that the service sends again, since it got no good answer, is signed anew and is
   * handed out again; `event.id` stays the same. `receive` handles such an event once.
   *
   * @throws KeywellError `webhook_invalid`, `webhook_stale` or `webhook_repeated`
   * @throws TypeError when the body was parsed already, or there is no secret
   */
  verify(message: WebhookMessage): Promise<WebhookEvent>
  /**
   * The whole route: checks the message, hands its event to `handle` unless that was done before, and
   * answers. A message whose handling succeeded is never handled again by this process, however often
   * it comes. When `handle` throws, so does this; answer 500 then, as frameworks do by themselves,
   * and the service tries again.
   *
   *     app.post('/webhooks/keywell', (c) => keywell.webhooks.receive(c.req.raw, handle))
   */
  receive(request: Request, handle: (event: WebhookEvent) => unknown): Promise<Response>
}

export interface WebhookVerifierOptions {
  /** As shown when the webhook was made; several while one is being replaced. */
  readonly secret: string | readonly string[]
  /** Messages that are remembered, so that they have no effect twice. Default: 10,000. */
  readonly maxSeen?: number
}

/**
 * Checks messages of Keywell's webhooks, without a service or an API key. What was seen is
 * remembered in the memory of this process: an app with several keeps `event.id` in its database.
 *
 *     const webhooks = createWebhookVerifier({ secret: process.env.KEYWELL_WEBHOOK_SECRET })
 *     const event = await webhooks.verify({ body: await request.text(), headers: request.headers })
 *
 * @throws TypeError for a text that is no secret
 */
export function createWebhookVerifier(options: WebhookVerifierOptions): WebhookVerifier {
  const secrets = [options.secret].flat().map(parseSecret)
  if (secrets.length === 0) throw new TypeError('Keywell: `secret` has no entry.')
  const max = options.maxSeen ?? 10_000
  const handedOut = new LRUCache<string, true>({ max })
  const handled = new LRUCache<string, Promise<unknown>>({ max })

  return {
    async verify(message) {
      const { event, sentAt } = checkMessage(secrets, message)
      const name = `${event.id}.${sentAt}`
      if (handedOut.has(name)) {
        throw new KeywellError('webhook_repeated', `Message ${event.id} was handed out before.`)
      }
      handedOut.set(name, true)
      return event
    },

    async receive(request, handle) {
      const checked = await checkRequest(secrets, request)
      if (checked instanceof KeywellError) return problemResponse(checked)
      const { event } = checked
      const known = handled.get(event.id)
      const handling = known ?? Promise.resolve(event).then(handle)
      handled.set(event.id, handling)
      try {
        await handling
      } catch (error) {
        // Not done, so the next attempt is handled again.
        if (handled.get(event.id) === handling) handled.delete(event.id)
        throw error
      }
      return new Response(null, { status: 204 })
    },
  }
}

async function checkRequest(
  secrets: readonly Webhook[],
  request: Request,
): Promise<CheckedMessage | KeywellError> {
  try {
    return checkMessage(secrets, { body: await readBody(request), headers: request.headers })
  } catch (error) {
    if (error instanceof KeywellError) return error
    throw error
  }
}

async function readBody(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) {
      throw new KeywellError('payload_too_large', `The body has more than ${maxBodyBytes} bytes.`)
    }
    chunks.push(chunk)
  }
  const body = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.byteLength
  }
  return body
}
