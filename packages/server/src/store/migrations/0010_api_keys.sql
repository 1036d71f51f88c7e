-- What an API key may do. Keys from before may do what they could until now, which is everything; they
-- have no grants_mac, and their key's own MAC says that they are from before (key-macs.ts).
alter table api_keys
  add column roles       text[] not null default '{admin,backend}',
  -- Null: all of them.
  add column tenants     text[],
  add column providers   text[],
  add column expires_at  timestamptz,
  -- Its successor, once it was rotated.
  add column replaced_by text,
  -- MAC over id, mac, roles, tenants, providers, created_at and expires_at: a row that was changed by hand is void.
  add column grants_mac  bytea;
alter table api_keys alter column roles drop default;
