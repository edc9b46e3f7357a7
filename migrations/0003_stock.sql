-- What is on hand and what of it is reserved. The check is the last word on overselling: no code path,
-- now or later, can commit a row that breaks it.
create table stock (
    product_id uuid not null,
    warehouse text collate "C" not null,
    on_hand bigint not null default 0,
    reserved bigint not null default 0,
    -- Rises by one with each journal entry of this row, which carries it.
    version bigint not null default 0,
    constraint stock_pk primary key (product_id, warehouse),
    constraint stock_never_oversold check (0 <= reserved and reserved <= on_hand),
    constraint stock_product_fk foreign key (product_id) references products (id),
    constraint stock_warehouse_fk foreign key (warehouse) references warehouses (code)
)
-- Hot rows: room for new versions on the same page, and no index on the counts, so that updates stay
-- heap-only.
with (fillfactor = 50);
