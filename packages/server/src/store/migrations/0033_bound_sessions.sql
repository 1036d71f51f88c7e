-- What a connect session allows is under a MAC, too. Sessions live for minutes: those that are open end, and
-- the app's backend makes others.
truncate connect_sessions;
alter table connect_sessions
  add column mac bytea not null,
  add column pepper_version int not null check (pepper_version > 0);
-- Whether a version of the installation's key is needed still.
grant select (tenant_id, expires_at, pepper_version) on connect_sessions to keywell_worker;
