-- The audit log as a chain for each tenant: what was written cannot be changed or removed unnoticed.
-- An entry is written to `audit` and, with a MAC over all that it says, to `audit_tail`, in one
-- statement. A moment later the chainer moves it from the tail to `audit_links`, where it has a
-- position and a MAC over the link before. See packages/server/src/audit/chainer.ts for the reasons.

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

-- The log is cut by weeks (Monday to Monday, UTC), so that what is old goes as a whole table and not row by
-- row. `audit` and `audit_links` are cut at the same times: an entry and its link carry the same `at`,
-- and so stand in the same week. What no week holds, since a clock jumped, stands in the default.
--
-- A key of a partitioned table must contain `at`, so it does not keep an id or a position unique. Ids
-- are random. Positions are given out under the lock of the chains (store/audit-chain.ts), and two links
-- at one position are found by whoever verifies the chain.
--
-- Everybody reaches the rows through these two. A partition is granted to nobody and has no policy, and its
-- row security is not forced: by its own name it shows its rows to whoever owns it, and to no one else.
create table audit (
  tenant_id     text not null,
  id            text not null,
  at            timestamptz not null default now(),
  actor         text not null,
  action        text not null,
  user_id       text,
  connection_id text,
  generation    int,
  result        text not null check (result in ('ok', 'denied', 'failed', 'intent')),
  reason        text,
  request_id    text,
  primary key (tenant_id, id, at)
) partition by range (at);
create index audit_of_connection on audit (tenant_id, connection_id);
select guard_by_tenant('audit');
grant select, insert on audit to keywell_app;
grant select, delete on audit to keywell_worker;

create table audit_links (
  tenant_id    text not null,
  position     bigint not null check (position > 0),
  entry_id     text not null,
  at           timestamptz not null,
  mac_version  int not null,
  mac          bytea not null,
  link_version int not null,
  link         bytea not null,
  primary key (tenant_id, position, at)
) partition by range (at);
create unique index audit_links_of_entry on audit_links (tenant_id, entry_id, at);
select guard_by_tenant('audit_links');
grant select on audit_links to keywell_app;
grant select, insert, delete on audit_links to keywell_worker;

-- For each row: partitions have this one by themselves, and those that come later, too. For each
-- statement: those that name the whole log; a partition has its own.
create trigger audit_kept before delete on audit
  for each row execute function audit_refuse_delete();
create trigger audit_links_kept before delete on audit_links
  for each row execute function audit_refuse_delete();
create trigger audit_append_only before update or truncate on audit
  for each statement execute function audit_refuse();
create trigger audit_links_append_only before update or truncate on audit_links
  for each statement execute function audit_refuse();

create table audit_default partition of audit default;
create table audit_links_default partition of audit_links default;
alter table audit_default enable row level security;
alter table audit_links_default enable row level security;
create trigger audit_append_only before update or truncate on audit_default
  for each statement execute function audit_refuse();
create trigger audit_links_append_only before update or truncate on audit_links_default
  for each statement execute function audit_refuse();

-- Entries that are in no chain yet.
create table audit_tail (
  tenant_id   text not null,
  seq         bigint generated always as identity,
  entry_id    text not null,
  at          timestamptz not null default now(),
  mac_version int not null,
  mac         bytea not null,
  primary key (tenant_id, seq)
);
create trigger audit_tail_append_only before update or truncate on audit_tail
  for each statement execute function audit_refuse();
select guard_by_tenant('audit_tail');
grant select, insert on audit_tail to keywell_app;
grant select, insert, delete on audit_tail to keywell_worker;

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
create trigger audit_cuts_append_only before update or truncate on audit_cuts
  for each statement execute function audit_refuse();
create trigger audit_cuts_kept before delete on audit_cuts
  for each row execute function audit_refuse_delete_of_cut();
select guard_by_tenant('audit_cuts');
grant select on audit_cuts to keywell_app;
grant select, insert, delete on audit_cuts to keywell_worker;

-- Signed ends of chains: what was once exported cannot be cut off at the new end.
create table audit_heads (
  tenant_id text not null,
  position  bigint not null,
  link      bytea not null,
  at        timestamptz not null default now(),
  token     text not null,
  primary key (tenant_id, position)
);
create trigger audit_heads_append_only before update or truncate on audit_heads
  for each statement execute function audit_refuse();
create trigger audit_heads_kept before delete on audit_heads
  for each row execute function audit_refuse_delete();
select guard_by_tenant('audit_heads');
grant select on audit_heads to keywell_app;
grant select, insert, delete on audit_heads to keywell_worker;

-- Tenants whose chain has grown since its end was last signed.
create table audit_heads_due (
  tenant_id text primary key,
  since     timestamptz not null default now()
);
select guard_by_tenant('audit_heads_due');
grant select on audit_heads_due to keywell_app;
grant select, insert, delete on audit_heads_due to keywell_worker;

-- The weeks that there are: names as 2026w47, by ISO 8601.
create function audit_weeks() returns table (week text, starts timestamptz, ends timestamptz)
language sql stable as $$
  select substring(part.relname from 7),
    case when bounds like '%(MINVALUE)%' then '-infinity'
      else substring(bounds from 'FROM \(''(.*?)''\)') end::timestamptz,
    substring(bounds from 'TO \(''(.*?)''\)')::timestamptz
  from pg_inherits
  join pg_class part on part.oid = inhrelid
  cross join lateral (select pg_get_expr(part.relpartbound, part.oid) as bounds) as of_part
  where inhparent = 'audit'::regclass and bounds <> 'DEFAULT'
$$;

-- The service's roles own no table, so they make and drop weeks by these two and in no other way. They
-- wait for nobody for long: a read that holds a lock would hold up those behind, and there is an hour
-- until the next try. (It is less than a deadlock takes to be seen, so that the reader never loses.)

-- Makes the week that holds a moment, unless it is there. Where the default has rows of that week already,
-- it stays without: its rows go row by row.
create function audit_make_week(moment timestamptz) returns void
language plpgsql security definer set lock_timeout = '500ms' as $$
declare
  first constant timestamptz := date_trunc('week', moment, 'UTC');
  -- Not "7 days", which are of another length where the session's clock is set forward.
  next constant timestamptz := first + interval '168 hours';
  week constant text := to_char(first at time zone 'UTC', 'IYYY"w"IW');
  parent text;
begin
  if moment is null or abs(extract(epoch from moment - now())) > 366 * 86400 then
    raise exception '% is too far away for a week of the log', moment
      using errcode = 'invalid_parameter_value';
  end if;
  if exists (select from audit_weeks() as made where made.starts < next and made.ends > first) then
    return;
  end if;
  perform pg_advisory_xact_lock(5394716);
  if exists (select from audit_weeks() as made where made.starts < next and made.ends > first) then
    return;
  end if;
  foreach parent in array array['audit', 'audit_links'] loop
    execute format('create table %I (like %I including defaults including constraints)',
      parent || '_' || week, parent);
    execute format('create trigger %I before update or truncate on %I
      for each statement execute function audit_refuse()',
      parent || '_append_only', parent || '_' || week);
    execute format('alter table %I enable row level security', parent || '_' || week);
    -- Attached, and not made as a partition: that would hold up everybody who writes.
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
      parent, parent || '_' || week, first, next);
  end loop;
exception when check_violation then
  return;
end $$;

-- Drops a week whose every link is behind the cut of its chain. Refuses what is younger than two days,
-- whoever calls.
create function audit_drop_week(dropped text) returns void
language plpgsql security definer set lock_timeout = '500ms' as $$
declare
  gone record;
  uncut boolean;
begin
  select * into gone from audit_weeks() as made where made.week = dropped;
  if not found then
    raise exception '% is no week of the log', dropped using errcode = 'invalid_parameter_value';
  end if;
  if gone.ends > now() - interval '2 days' then
    raise exception 'week % is younger than two days', dropped
      using errcode = 'insufficient_privilege';
  end if;
  perform pg_advisory_xact_lock(5394714); -- nothing is linked meanwhile
  -- By the name of the partition, which hides no row of it from its owner. From tenant to tenant by the
  -- index: there are far fewer of them than of links.
  execute format(
    'with recursive chain as (
       select min(tenant_id) as tenant_id from %1$I
       union all
       select (select min(l.tenant_id) from %1$I l where l.tenant_id > chain.tenant_id)
       from chain where tenant_id is not null
     )
     select exists (
       select from chain where tenant_id is not null and not exists (
         select from audit_cuts cut where cut.tenant_id = chain.tenant_id and cut.position >= (
           select max(l.position) from %1$I l where l.tenant_id = chain.tenant_id
         )
       )
     )', 'audit_links_' || dropped) into uncut;
  if uncut or exists (select from audit_tail where at < gone.ends) then
    raise exception 'week % has links that no chain was cut behind, or entries without one', dropped
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('drop table %I, %I', 'audit_' || dropped, 'audit_links_' || dropped);
end $$;

-- They run as whoever owns the tables, whom row security binds as well: of what they ask for, this lets
-- them see all. Without it no cut would be seen, and no week would ever go.
create policy of_owner on audit_cuts for select to current_user using (true);
create policy of_owner on audit_tail for select to current_user using (true);

revoke all on function audit_make_week(timestamptz), audit_drop_week(text) from public;
grant execute on function audit_make_week(timestamptz), audit_drop_week(text) to keywell_worker;

-- What is looked up in them is looked up here, whatever path the caller has set.
do $$
declare
  name text;
begin
  foreach name in array
    array['audit_weeks()', 'audit_make_week(timestamptz)', 'audit_drop_week(text)']
  loop
    execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
  end loop;
end $$;

select audit_make_week(now() + n * interval '168 hours') from generate_series(0, 4) as n;
