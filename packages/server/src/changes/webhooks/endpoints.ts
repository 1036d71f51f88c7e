import {
  type CreateWebhook,
  type createWebhookSchema,
  type Delivery,
  type DeliveryList,
  KeywellError,
  type Secret,
  type UpdateWebhook,
  type Webhook,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../../audit/actor.ts'
import { type Outbound, OutboundError } from '../../outbound/outbound.ts'
import { deleteDeliveries, endDeliveries } from '../../store/webhook-deliveries.ts'
import * as store from '../../store/webhook-endpoints.ts'
import { type DeliveryPage, pageOfDeliveries, replay, replayDead, sendTest } from './deliveries.ts'
import {
  audited,
  type EndpointKey,
  endpointNotFound,
  findEndpoint,
  ownerOf,
  type WebhookParts,
} from './endpoint.ts'
import { viewWebhook } from './views.ts'

/** Endpoints that a tenant may have, and the installation. */
const maxPerOwner = 20
/** How long the previous secret stays valid after a rotation. */
const previousLivesMs = 24 * 3_600_000

type NewWebhook = Omit<z.output<typeof createWebhookSchema>, 'tenantId'> & {
  tenantId: string | null
}
type WebhookUpdate = Omit<UpdateWebhook, 'tenantId'>

/** The endpoints that receive changes, their secrets, and their deliveries. */
export interface Webhooks {
  create(options: NewWebhook, actor: Actor): Promise<{ webhook: Webhook; secret: Secret }>
  list(tenantId: string | null): Promise<Webhook[]>
  get(key: EndpointKey): Promise<Webhook>
  update(key: EndpointKey, update: WebhookUpdate, actor: Actor): Promise<Webhook>
  /** Removes its deliveries too. */
  remove(key: EndpointKey, actor: Actor): Promise<Webhook>
  /** Makes a new secret; the previous one stays valid for a day. */
  rotateSecret(key: EndpointKey, actor: Actor): Promise<{ webhook: Webhook; secret: Secret }>
  deliveries(key: EndpointKey, page: DeliveryPage): Promise<DeliveryList>
  /** Sends a message again that was delivered or is dead, under the same id. */
  replay(key: EndpointKey, messageId: string, actor: Actor): Promise<Delivery>
  /** Sends all dead messages again. Returns their number. */
  replayDead(key: EndpointKey, actor: Actor): Promise<number>
  /** Sends a message `webhook.test`. */
  test(key: EndpointKey, actor: Actor): Promise<Delivery>
}

export function createWebhooks(parts: WebhookParts): Webhooks {
  return {
    create: (options, actor) => createEndpoint(parts, options, actor),
    list: (tenantId) => listEndpoints(parts, tenantId),
    get: async (key) => viewWebhook(await findEndpoint(parts, key)),
    update: (key, update, actor) => updateEndpoint(parts, key, update, actor),
    remove: (key, actor) => removeEndpoint(parts, key, actor),
    rotateSecret: (key, actor) => rotateSecret(parts, key, actor),
    deliveries: (key, page) => pageOfDeliveries(parts, key, page),
    replay: (key, messageId, actor) => replay(parts, key, messageId, actor),
    replayDead: (key, actor) => replayDead(parts, key, actor),
    test: (key, actor) => sendTest(parts, key, actor),
  }
}

async function createEndpoint(
  parts: WebhookParts,
  { tenantId, url, events }: NewWebhook,
  actor: Actor,
): Promise<{ webhook: Webhook; secret: Secret }> {
  const key = { tenantId, id: parts.makeId('webhook') }
  requireReachable(parts.outbound, key, url)
  const slot = { tenantId: ownerOf(key), id: key.id, secretVersion: 1 }
  const { secret, ...sealed } = await parts.secrets.make(slot)
  const row = { ...slot, ...sealed, url, events: unique(events), maxPerOwner }
  const act = { key, action: 'webhook.create', actor } as const
  const inserted = await audited(parts, act, async (sql) => {
    await store.lockWebhookOwner(sql, row.tenantId)
    return (await store.insertWebhookEndpoint(sql, row)) ?? tooMany()
  })
  return { webhook: viewWebhook(inserted), secret }
}

async function listEndpoints(
  { database }: WebhookParts,
  tenantId: string | null,
): Promise<Webhook[]> {
  const owner = ownerOf({ tenantId })
  const rows = await store.listWebhookEndpoints(database.of(owner), owner)
  return rows.map(viewWebhook)
}

async function updateEndpoint(
  parts: WebhookParts,
  key: EndpointKey,
  { url, events, enabled }: WebhookUpdate,
  actor: Actor,
): Promise<Webhook> {
  if (url !== undefined) requireReachable(parts.outbound, key, url)
  const row = {
    tenantId: ownerOf(key),
    id: key.id,
    url: url ?? null,
    events: events === undefined ? null : unique(events),
  }
  const act = { key, action: 'webhook.update', actor } as const
  const updated = await audited(parts, act, async (sql, ref) => {
    const changed = (await store.updateWebhookEndpoint(sql, row)) ?? endpointNotFound(key.id)
    if (enabled === undefined) return changed
    if (!enabled) await endDeliveries(sql, { ...ref, error: 'endpoint_disabled' })
    const disabledReason = enabled ? null : 'operator'
    return (await store.setWebhookEndpointState(sql, { ...row, disabledReason })) ?? changed
  })
  return viewWebhook(updated)
}

async function removeEndpoint(
  parts: WebhookParts,
  key: EndpointKey,
  actor: Actor,
): Promise<Webhook> {
  const act = { key, action: 'webhook.delete', actor } as const
  const removed = await audited(parts, act, async (sql, ref) => {
    await deleteDeliveries(sql, ref)
    const row = await store.deleteWebhookEndpoint(sql, ownerOf(key), key.id)
    return row ?? endpointNotFound(key.id)
  })
  return viewWebhook(removed)
}

async function rotateSecret(
  parts: WebhookParts,
  key: EndpointKey,
  actor: Actor,
): Promise<{ webhook: Webhook; secret: Secret }> {
  const row = await findEndpoint(parts, key)
  const slot = { ...row, secretVersion: row.secretVersion + 1 }
  const { secret, ...sealed } = await parts.secrets.make(slot)
  const next = { ...slot, ...sealed, previousLivesMs }
  const act = { key, action: 'webhook.rotate_secret', actor } as const
  const rotated = await audited(parts, act, async (sql) => {
    return (await store.rotateWebhookSecret(sql, next)) ?? rotatedMeanwhile()
  })
  return { webhook: viewWebhook(rotated), secret }
}

function unique(events: NonNullable<CreateWebhook['events']>): typeof events {
  return [...new Set(events)]
}

/** The address is checked when the URL is set, and again before each message. */
function requireReachable(outbound: Outbound, key: EndpointKey, url: string): void {
  try {
    outbound.checkUrl(url, { tenantId: ownerOf(key) })
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    throw new KeywellError('host_not_allowed', error.message, {
      nextStep: `Use an https URL that the internet can reach. If ${new URL(url).origin} is a host of yours, start the service with it in KEYWELL_ALLOW_WEBHOOK_HOSTS.`,
    })
  }
}

function tooMany(): never {
  throw new KeywellError('invalid_request', `An owner may have ${maxPerOwner} webhooks.`, {
    nextStep: 'Remove one that is not needed any more.',
  })
}

function rotatedMeanwhile(): never {
  throw new KeywellError('conflict', 'Another request rotated the secret just now.')
}
