import type { Sql } from './database.ts'
import type { DeliveryRow } from './webhook-deliveries.ts'

export interface EventRow {
  id: string
  type: string
  connectionId: string | null
  createdAt: Date
  deliveries: (Pick<DeliveryRow, 'state' | 'attempts' | 'lastStatus' | 'lastError'> & {
    webhookId: string
    /** In seconds since 1970; null: it was not delivered. */
    deliveredAt: number | null
  })[]
}

export interface EventQuery {
  tenantId: string
  /** Those to the tenant's own webhooks alone. */
  ownOnly: boolean
  types: readonly string[] | null
  connectionId: string | null
  from: Date | null
  to: Date | null
  before: string | null
  limit: number
}

/** Events of a tenant, newest first, each with its messages. All messages of an event have its id. */
export async function searchEvents(sql: Sql, query: EventQuery): Promise<EventRow[]> {
  return sql.query<EventRow>(
    `select id, min(type) as type, min(connection_id) as "connectionId", min(created_at) as "createdAt",
       jsonb_agg(jsonb_build_object('webhookId', endpoint_id, 'state', state, 'attempts', attempts,
         'lastStatus', last_status, 'lastError', last_error,
         'deliveredAt', case when state = 'delivered' then extract(epoch from ended_at) end)
         order by endpoint_id) as deliveries
     from webhook_deliveries
     where tenant_id = $1 and (not $2::boolean or endpoint_owner = $1)
       and type <> 'webhook.test' and ($3::text[] is null or type = any($3))
       and ($4::text is null or connection_id = $4)
       and ($5::timestamptz is null or created_at >= $5)
       and ($6::timestamptz is null or created_at < $6) and ($7::text is null or id < $7)
     group by tenant_id, id order by id desc limit $8`,
    [
      query.tenantId,
      query.ownOnly,
      query.types,
      query.connectionId,
      query.from,
      query.to,
      query.before,
      query.limit,
    ],
  )
}
