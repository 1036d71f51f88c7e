-- The audit log by weeks (Monday to Monday, UTC), so that what is old goes as a whole table and not row by
-- row. `audit` and `audit_links` are cut at the same times: an entry and its link carry the same `at`,
-- and so stand in the same week. What no week holds, since a clock jumped, stands in the default.
--
-- A key of a partitioned table must contain `at`, so it no longer keeps an id or a position unique. Ids
-- are random. Positions are given out under the lock of the chains (store/audit-chain.ts), and two links
-- at one position are found by whoever verifies the chain.

alter table audit rename to audit_before;
alter table audit_before no force row level security, disable row level security;
drop policy of_tenant on audit_before;
drop policy of_all on audit_before;
revoke all on audit_before from keywell_app, keywell_worker;
alter table audit_before
  drop constraint audit_pkey, add constraint audit_before_pkey primary key (tenant_id, id, at);
alter index audit_of_connection rename to audit_before_of_connection;
drop trigger audit_kept on audit_before;

create table audit (like audit_before including defaults including constraints)
  partition by range (at);
alter table audit add primary key (tenant_id, id, at);
create index audit_of_connection on audit (tenant_id, connection_id);

alter table audit_links rename to audit_links_before;
alter table audit_links_before no force row level security, disable row level security;
drop policy of_tenant on audit_links_before;
drop policy of_all on audit_links_before;
revoke all on audit_links_before from keywell_app, keywell_worker;
alter table audit_links_before
  drop constraint audit_links_pkey,
  add constraint audit_links_before_pkey primary key (tenant_id, position, at);
drop index audit_links_of_entry;
create unique index audit_links_before_of_entry on audit_links_before (tenant_id, entry_id, at);
drop trigger audit_links_kept on audit_links_before;

create table audit_links (like audit_links_before including defaults including constraints)
  partition by range (at);
alter table audit_links add primary key (tenant_id, position, at);
create unique index audit_links_of_entry on audit_links (tenant_id, entry_id, at);

-- Everybody reaches the rows through these two. A partition is granted to nobody and has no policy, and its
-- row security is not forced: by its own name it shows its rows to whoever owns it, and to no one else.
select guard_by_tenant('audit');
select guard_by_tenant('audit_links');
grant select, insert on audit to keywell_app;
grant select on audit_links to keywell_app;
grant select, delete on audit to keywell_worker;
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

-- A log that there is becomes the first week as it stands, whatever it holds, and nothing is copied.
do $$
declare
  next timestamptz;
  week text;
  parent text;
begin
  select date_trunc('week', greatest(now(), max(at)), 'UTC') + interval '168 hours' into next
  from (
    select max(at) as at from audit_before union all select max(at) from audit_links_before
  ) as written having max(at) is not null;
  if next is null then
    drop table audit_before, audit_links_before;
  else
    week := to_char((next - interval '1 hour') at time zone 'UTC', 'IYYY"w"IW');
    foreach parent in array array['audit', 'audit_links'] loop
      execute format('alter table %I rename to %I', parent || '_before', parent || '_' || week);
      execute format('alter table %I enable row level security', parent || '_' || week);
      execute format('alter table %I attach partition %I for values from (minvalue) to (%L)',
        parent, parent || '_' || week, next);
    end loop;
  end if;
  perform audit_make_week(now() + n * interval '168 hours') from generate_series(0, 4) as n;
end $$;

-- Whoever signs the ends of chains tells them to the endpoints that asked for them.
grant select (id, events, disabled_reason) on webhook_endpoints to keywell_worker;
grant insert on webhook_deliveries to keywell_worker;
