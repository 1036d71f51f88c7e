-- Who is running, so that together they stay within the limits of a provider's host.
create table replicas (
  tenant_id  text not null default '@install' check (tenant_id = '@install'),
  replica_id uuid not null,
  seen_at    timestamptz not null default now(),
  primary key (tenant_id, replica_id)
);
