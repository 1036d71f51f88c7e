-- The audit log as a chain for each tenant: what was written cannot be changed or removed unnoticed.
-- An entry is written once to `audit_tail`, with a MAC over all that it says. A moment later the chainer moves
-- it to `audit_chain`, where it has a position and a MAC over the link before. See
-- packages/server/src/audit/chainer.ts for the reasons. Both together are read as `audit`.

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

-- The chain is cut by weeks (Monday to Monday, UTC), so that what is old goes as a whole table and not row by
-- row. What no week holds, since a clock jumped, stands in the default.
--
-- A key of a partitioned table must contain `at`, so none would keep a position unique, and there is none.
-- Positions are given out under the lock of the chains (store/audit-chain.ts), and two entries at one
-- position are found by whoever verifies the chain. Ids are random.
--
-- Everybody reaches the rows through the whole table. A partition is granted to nobody and has no policy, and
-- its row security is not forced: by its own name it shows its rows to whoever owns it, and to no one else.
--
-- What has a fixed length stands first: each read writes a row, and so no byte is lost to alignment.
-- `call` is the text that was sealed with the entry: json, since jsonb would write another.
create table audit_chain (
  position      bigint not null check (position > 0),
  at            timestamptz not null,
  generation    int,
  mac_version   int not null,
  link_version  int not null,
  tenant_id     text not null,
  id            text not null,
  actor         text not null,
  action        text not null,
  user_id       text,
  connection_id text,
  result        text not null check (result in ('ok', 'denied', 'failed', 'intent')),
  reason        text,
  request_id    text,
  call          json,
  mac           bytea not null,
  link          bytea not null
) partition by range (at);
create index audit_chain_in_order on audit_chain (tenant_id, position);
create index audit_chain_of_connection on audit_chain (tenant_id, connection_id);
select guard_by_tenant('audit_chain');
grant select on audit_chain to keywell_app;
grant select, delete on audit_chain to keywell_worker;

-- For each row: partitions have this one by themselves, and those that come later, too. For each
-- statement: those that name the whole log; a partition has its own.
create trigger audit_chain_kept before delete on audit_chain
  for each row execute function audit_refuse_delete();
create trigger audit_chain_append_only before update or truncate on audit_chain
  for each statement execute function audit_refuse();

create table audit_chain_default partition of audit_chain default;
alter table audit_chain_default enable row level security;
create trigger audit_chain_append_only before update or truncate on audit_chain_default
  for each statement execute function audit_refuse();

-- Entries that are in no chain yet. It is as good as empty, so it is read whole and has one key alone.
create table audit_tail (
  seq           bigint generated always as identity,
  at            timestamptz not null default now(),
  generation    int,
  mac_version   int not null,
  tenant_id     text not null,
  id            text not null,
  actor         text not null,
  action        text not null,
  user_id       text,
  connection_id text,
  result        text not null check (result in ('ok', 'denied', 'failed', 'intent')),
  reason        text,
  request_id    text,
  call          json,
  mac           bytea not null,
  primary key (tenant_id, seq)
);
create trigger audit_tail_append_only before update or truncate on audit_tail
  for each statement execute function audit_refuse();
select guard_by_tenant('audit_tail');
grant select, insert on audit_tail to keywell_app;
grant select on audit_tail to keywell_worker;

-- The log as it is read: what is linked, and what waits for it. With the rights of who asks.
create view audit with (security_invoker = true) as
  select tenant_id, id, at, actor, action, user_id, connection_id, generation, result, reason, request_id, call,
    position, link
  from audit_chain
  union all
  select tenant_id, id, at, actor, action, user_id, connection_id, generation, result, reason, request_id, call,
    null::bigint, null::bytea
  from audit_tail;
grant select on audit to keywell_app, keywell_worker;

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
grant select, delete on audit_heads_due to keywell_worker;

-- Moves entries from the tail to the places of their chains that it is told. There is no other way out of
-- the tail and into the chain, so that whoever has the rights of the service cannot take an entry away
-- before it is linked. `place` is a `ctid`, which is the fastest; it stays, since these rows are never updated.
create function audit_link(links json) returns void language plpgsql security definer as $$
begin
  with new as materialized (
    select * from json_to_recordset(links)
      as row (place tid, position bigint, link_version int, link text)
  ), moved as (
    delete from audit_tail where ctid = any (array(select place from new))
    returning ctid as place, *
  ), due as (
    insert into audit_heads_due (tenant_id) select distinct tenant_id from moved
    on conflict do nothing
  )
  insert into audit_chain (tenant_id, position, id, at, actor, action, user_id, connection_id,
    generation, result, reason, request_id, call, mac_version, mac, link_version, link)
  select tenant_id, position, id, at, actor, action, user_id, connection_id, generation, result,
    reason, request_id, call, mac_version, mac, link_version, decode(link, 'base64')
  from moved join new using (place) order by tenant_id, position;
end $$;

-- The weeks that there are: names as 2026w47, by ISO 8601.
create function audit_weeks() returns table (week text, starts timestamptz, ends timestamptz)
language sql stable as $$
  select substring(part.relname from 13),
    case when bounds like '%(MINVALUE)%' then '-infinity'
      else substring(bounds from 'FROM \(''(.*?)''\)') end::timestamptz,
    substring(bounds from 'TO \(''(.*?)''\)')::timestamptz
  from pg_inherits
  join pg_class part on part.oid = inhrelid
  cross join lateral (select pg_get_expr(part.relpartbound, part.oid) as bounds) as of_part
  where inhparent = 'audit_chain'::regclass and bounds <> 'DEFAULT'
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
  part text;
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
  part := 'audit_chain_' || week;
  execute format('create table %I (like audit_chain including defaults including constraints)', part);
  execute format('create trigger audit_chain_append_only before update or truncate on %I
    for each statement execute function audit_refuse()', part);
  execute format('alter table %I enable row level security', part);
  -- Attached, and not made as a partition: that would hold up everybody who writes.
  execute format('alter table audit_chain attach partition %I for values from (%L) to (%L)',
    part, first, next);
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
     )', 'audit_chain_' || dropped) into uncut;
  if uncut or exists (select from audit_tail where at < gone.ends) then
    raise exception 'week % has links that no chain was cut behind, or entries without one', dropped
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  execute format('drop table %I', 'audit_chain_' || dropped);
end $$;

-- They run as whoever owns the tables, whom row security binds as well: of what they ask for, this lets
-- them see all. Without it no cut would be seen, and no week would ever go.
create policy of_owner on audit_cuts for select to current_user using (true);
create policy of_owner on audit_tail to current_user using (true);
create policy of_owner on audit_chain for insert to current_user with check (true);
create policy of_owner on audit_heads_due to current_user using (true);

revoke all on function audit_make_week(timestamptz), audit_drop_week(text), audit_link(json) from public;
grant execute on function audit_make_week(timestamptz), audit_drop_week(text), audit_link(json)
  to keywell_worker;

-- What is looked up in them is looked up here, whatever path the caller has set.
do $$
declare
  name text;
begin
  foreach name in array
    array['audit_weeks()', 'audit_make_week(timestamptz)', 'audit_drop_week(text)', 'audit_link(json)']
  loop
    execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
  end loop;
end $$;

select audit_make_week(now() + n * interval '168 hours') from generate_series(0, 4) as n;
