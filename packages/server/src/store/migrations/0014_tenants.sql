-- Tenants that are erased. The row stays for good: an id that was erased is never used again, so that
-- what is restored or sent late cannot bring its tenant back.
create table tenant_erasures (
  tenant_id text primary key,
  begun_at  timestamptz not null default now(),
  -- Null: under way.
  erased_at timestamptz
);
create index tenant_erasures_under_way on tenant_erasures (begun_at) where erased_at is null;

-- What an erasure has left alive at providers, for people to remove by hand: counts, and nobody's name.
create table tenant_left_grants (
  tenant_id text not null,
  provider  text not null,
  host      text not null,
  type      text not null check (type in ('oauth_token', 'api_key', 'basic', 'webhook_secret')),
  count     int  not null check (count > 0),
  primary key (tenant_id, provider, host, type)
);

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

create trigger tenant_keys_of_the_living before insert on tenant_keys
  for each row execute function refuse_erased_tenant();
create trigger integrations_of_the_living before insert on integrations
  for each row execute function refuse_erased_tenant();
create trigger connections_of_the_living before insert on connections
  for each row execute function refuse_erased_tenant();
create trigger credentials_of_the_living before insert on credentials
  for each row execute function refuse_erased_tenant();
create trigger connect_sessions_of_the_living before insert on connect_sessions
  for each row execute function refuse_erased_tenant();
create trigger flows_of_the_living before insert on flows
  for each row execute function refuse_erased_tenant();
create trigger webhook_endpoints_of_the_living before insert on webhook_endpoints
  for each row execute function refuse_erased_tenant();
