import {
  type CreateWebhook,
  type createWebhookSchema,
  type Delivery,
  type DeliveryList,
  KeywellError,
  type listDeliveriesSchema,
  type Secret,
  type UpdateWebhook,
  type Webhook,
} from '@keywell/protocol'
import type { z } from 'zod'
import type { Actor } from '../../audit/actor.ts'
import type { Audit, AuditAction } from '../../audit/audit.ts'
import type { MakeId } from '../../ids.ts'
import { type Outbound, OutboundError } from '../../outbound/outbound.ts'
import type { Database, Sql } from '../../store/database.ts'
import { installation } from '../../store/scope.ts'
import * as outbox from '../../store/webhook-deliveries.ts'
import * as store from '../../store/webhook-endpoints.ts'
import type { SigningSecrets } from './signing-secrets.ts'
import { viewDelivery, viewWebhook } from './views.ts'

/** Endpoints that a tenant may have, and the installation. */
const maxPerOwner = 20
/** How long the secret before a rotation stays live. */
const previousLivesMs = 24 * 3_600_000

/** Names an endpoint; a tenant that is null means the installation. */
export interface EndpointKey {
  tenantId: string | null
  id: string
}

export interface Webhooks {
  create(
    options: Omit<z.output<typeof createWebhookSchema>, 'tenantId'> & { tenantId: string | null },
    caller: Actor,
  ): Promise<{ webhook: Webhook; secret: Secret }>
  list(tenantId: string | null): Promise<Webhook[]>
  get(key: EndpointKey): Promise<Webhook>
  update(key: EndpointKey, change: Omit<UpdateWebhook, 'tenantId'>, caller: Actor): Promise<Webhook>
  /** Takes its deliveries along. */
  remove(key: EndpointKey, caller: Actor): Promise<Webhook>
  /** A new secret; the one before stays live for a day. */
  rotateSecret(key: EndpointKey, caller: Actor): Promise<{ webhook: Webhook; secret: Secret }>
  deliveries(
    key: EndpointKey,
    page: Omit<z.output<typeof listDeliveriesSchema>, 'tenantId'>,
  ): Promise<DeliveryList>
  /** Sends a message again that was delivered or is dead, under the same id. */
  replay(key: EndpointKey, messageId: string, caller: Actor): Promise<Delivery>
  /** Sends all dead ones again; answers how many. */
  replayDead(key: EndpointKey, caller: Actor): Promise<number>
  /** Sends a message `webhook.test`. */
  test(key: EndpointKey, caller: Actor): Promise<Delivery>
}

/** Where changes are told to: endpoints, their secrets and their outbox. */
export function createWebhooks(parts: {
  database: Database
  secrets: SigningSecrets
  outbound: Outbound
  audit: Audit
  makeId: MakeId
  /** Called when something was made due. */
  wake: () => void
}): Webhooks {
  const { database, secrets, outbound, audit } = parts

  async function read(key: EndpointKey): Promise<store.WebhookEndpointRow> {
    const row = await store.findWebhookEndpoint(database.of(ownerOf(key)), ownerOf(key), key.id)
    return row ?? notFound(key.id)
  }

  /** An act and its audit row, together or not at all. */
  async function act<Result>(
    key: EndpointKey,
    action: AuditAction,
    caller: Actor,
    work: (sql: Sql, ref: outbox.EndpointRef) => Promise<Result>,
  ): Promise<Result> {
    const tenantId = ownerOf(key)
    return database.transaction(tenantId, async (sql) => {
      const result = await work(sql, { endpointOwner: tenantId, endpointId: key.id })
      await audit.write(sql, { ...caller, tenantId, action, result: 'ok', reason: key.id })
      return result
    })
  }

  return {
    async create({ tenantId, url, events }, caller) {
      const key = { tenantId, id: parts.makeId('webhook') }
      requireReachable(outbound, key, url)
      const slot = { tenantId: ownerOf(key), id: key.id, secretVersion: 1 }
      const { secret, ...sealed } = await secrets.make(slot)
      const row = { ...slot, ...sealed, url, events: unique(events), maxPerOwner }
      const inserted = await act(key, 'webhook.create', caller, async (sql) => {
        await store.lockWebhookOwner(sql, row.tenantId)
        return (await store.insertWebhookEndpoint(sql, row)) ?? tooMany()
      })
      return { webhook: viewWebhook(inserted), secret }
    },

    async list(tenantId) {
      const rows = await store.listWebhookEndpoints(
        database.of(tenantId ?? installation),
        tenantId ?? installation,
      )
      return rows.map(viewWebhook)
    },

    async get(key) {
      return viewWebhook(await read(key))
    },

    async update(key, { url, events, enabled }, caller) {
      if (url !== undefined) requireReachable(outbound, key, url)
      const row = {
        tenantId: ownerOf(key),
        id: key.id,
        url: url ?? null,
        events: events === undefined ? null : unique(events),
      }
      const updated = await act(key, 'webhook.update', caller, async (sql, ref) => {
        const changed = (await store.updateWebhookEndpoint(sql, row)) ?? notFound(key.id)
        if (enabled === undefined) return changed
        if (!enabled) await outbox.endDeliveries(sql, { ...ref, error: 'endpoint_disabled' })
        const disabledReason = enabled ? null : 'operator'
        return (await store.setWebhookEndpointState(sql, { ...row, disabledReason })) ?? changed
      })
      return viewWebhook(updated)
    },

    async remove(key, caller) {
      const row = await act(key, 'webhook.delete', caller, async (sql, ref) => {
        await outbox.deleteDeliveries(sql, ref)
        return (await store.deleteWebhookEndpoint(sql, ownerOf(key), key.id)) ?? notFound(key.id)
      })
      return viewWebhook(row)
    },

    async rotateSecret(key, caller) {
      const row = await read(key)
      const slot = { ...row, secretVersion: row.secretVersion + 1 }
      const { secret, ...sealed } = await secrets.make(slot)
      const next = { ...slot, ...sealed, previousLivesMs }
      const rotated = await act(key, 'webhook.rotate_secret', caller, async (sql) => {
        return (await store.rotateWebhookSecret(sql, next)) ?? changedMeanwhile()
      })
      return { webhook: viewWebhook(rotated), secret }
    },

    async deliveries(key, { state, limit, cursor }) {
      const { tenantId: endpointOwner, id: endpointId } = await read(key)
      const rows = await outbox.listDeliveries(database.of(endpointOwner), {
        endpointOwner,
        endpointId,
        state: state ?? null,
        before: cursor ?? null,
        limit: limit + 1,
      })
      const page = rows.slice(0, limit).map(viewDelivery)
      const last = rows.length > limit ? page.at(-1) : undefined
      return { deliveries: page, nextCursor: last?.id ?? null }
    },

    async replay(key, messageId, caller) {
      requireEnabled(await read(key))
      const row = await act(key, 'webhook.replay', caller, async (sql, ref) => {
        const replayed = await outbox.replayDelivery(sql, { ...ref, id: messageId })
        return replayed ?? nothingToReplay(messageId)
      })
      parts.wake()
      return viewDelivery(row)
    },

    async replayDead(key, caller) {
      requireEnabled(await read(key))
      const replayed = await act(key, 'webhook.replay', caller, outbox.replayDeadDeliveries)
      parts.wake()
      return replayed
    },

    async test(key, caller) {
      requireEnabled(await read(key))
      const row = await act(key, 'webhook.test', caller, (sql, ref) => {
        const message = { type: 'webhook.test', data: { webhookId: key.id } }
        return outbox.insertDelivery(sql, { ...ref, ...message, tenantId: ref.endpointOwner })
      })
      parts.wake()
      return viewDelivery(row)
    },
  }
}

function ownerOf(key: EndpointKey): string {
  return key.tenantId ?? installation
}

function unique(events: NonNullable<CreateWebhook['events']>): typeof events {
  return [...new Set(events)]
}

/** Known when the endpoint is added, and looked at again before each message. */
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

function requireEnabled(row: store.WebhookEndpointRow): void {
  if (row.disabledReason === null) return
  throw new KeywellError('conflict', `Webhook ${row.id} is disabled.`, {
    nextStep: 'Enable it first: PATCH /v1/webhooks/:webhookId {"enabled":true}.',
  })
}

function notFound(id: string): never {
  throw new KeywellError('not_found', `There is no webhook ${id}.`)
}

function nothingToReplay(messageId: string): never {
  throw new KeywellError(
    'not_found',
    `There is no ended delivery ${messageId}; one that is still due comes by itself.`,
  )
}

function tooMany(): never {
  throw new KeywellError('invalid_request', `An owner may have ${maxPerOwner} webhooks.`, {
    nextStep: 'Remove one that is not needed any more.',
  })
}

function changedMeanwhile(): never {
  throw new KeywellError('conflict', 'The secret was rotated by somebody else just now.')
}
