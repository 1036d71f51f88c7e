-- What keeping connections alive needs: when one was last read, how often in a row it could not be
-- probed, pairs that came too late, and integrations whose client is refused.

alter table upkeep
  add column read_at              timestamptz,
  add column probe_failures       int not null default 0,
  -- The generation that the user's last consent made: pairs from before it belong to a grant that is
  -- withdrawn.
  add column connected_generation int not null default 1;
create index upkeep_of_integration on upkeep (integration_id, due_at) where state <> 'dead';

-- A pair that came when the generation had moved on; tried before the connection is given up.
create table orphans (
  tenant_id     text not null,
  connection_id text not null,
  attempt_id    uuid not null,
  generation    int not null,
  key_version   int not null,
  sealed        bytea not null,
  created_at    timestamptz not null default now(),
  primary key (tenant_id, connection_id, attempt_id)
);
create index orphans_by_age on orphans (created_at);

-- A suspended integration's connections wait without being asked; one of them tries now and then.
alter table integrations
  add column suspended_at     timestamptz,
  add column suspended_reason text check (suspended_reason in ('client_refused', 'our_fault')),
  add column canary_at        timestamptz,
  add column our_faults       int not null default 0;
create index integrations_suspended on integrations (canary_at) where suspended_at is not null;

alter table revocations add column created_at timestamptz not null default now();

