-- Where stock lies. The code never changes, so it is the key, here and in every table that names a
-- warehouse: no join is needed to show it.
create table warehouses (
    code text collate "C" not null,
    name text not null,
    priority integer not null,
    active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint warehouses_pk primary key (code),
    constraint warehouses_code_length check (char_length(code) between 1 and 16),
    constraint warehouses_name_length check (char_length(name) between 1 and 200)
);

insert into warehouses (code, name, priority) values ('MAIN', 'Main warehouse', 1);
