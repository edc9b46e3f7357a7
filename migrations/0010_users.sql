-- Who signs in. A user is never deleted: the journal names users by their ids for ever.
create table users (
    id uuid not null,
    email text collate "C" not null,
    name text not null,
    role text collate "C" not null,
    active boolean not null default true,
    -- argon2id with its parameters and salt, in the PHC form; null: no password was set yet.
    password_hash text,
    created_at timestamptz not null,
    -- True for the one user that a server makes in an empty database, null for all others: of servers that
    -- start at once one makes it.
    first boolean,
    constraint users_pk primary key (id),
    constraint users_email_key unique (email),
    constraint users_first_key unique (first),
    constraint users_first_is_true check (first),
    constraint users_email_length check (char_length(email) between 3 and 254),
    constraint users_name_length check (char_length(name) between 1 and 200),
    constraint users_role_known check (role in ('viewer', 'operator', 'admin'))
);

-- Serves the lock on all admins, which keeps the last one an admin.
create index users_admins on users (id) where role = 'admin' and active;
