-- The pepper of API keys hangs on the installation's own key, which can be replaced: each row says which
-- version its MACs are under. Until now there was one.
alter table api_keys add column pepper_version int not null default 1 check (pepper_version > 0);
-- Whoever writes a row says it.
alter table api_keys alter column pepper_version drop default;
