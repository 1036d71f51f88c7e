-- When the provider was last asked for the name, username and picture of a connection's account.
alter table connections add column account_checked_at timestamptz not null default now();
