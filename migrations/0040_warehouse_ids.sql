-- The journal names its subjects by ids, so that a warehouse has one too. Everywhere else its code names it.
-- The default is for the warehouses that are there already; new ones come with theirs.
alter table warehouses
    add column id uuid not null default gen_random_uuid(),
    add constraint warehouses_id_key unique (id),
    add constraint warehouses_priority_range check (priority between 1 and 1000000);
