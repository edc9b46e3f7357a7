-- What was answered under which key, written in the transaction of the effect. Only answers that changed
-- something are kept.
create table idempotency_keys (
    key text collate "C" not null,
    caller text collate "C" not null,
    -- SHA-256 over the request.
    fingerprint bytea not null,
    status smallint not null,
    etag text,
    location text,
    body bytea not null,
    created_at timestamptz not null,
    constraint idempotency_keys_pk primary key (key, caller)
);

-- For pruning, oldest first.
create index idempotency_keys_by_age on idempotency_keys using brin (created_at);
