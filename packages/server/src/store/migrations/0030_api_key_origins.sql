-- The only origins that the connect sessions of a key may name; null: all that the installation allows. Under
-- grants_mac where it is not null, so that the MACs of keys from before stay right.
alter table api_keys add column origins text[];
