-- Links that sign in once. One is deleted when it is spent.
create table sign_in_links (
    -- SHA-256 of the token in the link.
    token_hash bytea not null,
    user_id uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint sign_in_links_pk primary key (token_hash),
    constraint sign_in_links_user_fk foreign key (user_id) references users (id),
    constraint sign_in_links_token_length check (octet_length(token_hash) = 32)
);

create index sign_in_links_by_user on sign_in_links (user_id);
create index sign_in_links_by_end on sign_in_links (expires_at);
