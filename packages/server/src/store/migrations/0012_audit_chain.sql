-- The audit log as a chain for each tenant: what was written cannot be changed or removed unnoticed.
-- An entry is written to `audit` and, with a MAC over all that it says, to `audit_tail`, in one
-- statement. A moment later the chainer moves it from the tail to `audit_links`, where it has a
-- position and a MAC over the link before. See packages/server/src/audit/chainer.ts for the reasons.

create table audit_tail (
  tenant_id   text not null,
  seq         bigint generated always as identity,
  entry_id    text not null,
  at          timestamptz not null default now(),
  -- Null: the entry is from before there was a chain, and is sealed as it stands when it is linked.
  mac_version int,
  mac         bytea,
  primary key (tenant_id, seq),
  check ((mac is null) = (mac_version is null))
);
insert into audit_tail (tenant_id, entry_id, at)
  select tenant_id, id, at from audit order by tenant_id, at, id;

create table audit_links (
  tenant_id    text not null,
  position     bigint not null check (position > 0),
  entry_id     text not null,
  at           timestamptz not null,
  mac_version  int not null,
  mac          bytea not null,
  link_version int not null,
  link         bytea not null,
  primary key (tenant_id, position)
);
create unique index audit_links_of_entry on audit_links (tenant_id, entry_id);

-- Where retention has cut a chain off at its old end: the last link that went, so that the first that
-- stayed can still be proved.
create table audit_cuts (
  tenant_id   text not null,
  position    bigint not null check (position > 0),
  link        bytea not null,
  at          timestamptz not null default now(),
  mac_version int not null,
  mac         bytea not null,
  primary key (tenant_id, position)
);

-- Signed ends of chains: what was once exported cannot be cut off at the new end.
create table audit_heads (
  tenant_id text not null,
  position  bigint not null,
  link      bytea not null,
  at        timestamptz not null default now(),
  token     text not null,
  primary key (tenant_id, position)
);

-- Tenants whose chain has grown since its end was last signed.
create table audit_heads_due (
  tenant_id text primary key,
  since     timestamptz not null default now()
);

-- Nobody changes these rows, whatever their rights. Retention alone removes some, says so by
-- `app.audit_retention`, and even then nothing that is younger than a day. Whoever owns the tables can
-- take the triggers away: that is what the chain is for.
create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception '% may only be appended to', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create function audit_refuse_delete() returns trigger language plpgsql as $$
begin
  if current_setting('app.audit_retention', true) = 'on' and old.at < now() - interval '1 day' then
    return old;
  end if;
  raise exception '% may only be appended to', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create function audit_refuse_delete_of_cut() returns trigger language plpgsql as $$
begin
  if current_setting('app.audit_retention', true) = 'on' then
    return old;
  end if;
  raise exception '% may only be appended to', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger audit_append_only before update or truncate on audit
  for each statement execute function audit_refuse();
create trigger audit_links_append_only before update or truncate on audit_links
  for each statement execute function audit_refuse();
create trigger audit_heads_append_only before update or truncate on audit_heads
  for each statement execute function audit_refuse();
create trigger audit_cuts_append_only before update or truncate on audit_cuts
  for each statement execute function audit_refuse();
create trigger audit_tail_append_only before update or truncate on audit_tail
  for each statement execute function audit_refuse();

create trigger audit_kept before delete on audit
  for each row execute function audit_refuse_delete();
create trigger audit_links_kept before delete on audit_links
  for each row execute function audit_refuse_delete();
create trigger audit_heads_kept before delete on audit_heads
  for each row execute function audit_refuse_delete();
create trigger audit_cuts_kept before delete on audit_cuts
  for each row execute function audit_refuse_delete_of_cut();
