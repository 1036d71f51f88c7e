import type { Sql } from './database.ts'
import { type Claim, claimColumns, takeClaims } from './refresh-claim.ts'

/** An incident of its provider covers the row. Then only {@link claimHeld} claims it. */
const heldBack = `exists (select from incidents p
    where p.integration_id = u.integration_id and p.host = u.host and p.tenant_id in (u.tenant_id, '@install'))`

/**
 * Claims due work of all tenants: intent, lease and epoch in one statement. The integration whose work
 * has been due the longest comes first, and within it the longest due. Integrations that are suspended,
 * or whose origin is throttled, are left out before their rows are read: however much has become due
 * there meanwhile, finding work elsewhere costs the same. Incidents are read once, and not for each row: mostly
 * there is none. API keys belong to no integration. They are
 * one group, and each of its rows says whether its origin is throttled.
 */
export async function claimDue(
  sql: Sql,
  options: { owner: string; leaseMs: number; limit: number; heldOrigins: readonly string[] },
): Promise<Claim[]> {
  return sql.query<Claim>(
    `with incidents as materialized (
       select tenant_id, integration_id, host from provider_incidents where confirmed_at is null
     ), open as materialized (
       select i.id, longest.due_at
       from (
         select id, host from integrations g where suspended_at is null
           and not exists (select from incidents p
             where p.integration_id = g.id and p.host = g.host and p.tenant_id in (g.tenant_id, '@install'))
         union all select '', null
       ) i cross join lateral (
         select due_at from refresh_schedule u
         where integration_id = i.id and state <> 'dead' and due_at <= now()
           and (lease_until is null or lease_until < now()) and not ${heldBack}
         order by due_at
         limit 1
       ) longest
       where i.host is null or substring(i.host from '^https?://[^/]+') <> all ($4::text[])
       order by longest.due_at
     ), due as (
       select u.* from open cross join lateral (
         select tenant_id, connection_id, state, unresolved_since,
                coalesce(refresh_at <= now(), false) as refresh_due
         from refresh_schedule u
         where integration_id = open.id and state <> 'dead' and due_at <= now()
           and (lease_until is null or lease_until < now()) and not ${heldBack}
           and (open.id <> '' or substring(host from '^https?://[^/]+') <> all ($4::text[]))
         order by due_at
         limit $3
         for update skip locked
       ) u
       limit $3
     )
     ${takeClaims} returning ${claimColumns}`,
    [options.owner, options.leaseMs, options.limit, options.heldOrigins],
  )
}

/**
 * Claims one connection of a suspended integration, to find out whether the provider accepts its client
 * again. It is the one with the fewest attempts, so that the next canary is another: one connection alone
 * may fail for a reason of its own.
 */
export async function claimCanary(
  sql: Sql,
  options: { owner: string; leaseMs: number; integrationId: string },
): Promise<Claim | undefined> {
  const [claim] = await sql.query<Claim>(
    `with due as (
       select tenant_id, connection_id, state, unresolved_since, true as refresh_due
       from refresh_schedule
       where integration_id = $3 and state <> 'dead' and refresh_at is not null
         and (lease_until is null or lease_until < now())
       order by epoch, refresh_at
       limit 1
       for update skip locked
     )
     ${takeClaims} returning ${claimColumns}`,
    [options.owner, options.leaseMs, options.integrationId],
  )
  return claim
}

/**
 * Claims one connection that a provider-wide incident holds back. First those that were well and were not asked since it
 * began, due or not: a refusal that is repeated says nothing new, and they say whether it is over. What is not due is
 * probed. Then the one that is due the longest. Without an answer for `quietMs` the next one, due or not.
 */
export async function claimHeld(
  sql: Sql,
  options: {
    owner: string
    leaseMs: number
    /** '@install': of all tenants. */
    incidentOwner: string
    integrationId: string
    host: string
    quietMs: number
    /** Of the incident. */
    beganAt: Date
  },
): Promise<Claim | undefined> {
  const [claim] = await sql.query<Claim>(
    `with witness as materialized (
       select tenant_id, connection_id, state, unresolved_since,
              coalesce(refresh_at <= now(), false) as refresh_due
       from refresh_schedule
       where integration_id = $3 and host = $4 and $5 in (tenant_id, '@install') and state = 'idle'
         and refused_at is null and last_outcome is distinct from 'not_sent'
         and coalesce(greatest(answered_at, probed_at) < $7::timestamptz, true)
         and (lease_until is null or lease_until < now())
       order by due_at
       limit 1
       for update skip locked
     ), other as materialized (
       select tenant_id, connection_id, state, unresolved_since,
              refresh_at is not null and refresh_at <= greatest(now(), due_at) as refresh_due
       from refresh_schedule
       where integration_id = $3 and host = $4 and $5 in (tenant_id, '@install') and state <> 'dead'
         and not exists (select from witness)
         and (due_at <= now() or not exists (
           select from refresh_schedule where integration_id = $3 and host = $4
             and answered_at > now() - $6 * interval '1 millisecond'))
         and (lease_until is null or lease_until < now())
       order by due_at
       limit 1
       for update skip locked
     ), due as (select * from witness union all select * from other)
     ${takeClaims} returning ${claimColumns}`,
    [
      options.owner,
      options.leaseMs,
      options.integrationId,
      options.host,
      options.incidentOwner,
      options.quietMs,
      options.beganAt,
    ],
  )
  return claim
}
