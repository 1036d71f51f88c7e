-- Keys that are replaced: since when a version is in its state, and which root keys each replica holds
-- (the first one wraps), so that none is taken away from under it.
alter table tenant_keys add column state_since timestamptz not null default now();
alter table replicas add column root_key_ids text[];
