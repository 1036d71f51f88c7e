-- The first schema, in three files: tenants and keys; connections and what is told of them; the audit log.
--
-- tenant_id leads every key, so that the tables can be distributed by tenant without a rewrite; rows of the
-- installation itself stand under '@install'.
--
-- Whose rows a transaction may see and write is held by the database. Statements run as one of two roles
-- (roles.ts), which own nothing. keywell_app sees the rows of those tenants that its transaction names in
-- `app.tenants`, and none when it names none; keywell_worker sees all tenants, in the columns that are
-- granted to it, of which none is sealed. Each table has its row security and its grants beside it.

do $$ begin
  execute format('grant usage on schema %I to keywell_app, keywell_worker', current_schema());
end $$;
-- Which migrations there are is no secret, and whoever starts has to know it.
grant select on migrations to public;

-- For each table that has rows of tenants, in this migration and in those after it. Row security is forced:
-- it binds the owner of the table as well. The setting is read once for a statement, and not for each row;
-- after a transaction it is empty, and not null. `is true` keeps the list from being looked up in an index:
-- rows are found by what a statement asks for, and not by reading whatever the tenants have.
create function guard_by_tenant(guarded regclass) returns void language plpgsql as $$
declare
  of_tenant constant text :=
    '(tenant_id = any ((select nullif(current_setting(''app.tenants'', true), '''')::text[])::text[])) is true';
begin
  execute format('alter table %s enable row level security', guarded);
  execute format('alter table %s force row level security', guarded);
  execute format('create policy of_tenant on %s to keywell_app using (%s)', guarded, of_tenant);
  execute format('create policy of_all on %s to keywell_worker using (true)', guarded);
end $$;

-- Tenants that are erased. The row stays for good: an id that was erased is never used again, so that
-- what is restored or sent late cannot bring its tenant back.
create table tenant_erasures (
  tenant_id text primary key,
  begun_at  timestamptz not null default now(),
  -- Null: under way.
  erased_at timestamptz
);
create index tenant_erasures_under_way on tenant_erasures (begun_at) where erased_at is null;
select guard_by_tenant('tenant_erasures');
grant select, insert, update on tenant_erasures to keywell_app;
grant select on tenant_erasures to keywell_worker;

-- Nothing new for a tenant from the moment that its erasure has begun, whoever writes it. The lock makes
-- the beginning wait for those who write already: what an erasure then finds can only become less.
create function refuse_erased_tenant() returns trigger language plpgsql as $$
begin
  if new.tenant_id = '@install' then
    return new;
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended(new.tenant_id, 5394715));
  if exists (select from tenant_erasures where tenant_id = new.tenant_id) then
    raise exception 'the tenant of this row of % was erased', tg_table_name using errcode = 'KW410';
  end if;
  return new;
end $$;

-- What an erasure has left alive at providers, for people to remove by hand: counts, and nobody's name.
create table tenant_left_grants (
  tenant_id text not null,
  provider  text not null,
  method    text not null,
  host      text not null,
  type      text not null check (type in ('oauth_token', 'api_key', 'basic', 'webhook_secret')),
  count     int  not null check (count > 0),
  primary key (tenant_id, provider, method, host, type)
);
select guard_by_tenant('tenant_left_grants');
grant select, insert, update (count) on tenant_left_grants to keywell_app;

-- What the operator allows a tenant; no row: everything.
create table tenant_policies (
  tenant_id  text primary key,
  policy     jsonb not null check (jsonb_typeof(policy) = 'object'),
  updated_at timestamptz not null default now()
);
create trigger tenant_policies_of_the_living before insert on tenant_policies
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('tenant_policies');
grant select, insert, update, delete on tenant_policies to keywell_app;

-- The keys that everything of a tenant is sealed with, each wrapped by a root key that is not in the
-- database. A version that is destroyed leaves its row, and no key in it.
create table tenant_keys (
  tenant_id    text not null,
  version      int  not null check (version > 0),
  kek_id       text not null,
  wrapped      bytea,
  state        text not null check (state in ('active', 'decrypt_only', 'disabled', 'destroyed')),
  state_since  timestamptz not null default now(),
  created_at   timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (tenant_id, version),
  check ((state = 'destroyed') = (wrapped is null))
);
create unique index tenant_keys_one_active on tenant_keys (tenant_id) where state = 'active';
create index tenant_keys_by_kek on tenant_keys (kek_id) where state <> 'destroyed';
create trigger tenant_keys_of_the_living before insert on tenant_keys
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('tenant_keys');
grant select, insert, update on tenant_keys to keywell_app;
grant select (tenant_id, version, kek_id, state) on tenant_keys to keywell_worker;

-- Key pairs and peppers of the installation; the private half is sealed.
create table install_keys (
  tenant_id   text not null default '@install' check (tenant_id = '@install'),
  name        text not null,
  version     int  not null,
  key_version int  not null,
  sealed      bytea not null,
  public_jwk  jsonb not null,
  created_at  timestamptz not null default now(),
  primary key (tenant_id, name, version)
);
select guard_by_tenant('install_keys');
grant select, insert, update on install_keys to keywell_app;
grant select (tenant_id) on install_keys to keywell_worker;

-- The keys of backends and operators, and what each may do. A key is kept as a MAC under a pepper of the
-- installation; the pepper can be replaced, so each row says which version its MACs are under.
create table api_keys (
  tenant_id      text not null default '@install' check (tenant_id = '@install'),
  id             text not null,
  name           text not null,
  mac            bytea not null,
  roles          text[] not null,
  -- Null: all of them.
  tenants        text[],
  providers      text[],
  -- The only origins that its connect sessions may name; null: all that the installation allows.
  origins        text[],
  -- MAC over all that the key may do and until when (key-macs.ts): a row that was changed by hand is void.
  grants_mac     bytea not null,
  pepper_version int not null check (pepper_version > 0),
  created_at     timestamptz not null default now(),
  expires_at     timestamptz,
  last_used_at   timestamptz,
  revoked_at     timestamptz,
  -- Its successor, once it was rotated.
  replaced_by    text,
  primary key (tenant_id, id)
);
create unique index api_keys_by_mac on api_keys (tenant_id, mac);
select guard_by_tenant('api_keys');
grant select, insert, update on api_keys to keywell_app;
grant select (tenant_id) on api_keys to keywell_worker;

-- Writing calls that named themselves by an Idempotency-Key, for a day. The answer is kept as it was sent, and
-- is null while the call is under way and where it holds a secret. Both MACs are under a pepper of the
-- installation: of the request, which may hold a secret, nothing else is kept, and an answer that was planted is
-- not given.
create table idempotent_calls (
  -- Whom the call names; '@install' where it names none.
  tenant_id      text not null,
  api_key_id     text not null,
  route          text not null,
  key            text not null,
  request_id     text not null,
  request_mac    bytea not null,
  status         int check (status between 200 and 299),
  answer         text check (answer is null or status is not null),
  answer_mac     bytea check ((answer_mac is null) = (status is null)),
  pepper_version int not null check (pepper_version > 0),
  created_at     timestamptz not null default now(),
  primary key (tenant_id, api_key_id, route, key)
);
create index idempotent_calls_by_age on idempotent_calls (created_at);
create trigger idempotent_calls_of_the_living before insert on idempotent_calls
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('idempotent_calls');
grant select, insert, update, delete on idempotent_calls to keywell_app;
grant select (tenant_id, created_at), delete on idempotent_calls to keywell_worker;

-- Who is running, so that together they stay within the limits of a provider's host, and which root keys
-- each of them holds (the first one wraps), so that none is taken away from under it.
create table replicas (
  tenant_id    text not null default '@install' check (tenant_id = '@install'),
  replica_id   uuid not null,
  seen_at      timestamptz not null default now(),
  root_key_ids text[],
  primary key (tenant_id, replica_id)
);
select guard_by_tenant('replicas');
grant select, insert, update, delete on replicas to keywell_app;
