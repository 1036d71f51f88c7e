import {
  type Delivery,
  type DeliveryList,
  KeywellError,
  type listDeliveriesSchema,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../../audit/actor.ts'
import {
  insertDelivery,
  listDeliveries,
  replayDeadDeliveries,
  replayDelivery,
} from '../../store/webhook-deliveries.ts'
import {
  audited,
  type EndpointKey,
  findEnabledEndpoint,
  findEndpoint,
  type WebhookParts,
} from './endpoint.ts'
import { viewDelivery } from './views.ts'

export type DeliveryPage = Omit<z.output<typeof listDeliveriesSchema>, 'tenantId'>

export async function pageOfDeliveries(
  parts: WebhookParts,
  key: EndpointKey,
  { state, limit, cursor }: DeliveryPage,
): Promise<DeliveryList> {
  const { tenantId: endpointOwner, id: endpointId } = await findEndpoint(parts, key)
  const rows = await listDeliveries(parts.database.of(endpointOwner), {
    endpointOwner,
    endpointId,
    state: state ?? null,
    before: cursor ?? null,
    limit: limit + 1,
  })
  const page = rows.slice(0, limit).map(viewDelivery)
  const last = rows.length > limit ? page.at(-1) : undefined
  return { deliveries: page, nextCursor: last?.id ?? null }
}

export async function replay(
  parts: WebhookParts,
  key: EndpointKey,
  messageId: string,
  actor: Actor,
): Promise<Delivery> {
  await findEnabledEndpoint(parts, key)
  const row = await audited(parts, { key, action: 'webhook.replay', actor }, async (sql, ref) => {
    const replayed = await replayDelivery(sql, { ...ref, id: messageId })
    return replayed ?? nothingToReplay(messageId)
  })
  parts.wake()
  return viewDelivery(row)
}

export async function replayDead(
  parts: WebhookParts,
  key: EndpointKey,
  actor: Actor,
): Promise<number> {
  await findEnabledEndpoint(parts, key)
  const act = { key, action: 'webhook.replay', actor } as const
  const replayed = await audited(parts, act, replayDeadDeliveries)
  parts.wake()
  return replayed
}

export async function sendTest(
  parts: WebhookParts,
  key: EndpointKey,
  actor: Actor,
): Promise<Delivery> {
  await findEnabledEndpoint(parts, key)
  const row = await audited(parts, { key, action: 'webhook.test', actor }, (sql, ref) => {
    const message = { type: 'webhook.test', data: { webhookId: key.id } }
    return insertDelivery(sql, { ...ref, ...message, tenantId: ref.endpointOwner })
  })
  parts.wake()
  return viewDelivery(row)
}

function nothingToReplay(messageId: string): never {
  throw new KeywellError(
    'not_found',
    `There is no ended delivery ${messageId}. A delivery that is still due is sent by itself.`,
  )
}
