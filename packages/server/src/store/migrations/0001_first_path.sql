-- The tables of the first path. tenant_id leads every key, so that the tables can be distributed by
-- tenant without a rewrite; rows of the installation itself stand under '@install'.

create table tenant_keys (
  tenant_id    text not null,
  version      int  not null check (version > 0),
  kek_id       text not null,
  wrapped      bytea,
  state        text not null check (state in ('active', 'decrypt_only', 'disabled', 'destroyed')),
  created_at   timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (tenant_id, version),
  check ((state = 'destroyed') = (wrapped is null))
);
create unique index tenant_keys_one_active on tenant_keys (tenant_id) where state = 'active';
create index tenant_keys_by_kek on tenant_keys (kek_id) where state <> 'destroyed';

-- Key pairs of the installation (connect tokens); the private half is sealed.
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

create table api_keys (
  tenant_id    text not null default '@install' check (tenant_id = '@install'),
  id           text not null,
  name         text not null,
  mac          bytea not null,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at   timestamptz,
  primary key (tenant_id, id)
);
create unique index api_keys_by_mac on api_keys (tenant_id, mac);

create table integrations (
  tenant_id   text not null,
  id          text not null,
  provider    text not null,
  host        text not null,
  client_id   text,
  revision    int  not null default 1,
  key_version int,
  sealed      bytea,
  scopes      text[] not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (tenant_id, id),
  check ((client_id is null) = (sealed is null))
);
create unique index integrations_one_per_host on integrations (tenant_id, provider, host);

create table connections (
  tenant_id         text not null,
  id                text not null,
  user_id           text not null,
  provider          text not null,
  host              text not null,
  name              text not null,
  integration_owner text not null,
  integration_id    text not null,
  status            text not null check (status in ('active', 'expired', 'revoked', 'disconnected')),
  reason            text check (reason in ('revoked', 'refresh_expired', 'lost_rotation')),
  certainty         text check (certainty in ('certain', 'probable')),
  health            text not null default 'unknown' check (health in ('ok', 'degraded', 'unknown')),
  health_reason     text,
  health_checked_at timestamptz,
  account           jsonb not null,
  asked_scopes      text[] not null,
  granted_scopes    text[] not null,
  generation        int not null check (generation > 0),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  primary key (tenant_id, id)
);
create unique index connections_one_per_name
  on connections (tenant_id, user_id, provider, host, name) where status <> 'disconnected';

-- The row that the compare-and-set on the generation protects; nothing else updates it.
create table credentials (
  tenant_id     text not null,
  connection_id text not null,
  type          text not null check (type in ('oauth_token', 'api_key', 'basic', 'webhook_secret')),
  generation    int not null check (generation > 0),
  key_version   int not null,
  sealed        bytea not null,
  issued_at     timestamptz not null,
  expires_at    timestamptz,
  committed_by  uuid not null,
  primary key (tenant_id, connection_id)
);

-- What has to be done for a connection, and when. Holds no secret.
create table upkeep (
  tenant_id        text not null,
  connection_id    text not null,
  integration_id   text not null,
  host             text not null,
  state            text not null
    check (state in ('idle', 'refreshing', 'backoff', 'ambiguous', 'suspect', 'dead')),
  refresh_at       timestamptz,
  probe_at         timestamptz,
  due_at           timestamptz generated always as (least(refresh_at, probe_at)) stored,
  epoch            bigint not null default 0,
  lease_owner      uuid,
  lease_until      timestamptz,
  attempt_id       uuid,
  unresolved_since timestamptz,
  failures         int not null default 0,
  last_outcome     text,
  primary key (tenant_id, connection_id)
) with (fillfactor = 70);
create index upkeep_due on upkeep (due_at) where state <> 'dead';

create table connect_sessions (
  tenant_id  text not null,
  id         text not null,
  user_id    text not null,
  policy     jsonb not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);

-- One authorisation attempt, with a snapshot of everything that it must not be moved away from.
create table flows (
  tenant_id         text not null,
  id                text not null,
  session_id        text not null,
  user_id           text not null,
  provider          text not null,
  host              text not null,
  connection_name   text not null,
  connection_id     text,
  integration_owner text not null,
  integration_id    text not null,
  client_id         text not null,
  redirect_uri      text not null,
  scopes            text[] not null,
  mode              text not null check (mode in ('popup', 'redirect')),
  resume_url        text,
  status            text not null check (status in
    ('created', 'started', 'confirming', 'exchanging', 'connected', 'denied', 'cancelled', 'expired', 'failed')),
  error             jsonb,
  binding_hash      bytea,
  key_version       int,
  sealed_verifier   bytea,
  sealed_code       bytea,
  code_expires_at   timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  expires_at        timestamptz not null,
  primary key (tenant_id, id)
);
create index flows_of_session on flows (tenant_id, session_id);

-- Start codes, states and finish tickets: 32 random bytes, kept as a hash, spent once. They come from
-- a browser that names no tenant, so they stand under the installation and say whose flow they open.
create table one_time_codes (
  tenant_id  text not null default '@install' check (tenant_id = '@install'),
  hash       bytea not null,
  purpose    text not null check (purpose in ('start', 'state', 'ticket')),
  owner_id   text not null,
  flow_id    text not null,
  expires_at timestamptz not null,
  used_at    timestamptz,
  primary key (tenant_id, hash)
);

-- Sealed tokens whose grant is still to be withdrawn at the provider.
create table revocations (
  tenant_id         text not null,
  connection_id     text not null,
  generation        int not null,
  user_id           text not null,
  provider          text not null,
  host              text not null,
  integration_owner text not null,
  integration_id    text not null,
  key_version       int not null,
  sealed            bytea not null,
  due_at            timestamptz not null default now(),
  attempts          int not null default 0,
  state             text not null default 'due' check (state in ('due', 'irrevocable')),
  primary key (tenant_id, connection_id, generation)
);
create index revocations_due on revocations (due_at) where state = 'due';

-- The change log. seq is drawn before a commit, so a lower one can appear later; xid lets a reader
-- take only what no running transaction can come in front of.
create table changes (
  tenant_id     text not null,
  seq           bigint generated always as identity,
  xid           xid8 not null default pg_current_xact_id(),
  kind          text not null,
  connection_id text not null,
  user_id       text not null,
  provider      text not null,
  host          text not null,
  name          text not null,
  generation    int not null,
  at            timestamptz not null default now(),
  primary key (tenant_id, seq)
);
create index changes_in_order on changes (xid, seq);

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
  primary key (tenant_id, id)
);
create index audit_of_connection on audit (tenant_id, connection_id);
