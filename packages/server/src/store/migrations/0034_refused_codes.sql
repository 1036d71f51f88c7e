-- Hashes of codes that came to a callback in another browser than the flow's: that browser's user may hand
-- the address on, and then the code must be of no use in the flow's own browser.
alter table flows add column refused_codes text[] not null default '{}';
