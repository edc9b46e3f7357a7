-- Keys with which programs call the API. A revoked key stays: the journal names it.
create table api_keys (
    id uuid not null,
    name text not null,
    role text collate "C" not null,
    -- SHA-256 of the key. It has 256 bits of chance, so a slow hash would add nothing.
    secret_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    -- Written once a minute, not once a request.
    last_used_at timestamptz,
    revoked_at timestamptz,
    constraint api_keys_pk primary key (id),
    constraint api_keys_secret_key unique (secret_hash),
    constraint api_keys_secret_length check (octet_length(secret_hash) = 32),
    constraint api_keys_name_length check (char_length(name) between 1 and 200),
    constraint api_keys_role_known check (role in ('viewer', 'operator', 'admin'))
)
with (fillfactor = 80);
