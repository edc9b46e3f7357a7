-- Who buys. Found by email or by what the shop calls them.
create table customers (
    id uuid not null,
    email text collate "C",
    name text,
    reference text collate "C",
    created_at timestamptz not null,
    constraint customers_pk primary key (id),
    constraint customers_email_key unique (email),
    constraint customers_reference_key unique (reference),
    constraint customers_email_length check (char_length(email) between 3 and 254),
    constraint customers_name_length check (char_length(name) between 1 and 200),
    constraint customers_reference_length check (char_length(reference) between 1 and 100),
    constraint customers_findable check (email is not null or reference is not null)
);
