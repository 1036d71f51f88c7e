-- Where changes are told to by HTTP. An endpoint of '@install' hears all tenants, one of a tenant
-- that tenant alone. The secret before the last rotation is live until previous_until.
create table webhook_endpoints (
  tenant_id       text not null,
  id              text not null,
  url             text not null,
  events          text[] not null,
  disabled_reason text check (disabled_reason in ('operator', 'gone')),
  secret_version  int  not null default 1 check (secret_version > 0),
  key_version     int  not null,
  sealed          bytea not null,
  previous_sealed bytea,
  previous_until  timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (tenant_id, id),
  check ((previous_sealed is null) = (previous_until is null))
);

-- The outbox: one row for a message to an endpoint, written in the transaction of its change. It
-- stands under the tenant that it tells of, whoever owns the endpoint, so that it goes with that
-- tenant. Holds no secret.
create table webhook_deliveries (
  tenant_id      text not null,
  id             text not null,
  endpoint_owner text not null,
  endpoint_id    text not null,
  type           text not null,
  connection_id  text,
  data           jsonb not null,
  state          text not null default 'due' check (state in ('due', 'delivered', 'dead')),
  due_at         timestamptz not null default now(),
  attempts       int  not null default 0,
  last_status    int,
  last_error     text,
  created_at     timestamptz not null default now(),
  ended_at       timestamptz,
  primary key (tenant_id, id, endpoint_id),
  check ((state = 'due') = (ended_at is null))
);
create index webhook_deliveries_due on webhook_deliveries (due_at) where state = 'due';
create index webhook_deliveries_of_endpoint on webhook_deliveries (endpoint_owner, endpoint_id, id);
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where state <> 'due';
