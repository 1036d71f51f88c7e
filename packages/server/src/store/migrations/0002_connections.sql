-- Integrations, connections with their credentials, how users connect, and what is told of it.

-- An OAuth application at a provider's host, of a tenant or of the installation.
create table integrations (
  tenant_id        text not null,
  id               text not null,
  provider         text not null,
  -- The id of a method in the provider's definition.
  method           text not null,
  host             text not null,
  -- Those of the app, beside what is in its host.
  variables        jsonb not null default '{}' check (jsonb_typeof(variables) = 'object'),
  client_id        text,
  revision         int  not null default 1,
  key_version      int,
  sealed           bytea,
  scopes           text[] not null,
  -- The connections of a suspended one wait without being asked; one of them tries now and then.
  suspended_at     timestamptz,
  suspended_reason text check (suspended_reason in ('client_rejected', 'request_rejected')),
  canary_at        timestamptz,
  request_rejections       int not null default 0,
  -- Nobody can connect by it.
  disabled_at      timestamptz,
  -- When the provider was last asked whether it knows the client.
  validated_at     timestamptz,
  -- The version of the provider's definition that the secret of the client was stored under.
  definition_digest text,
  -- Counts all changes; `revision` counts those of the client, and its secret is sealed for it.
  version          int not null default 1,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (tenant_id, id),
  check ((client_id is null) = (sealed is null))
);
create unique index integrations_one_per_host on integrations (tenant_id, provider, method, host);
create index integrations_suspended on integrations (canary_at) where suspended_at is not null;
create trigger integrations_of_the_living before insert on integrations
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('integrations');
grant select, insert, update, delete on integrations to keywell_app;
grant select (tenant_id, id, provider, host, key_version, suspended_at, canary_at, definition_digest), update (canary_at)
  on integrations to keywell_worker;

-- Definitions of providers, each version that something was made under: those of the API, of which one is in force, and
-- those of the operator's files and of the program, which are in force elsewhere. As text, which keeps the order of its
-- fields. The MAC is under a pepper of the installation: a definition that was planted or changed is not used.
create table provider_versions (
  tenant_id      text not null,
  name           text not null,
  version        int  not null check (version > 0),
  -- SHA-256 of the definition.
  digest         text not null,
  definition     text not null,
  source         text not null check (source in ('api', 'given')),
  in_force       boolean not null,
  actor          text not null,
  mac            bytea not null,
  pepper_version int not null check (pepper_version > 0),
  created_at     timestamptz not null default now(),
  primary key (tenant_id, name, version),
  constraint provider_versions_of_tenants check (tenant_id = '@install' or starts_with(name, 'x-')),
  constraint provider_versions_in_force check (not in_force or source = 'api')
);
create index provider_versions_by_digest on provider_versions (tenant_id, name, digest);
create unique index provider_versions_one_in_force on provider_versions (tenant_id, name) where in_force;
create trigger provider_versions_of_the_living before insert on provider_versions
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('provider_versions');
grant select, insert, update, delete on provider_versions to keywell_app;
grant select (tenant_id, in_force, pepper_version) on provider_versions to keywell_worker;

create table connections (
  tenant_id          text not null,
  id                 text not null,
  user_id            text not null,
  provider           text not null,
  -- The id of the method in the provider's definition that it was connected by.
  method             text not null,
  host               text not null,
  name               text not null,
  integration_owner  text not null,
  integration_id     text not null,
  status             text not null check (status in ('active', 'expired', 'revoked', 'disconnected')),
  reason             text check (reason in
    ('revoked', 'refresh_expired', 'lost_rotation', 'token_expired', 'sign_in_again')),
  health             text not null default 'unknown' check (health in ('ok', 'degraded', 'unknown')),
  health_reason      text,
  health_checked_at  timestamptz,
  -- A change has reported it as degraded, and none has reported its recovery since. A provider's incident is
  -- reported once for all of its connections instead.
  degraded_reported  boolean not null default false,
  account            jsonb not null,
  -- When the provider was last asked for the account's name, username and picture.
  account_checked_at timestamptz not null default now(),
  asked_scopes       text[] not null,
  granted_scopes     text[] not null,
  -- Of an app that is installed: the id of the installation and what it may do there, as its provider says. To be
  -- shown: tokens are minted for the id that is sealed.
  installation       jsonb,
  generation         int not null check (generation > 0),
  -- A credential that nothing renews ends by name when its time is over: `ends_at` is that time, and empty
  -- for what is renewed and for what has no end.
  renewable          boolean not null default true,
  ends_at            timestamptz,
  -- The version of the provider's definition that the credential was stored under.
  definition_digest  text,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint connections_ends_by_itself check (ends_at is null or not renewable)
);
create unique index connections_one_per_name
  on connections (tenant_id, user_id, provider, host, name) where status <> 'disconnected';
create index connections_of_integration on connections (integration_owner, integration_id)
  where status <> 'disconnected';
create trigger connections_of_the_living before insert on connections
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('connections');
grant select, insert, update, delete on connections to keywell_app;
grant select (tenant_id, id, integration_owner, integration_id, provider, status, health, definition_digest)
  on connections to keywell_worker;

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
  -- The user's consent, and when the refresh token ends as far as is known.
  granted_at         timestamptz not null default now(),
  refresh_expires_at timestamptz,
  committed_by  uuid not null,
  -- A refresh has brought another refresh token, which the provider's definition did not announce.
  rotates       boolean not null default false,
  primary key (tenant_id, connection_id)
);
create trigger credentials_of_the_living before insert on credentials
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('credentials');
grant select, insert, update, delete on credentials to keywell_app;
grant select (tenant_id) on credentials to keywell_worker;

-- What has to be done for a connection, and when. Holds no secret.
create table refresh_schedule (
  tenant_id            text not null,
  connection_id        text not null,
  integration_id       text not null,
  host                 text not null,
  state                text not null
    check (state in ('idle', 'refreshing', 'backoff', 'ambiguous', 'suspect', 'dead')),
  refresh_at           timestamptz,
  probe_at             timestamptz,
  due_at               timestamptz generated always as (least(refresh_at, probe_at)) stored,
  epoch                bigint not null default 0,
  lease_owner          uuid,
  lease_until          timestamptz,
  attempt_id           uuid,
  unresolved_since     timestamptz,
  failures             int not null default 0,
  last_outcome         text,
  -- When it was connected or last read: what is in use is looked at more often.
  read_at              timestamptz,
  -- When it was last read; empty: never. Written with read_at, so at most once in ten minutes.
  used_at              timestamptz,
  probe_failures       int not null default 0,
  -- What a probe found is remembered with the generation that it looked at. Readers of all processes share
  -- it: a generation is probed for them once in a while, and the next one anew.
  probed_generation    int,
  probed_at            timestamptz,
  -- The generation that the user's last consent made: pairs from before it belong to a grant that is
  -- withdrawn.
  connected_generation int not null default 1,
  -- The last clear answer of the provider, and since when it is a refusal. By those of all its connections an
  -- incident of the provider is told from grants that are gone.
  answered_at          timestamptz,
  refused_at           timestamptz,
  -- When the grant ends, however often it is renewed, and when that is to be announced the next time.
  grant_ends_at        timestamptz,
  ends_soon_at         timestamptz,
  -- When a caller last asked for a refresh ahead of its time.
  forced_at            timestamptz,
  primary key (tenant_id, connection_id)
) with (fillfactor = 70);
create index refresh_schedule_due on refresh_schedule (due_at) where state <> 'dead';
create index refresh_schedule_of_integration on refresh_schedule (integration_id, due_at) where state <> 'dead';
create index refresh_schedule_ends_soon on refresh_schedule (ends_soon_at)
  where ends_soon_at is not null and state <> 'dead';
create index refresh_schedule_answers on refresh_schedule (integration_id, answered_at);
select guard_by_tenant('refresh_schedule');
grant select, insert, update, delete on refresh_schedule to keywell_app;
-- What is due, whoever owns it.
grant select, update on refresh_schedule to keywell_worker;

-- A provider refuses everybody: until it is known why, none of these connections ends, and they are asked a few at
-- a time. Of '@install' for all tenants of an integration (without one: of a host), else of that tenant alone.
create table provider_incidents (
  tenant_id      text not null,
  id             text not null,
  provider       text not null,
  host           text not null,
  integration_id text not null,
  began_at       timestamptz not null default now(),
  -- The beginning, or when a connection was last answered well; and how many were refused since.
  refusing_since timestamptz not null default now(),
  refusals       int not null default 1,
  asked_at       timestamptz,
  -- The grants are gone: a connection that is refused from now on ends.
  confirmed_at   timestamptz,
  primary key (tenant_id, integration_id, host)
);
create unique index provider_incidents_by_id on provider_incidents (tenant_id, id);
create trigger provider_incidents_of_the_living before insert on provider_incidents
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('provider_incidents');
grant select, insert, update, delete on provider_incidents to keywell_app;
-- Which connections are held back, and whose turn it is to be asked.
grant select, update (asked_at), delete on provider_incidents to keywell_worker;

-- A pair that came when the generation had moved on; tried before the connection is given up.
create table orphans (
  tenant_id     text not null,
  connection_id text not null,
  attempt_id    uuid not null,
  generation    int not null,
  key_version   int not null,
  sealed        bytea not null,
  created_at    timestamptz not null default now(),
  primary key (tenant_id, connection_id, attempt_id)
);
create index orphans_by_age on orphans (created_at);
select guard_by_tenant('orphans');
grant select, insert, update, delete on orphans to keywell_app;
grant select (tenant_id, created_at), delete on orphans to keywell_worker;

-- Sealed credentials that are still to be withdrawn at the provider. Several pairs of one generation may
-- wait: more than one request can be answered after its connection was removed, and a pair from before a new
-- consent has the number of the new one. So a row is named by the attempt that brought its pair.
create table revocations (
  tenant_id         text not null,
  connection_id     text not null,
  attempt_id        uuid not null default gen_random_uuid(),
  generation        int not null,
  user_id           text not null,
  provider          text not null,
  method            text not null,
  host              text not null,
  integration_owner text not null,
  integration_id    text not null,
  type              text not null check (type in ('oauth_token', 'api_key')),
  -- As in account_uses; empty: not known.
  account_mac       bytea,
  key_version       int not null,
  sealed            bytea not null,
  due_at            timestamptz not null default now(),
  attempts          int not null default 0,
  state             text not null default 'due' check (state in ('due', 'irrevocable')),
  definition_digest text,
  created_at        timestamptz not null default now(),
  primary key (tenant_id, connection_id, attempt_id)
);
create index revocations_due on revocations (due_at) where state = 'due';
select guard_by_tenant('revocations');
grant select, insert, update, delete on revocations to keywell_app;
grant select (tenant_id, integration_owner, integration_id, provider, state, due_at, created_at), update (state)
  on revocations to keywell_worker;

-- Which connections share what a withdrawal would end: all grants of an account for an app, or one key. It stands
-- under the installation, since the others may be of another tenant, and names the account by a MAC alone.
create table account_uses (
  tenant_id         text not null default '@install' check (tenant_id = '@install'),
  owner_id          text not null,
  connection_id     text not null,
  integration_owner text not null,
  integration_id    text not null,
  account_mac       bytea not null,
  primary key (tenant_id, owner_id, connection_id)
);
create index account_uses_by_account on account_uses (integration_owner, integration_id, account_mac);
select guard_by_tenant('account_uses');
grant select, insert, update, delete on account_uses to keywell_app;

-- What the app's backend allows a user to connect. Under a MAC, with a pepper of the installation: who can
-- write rows, and has no key, is not to widen it.
create table connect_sessions (
  tenant_id      text not null,
  id             text not null,
  user_id        text not null,
  policy         jsonb not null,
  mac            bytea not null,
  pepper_version int not null check (pepper_version > 0),
  created_at     timestamptz not null default now(),
  expires_at     timestamptz not null,
  primary key (tenant_id, id)
);
create trigger connect_sessions_of_the_living before insert on connect_sessions
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('connect_sessions');
grant select, insert, update, delete on connect_sessions to keywell_app;
-- Whether a version of the installation's key is needed still.
grant select (tenant_id, expires_at, pepper_version) on connect_sessions to keywell_worker;

-- One authorisation attempt, with a snapshot of everything that it must not be moved away from: its secrets
-- are sealed for all that its row decides.
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
  -- The id of a method in the provider's definition; without an integration, client and redirect URI where it is by
  -- a key.
  method            text not null,
  mode              text not null check (mode in ('popup', 'redirect', 'device')),
  resume_url        text,
  status            text not null check (status in
    ('created', 'started', 'confirming', 'exchanging', 'connected', 'denied', 'cancelled', 'expired', 'failed')),
  error             jsonb,
  binding_hash      bytea,
  key_version       int,
  sealed_verifier   bytea,
  sealed_code       bytea,
  code_expires_at   timestamptz,
  -- Hashes of codes that came to a callback in another browser than the flow's: that browser's user may hand
  -- the address on, and then the code must be of no use in the flow's own browser.
  refused_codes     text[] not null default '{}',
  -- Keys that its form has sent. The provider is asked of a few only.
  key_attempts      int not null default 0,
  -- Short codes that a backend has sent. A few may be wrong.
  code_attempts     int not null default 0,
  -- The grant that device authorisation has brought: it stands among those to be withdrawn (connection_id in
  -- revocations) until its account was confirmed.
  grant_id          text,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  expires_at        timestamptz not null,
  primary key (tenant_id, id)
);
create index flows_of_session on flows (tenant_id, session_id);
create trigger flows_of_the_living before insert on flows
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('flows');
grant select, insert, update, delete on flows to keywell_app;
grant select (tenant_id, key_version) on flows to keywell_worker;

-- When the provider is asked again what became of a device code (RFC 8628). The code itself is sealed in its flow.
create table device_polls (
  tenant_id   text not null,
  flow_id     text not null,
  interval_ms int not null,
  -- A claim moves it on by its lease, an answer by the interval.
  due_at      timestamptz not null,
  -- Of the device code.
  expires_at  timestamptz not null,
  primary key (tenant_id, flow_id)
);
create index device_polls_due on device_polls (due_at);
select guard_by_tenant('device_polls');
grant select, insert, update, delete on device_polls to keywell_app;
grant select, update on device_polls to keywell_worker;

-- Start codes, states, finish tickets and links: 32 random bytes, kept as a hash, spent once. They come from
-- a browser that names no tenant, so they stand under the installation and say whose flow they open, or whose
-- session a link does, under a MAC: a code is not to be moved to somebody else.
create table one_time_codes (
  tenant_id      text not null default '@install' check (tenant_id = '@install'),
  hash           bytea not null,
  purpose        text not null
    check (purpose in ('start', 'state', 'ticket', 'link', 'approval_link', 'approval_page')),
  owner_id       text not null,
  flow_id        text,
  session_id     text,
  -- With the person who may decide it.
  approval_id    text,
  person_id      text,
  mac            bytea not null,
  pepper_version int not null check (pepper_version > 0),
  expires_at     timestamptz not null,
  used_at        timestamptz,
  primary key (tenant_id, hash),
  constraint one_time_codes_name_what_they_open check (
    num_nulls(flow_id, session_id, approval_id) = 2 and (purpose = 'link') = (session_id is not null)
    and (purpose in ('approval_link', 'approval_page')) = (approval_id is not null)
    and (approval_id is null) = (person_id is null)
  )
);
select guard_by_tenant('one_time_codes');
grant select, insert, update, delete on one_time_codes to keywell_app;

-- The change log. seq is drawn before a commit, so a lower one can appear later; xid lets a reader
-- take only what no running transaction can come in front of. A change of the policy, or of a definition, is one of the
-- whole tenant, or of the installation, and names no connection.
create table changes (
  tenant_id     text not null,
  seq           bigint generated always as identity,
  xid           xid8 not null default pg_current_xact_id(),
  kind          text not null,
  connection_id text,
  user_id       text,
  provider      text,
  host          text,
  name          text,
  generation    int,
  at            timestamptz not null default now(),
  primary key (tenant_id, seq),
  constraint changes_name_what_they_concern check (
    num_nulls(connection_id, user_id, provider, host, name, generation)
      = case when kind in ('policy', 'providers') then 6 else 0 end
  )
);
create index changes_in_order on changes (xid, seq);
select guard_by_tenant('changes');
grant select, insert on changes to keywell_app;
grant select, delete on changes to keywell_worker;

-- Where changes are told to by HTTP. An endpoint of '@install' hears all tenants, one of a tenant
-- that tenant alone. The secret before the last rotation is live until previous_until.
create table webhook_endpoints (
  tenant_id       text not null,
  id              text not null,
  url             text not null,
  events          text[] not null,
  disabled_reason text check (disabled_reason in ('operator', 'gone')),
  secret_version  int  not null default 1 check (secret_version > 0),
  key_version     int  not null,
  sealed          bytea not null,
  previous_sealed bytea,
  previous_until  timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (tenant_id, id),
  check ((previous_sealed is null) = (previous_until is null))
);
create trigger webhook_endpoints_of_the_living before insert on webhook_endpoints
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('webhook_endpoints');
grant select, insert, update, delete on webhook_endpoints to keywell_app;
-- Whoever signs the ends of the audit log's chains tells them to the endpoints that asked for them.
grant select (tenant_id, id, events, disabled_reason) on webhook_endpoints to keywell_worker;

-- Tokens of MCP that were made and not revoked. What each may do stands in the token, which is signed.
create table mcp_tokens (
  tenant_id  text not null,
  id         text not null,
  api_key_id text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);
create trigger mcp_tokens_of_the_living before insert on mcp_tokens
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('mcp_tokens');
grant select, insert, delete on mcp_tokens to keywell_app;

-- Calls of tools that a person has to approve. What the call would do is sealed, and sealed again with the
-- decision: a row whose state alone was changed approves nothing.
create table approvals (
  tenant_id     text not null,
  id            text not null,
  -- Empty: of the tenant's own connection.
  user_id       text not null,
  connection_id text not null,
  tool          text not null,
  -- SHA-256 of tool and arguments, in hex.
  call_hash     text not null,
  state         text not null default 'pending' check (state in ('pending', 'approved', 'denied', 'used')),
  agent         text,
  key_version   int  not null,
  sealed        bytea not null,
  requested_at  timestamptz not null default now(),
  ends_at       timestamptz not null,
  decided_at    timestamptz,
  -- By the app's own id of the person.
  decided_by    text,
  expiry_reported boolean not null default false,
  primary key (tenant_id, id),
  check ((state = 'pending') = (decided_at is null))
);
create index approvals_by_end on approvals (ends_at);
create trigger approvals_of_the_living before insert on approvals
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('approvals');
grant select, insert, update, delete on approvals to keywell_app;
grant select (tenant_id, id, state, ends_at, expiry_reported), delete on approvals to keywell_worker;

-- Changes that tools made, or make, under an idempotency key of their connection, for a day. Which call it is and
-- what came of it is sealed, with the state: a row that was changed is not believed.
create table idempotent_tool_calls (
  tenant_id     text not null,
  connection_id text not null,
  key           text not null,
  -- Empty: of the tenant's own connection.
  user_id       text not null,
  request_id    text not null,
  state         text not null default 'running' check (state in ('running', 'unknown', 'done')),
  key_version   int  not null,
  sealed        bytea not null,
  created_at    timestamptz not null default now(),
  -- One that runs any longer was cut off.
  ends_at       timestamptz not null,
  primary key (tenant_id, connection_id, key)
);
create index idempotent_tool_calls_by_age on idempotent_tool_calls (created_at);
create trigger idempotent_tool_calls_of_the_living before insert on idempotent_tool_calls
  for each row execute function refuse_erased_tenant();
select guard_by_tenant('idempotent_tool_calls');
grant select, insert, update, delete on idempotent_tool_calls to keywell_app;
grant select (tenant_id, created_at), delete on idempotent_tool_calls to keywell_worker;

-- The outbox: one row for a message to an endpoint, written in the transaction of its change. It
-- stands under the tenant that it tells of, whoever owns the endpoint, so that it goes with that
-- tenant. Holds no secret.
create table webhook_deliveries (
  tenant_id      text not null,
  id             text not null,
  endpoint_owner text not null,
  endpoint_id    text not null,
  type           text not null,
  connection_id  text,
  data           jsonb not null,
  state          text not null default 'due' check (state in ('due', 'delivered', 'dead')),
  due_at         timestamptz not null default now(),
  attempts       int  not null default 0,
  last_status    int,
  last_error     text,
  created_at     timestamptz not null default now(),
  ended_at       timestamptz,
  primary key (tenant_id, id, endpoint_id),
  check ((state = 'due') = (ended_at is null))
);
create index webhook_deliveries_due on webhook_deliveries (due_at) where state = 'due';
create index webhook_deliveries_of_endpoint on webhook_deliveries (endpoint_owner, endpoint_id, id);
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where state <> 'due';
select guard_by_tenant('webhook_deliveries');
-- A message to the installation's own endpoint stands under the tenant that it tells of; its owner sees it too.
create policy of_endpoint on webhook_deliveries to keywell_app using (
  (endpoint_owner = any ((select nullif(current_setting('app.tenants', true), '')::text[])::text[])) is true
);
grant select, insert, update, delete on webhook_deliveries to keywell_app, keywell_worker;
