import { type ChangeFeed, createChangeFeed } from '../changes/feed.ts'
import { createWebhooks, type Webhooks } from '../changes/webhooks/endpoints.ts'
import { createSigningSecrets } from '../changes/webhooks/signing-secrets.ts'
import { createWebhookWorker, type WebhookWorker } from '../changes/webhooks/worker.ts'
import type { FaultPoint } from '../refresh/fault-point.ts'
import type { Platform } from './platform.ts'
import type { Shared } from './shared.ts'

/** What delivers changes: the stream and webhooks. */
export interface Delivery {
  feed: ChangeFeed
  webhooks: Webhooks
  webhookWorker: WebhookWorker
}

export function createDelivery(
  platform: Platform,
  { toReceivers: outbound, audit }: Shared,
  faultPoint: FaultPoint,
): Delivery {
  const { database, vault, logger, metrics, makeId, after, monotonic } = platform
  const { randomBytes, jitter } = platform
  const feed = createChangeFeed({
    database,
    logger,
    metrics,
    after,
    monotonic,
    beforePush: (change) => faultPoint('before_push', change),
  })
  const secrets = createSigningSecrets({ vault, randomBytes })
  const webhookWorker = createWebhookWorker({
    database,
    secrets,
    outbound,
    audit,
    logger,
    after,
    jitter,
    metrics,
  })
  const { wake } = webhookWorker
  const webhooks = createWebhooks({ database, secrets, outbound, audit, makeId, wake })
  return { feed, webhooks, webhookWorker }
}
