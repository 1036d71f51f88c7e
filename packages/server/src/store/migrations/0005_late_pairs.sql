-- Several pairs of one generation may wait to be withdrawn: more than one request can be answered after
-- its connection was removed, and a pair from before a new consent has the number of the new one. So a
-- row is named by the attempt that brought its pair, as in credentials and orphans.
alter table revocations add column attempt_id uuid not null default gen_random_uuid();
alter table revocations drop constraint revocations_pkey;
alter table revocations add primary key (tenant_id, connection_id, attempt_id);
