-- A connection says whether its credential is renewed, so that one that nothing renews ends by name when its
-- time is over: `ends_at` is that time, and empty for what is renewed and for what has no end.
alter table connections
  drop constraint connections_reason_check,
  add constraint connections_reason_check
    check (reason in ('revoked', 'refresh_expired', 'lost_rotation', 'token_expired')),
  add column renewable boolean not null default true,
  add column ends_at timestamptz,
  add constraint connections_ends_by_itself check (ends_at is null or not renewable);

alter table connections no force row level security;
alter table credentials no force row level security;
alter table upkeep no force row level security;

update connections c
set renewable = false, ends_at = k.expires_at
from credentials k
join upkeep u on u.tenant_id = k.tenant_id and u.connection_id = k.connection_id
where k.tenant_id = c.tenant_id and k.connection_id = c.id and u.refresh_at is null;

-- Looked at when its end has come, and not at some time after.
update upkeep u
set probe_at = least(u.probe_at, k.expires_at)
from credentials k
where k.tenant_id = u.tenant_id and k.connection_id = u.connection_id and u.refresh_at is null
  and u.state <> 'dead';

alter table connections force row level security;
alter table credentials force row level security;
alter table upkeep force row level security;
