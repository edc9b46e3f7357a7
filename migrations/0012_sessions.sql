-- Browsers that are signed in. A session is deleted when it ends.
create table sessions (
    -- SHA-256 of the random id in the cookie: who reads this table can't take a session over.
    id_hash bytea not null,
    user_id uuid not null,
    created_at timestamptz not null,
    -- The end of its life, however much it is used.
    expires_at timestamptz not null,
    -- Written once a minute, not once a request.
    last_seen_at timestamptz not null,
    constraint sessions_pk primary key (id_hash),
    constraint sessions_user_fk foreign key (user_id) references users (id),
    constraint sessions_id_length check (octet_length(id_hash) = 32)
)
with (fillfactor = 80);

create index sessions_by_user on sessions (user_id);
create index sessions_by_end on sessions (expires_at);
