-- Whose rows a transaction may see and write is held by the database. Statements run as one of two roles
-- (roles.ts), which own nothing. keywell_app sees the rows of those tenants that its transaction names in
-- `app.tenants`, and none when it names none; keywell_worker sees all tenants, in the columns that are
-- granted here, of which none is sealed. Row security is forced: it binds the owner of the tables as well.

create function tenant_tables() returns setof regclass language sql stable as $$
  select c.oid::regclass from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname
$$;

-- For each table that has rows of tenants, in this migration and in those after it. The setting is read
-- once for a statement, and not for each row; after a transaction it is empty, and not null. `is true` keeps
-- the list from being looked up in an index: rows are found by what a statement asks for, and not by reading
-- whatever the tenants have.
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

select guard_by_tenant(each) from tenant_tables() as each;

-- A message to the installation's own endpoint stands under the tenant that it tells of; its owner sees it too.
create policy of_endpoint on webhook_deliveries to keywell_app using (
  (endpoint_owner = any ((select nullif(current_setting('app.tenants', true), '')::text[])::text[])) is true
);

do $$ begin
  execute format('grant usage on schema %I to keywell_app, keywell_worker', current_schema());
end $$;
-- Which migrations there are is no secret, and whoever starts has to know it.
grant select on migrations to public;

-- Requests, and work on one tenant.
grant select, insert, update, delete on
  integrations, connections, credentials, upkeep, connect_sessions, flows, one_time_codes, revocations,
  orphans, webhook_endpoints, webhook_deliveries, replicas
  to keywell_app;
grant select, insert, update on tenant_keys, install_keys, api_keys, tenant_erasures to keywell_app;
grant select, insert on changes, tenant_left_grants, audit, audit_tail to keywell_app;
grant select on audit_links, audit_cuts, audit_heads, audit_heads_due to keywell_app;

-- What is due, whoever owns it.
grant select, update on upkeep to keywell_worker;
grant select (tenant_id, id, host, key_version, suspended_at, canary_at), update (canary_at)
  on integrations to keywell_worker;
grant select (tenant_id, state, due_at, created_at), update (state) on revocations to keywell_worker;
grant select, update, delete on webhook_deliveries to keywell_worker;
grant select on tenant_erasures to keywell_worker;
-- What is old.
grant select, delete on changes to keywell_worker;
grant select (created_at), delete on orphans to keywell_worker;
-- What metrics and an operator's view of keys count.
grant select (tenant_id, provider, status, health) on connections to keywell_worker;
grant select (tenant_id, version, kek_id, state) on tenant_keys to keywell_worker;
grant select (tenant_id) on credentials, install_keys, api_keys, webhook_endpoints to keywell_worker;
grant select (tenant_id, key_version) on flows to keywell_worker;
grant select (tenant_id, created_at) on orphans to keywell_worker;
-- The chains of the audit log.
grant select, delete on audit to keywell_worker;
grant select, insert, delete on audit_tail, audit_links, audit_cuts, audit_heads, audit_heads_due
  to keywell_worker;
