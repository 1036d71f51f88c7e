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

-- A change of the policy is one of the whole tenant, and names no connection.
alter table changes
  alter column connection_id drop not null,
  alter column user_id drop not null,
  alter column provider drop not null,
  alter column host drop not null,
  alter column name drop not null,
  alter column generation drop not null;
alter table changes add constraint changes_name_what_they_concern check (
  num_nulls(connection_id, user_id, provider, host, name, generation)
    = case when kind = 'policy' then 6 else 0 end
);
