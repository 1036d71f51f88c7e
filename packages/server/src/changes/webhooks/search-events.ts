import type { EventPage, KeywellEvent, searchEventsSchema } from '@keywell/protocol'
import type { z } from 'zod'
import type { Database } from '../../store/database.ts'
import { type EventRow, searchEvents as searchRows } from '../../store/event-search.ts'

type Search = z.output<typeof searchEventsSchema> & {
  /** The caller sees the tenant's webhooks, and not those of the installation. */
  ownOnly: boolean
}

/** A page of the events of a tenant that webhooks were sent, newest first. */
export async function searchEvents(
  database: Database,
  { tenantId, ownOnly, types, connectionId, from, to, limit, cursor }: Search,
): Promise<EventPage> {
  const rows = await searchRows(database.of(tenantId), {
    tenantId,
    ownOnly,
    types: types ?? null,
    connectionId: connectionId ?? null,
    from: from === undefined ? null : new Date(from),
    to: to === undefined ? null : new Date(to),
    before: cursor ?? null,
    limit: limit + 1,
  })
  const events = rows.slice(0, limit).map(viewEvent)
  const last = rows.length > limit ? events.at(-1) : undefined
  return { events, nextCursor: last?.id ?? null }
}

function viewEvent({ id, connectionId, createdAt, deliveries, type }: EventRow): KeywellEvent {
  return {
    // The ids were made with their prefixes.
    id: id as KeywellEvent['id'],
    connectionId: connectionId as KeywellEvent['connectionId'],
    type,
    createdAt: createdAt.toISOString(),
    deliveries: deliveries.map(({ webhookId, deliveredAt, ...delivery }) => ({
      webhookId: webhookId as KeywellEvent['deliveries'][number]['webhookId'],
      ...delivery,
      deliveredAt: deliveredAt === null ? null : new Date(deliveredAt * 1_000).toISOString(),
    })),
  }
}
