-- Pruning takes the oldest keys, a few at a time. The index of ranges (BRIN) tells where they may lie and not which
-- they are: pages that were emptied before were read over and over, and once they are filled anew each range holds old
-- and new. Commands that are decided together share their time, so that this index stays small.
create index idempotency_keys_by_time on idempotency_keys (created_at);

drop index idempotency_keys_by_age;
