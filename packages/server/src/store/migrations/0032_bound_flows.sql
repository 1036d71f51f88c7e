-- Who can write rows, and has no key, is not to move a flow or a code to somebody else. A code has a MAC under
-- a pepper of the installation, as API keys have; a flow's secrets are sealed for all that its row decides.
-- What is under way has neither, and ends: its user begins again.
truncate one_time_codes;
alter table one_time_codes
  add column mac bytea not null,
  add column pepper_version int not null check (pepper_version > 0);

alter table flows no force row level security;
update flows
set status = case when status in ('created', 'started', 'confirming', 'exchanging') then 'expired' else status end,
    sealed_verifier = null, sealed_code = null
where sealed_verifier is not null or sealed_code is not null;
alter table flows force row level security;
