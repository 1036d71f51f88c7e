-- What a probe found is remembered with the generation that it looked at. Readers of all processes share
-- it: a generation is probed for them once in a while, and the next one anew.
alter table upkeep add column probed_generation int, add column probed_at timestamptz;
