-- What is bought.
create table orders (
    id uuid not null,
    -- The short number that people call it by; drawn before the order is decided, so there are gaps.
    number bigint not null,
    status text collate "C" not null,
    customer_id uuid,
    currency text collate "C" not null,
    total_minor bigint not null,
    -- Units over all lines, for lists.
    items bigint not null,
    -- Null for an order of the past that was never reserved here.
    reservation_id uuid,
    reference text collate "C",
    version bigint not null default 1,
    placed_at timestamptz not null,
    updated_at timestamptz not null,
    constraint orders_pk primary key (id),
    constraint orders_number_key unique (number),
    constraint orders_reservation_key unique (reservation_id),
    constraint orders_reference_key unique (reference),
    constraint orders_customer_fk foreign key (customer_id) references customers (id),
    constraint orders_status_known check (
        status in (
            'pending', 'confirmed', 'processing', 'shipped', 'delivered', 'cancelled', 'expired', 'returned'
        )
    ),
    constraint orders_total_not_negative check (total_minor >= 0),
    constraint orders_items_positive check (items > 0),
    constraint orders_reference_length check (char_length(reference) between 1 and 100)
)
with (fillfactor = 80);

create sequence order_numbers as bigint start 1001 cache 1;

-- One index for each filter and sort that people use together. Each ends in the sort's key and the id, so
-- that a page is a range of it, forward or back.
create index orders_newest on orders (placed_at, id);
create index orders_highest on orders (total_minor, id);
create index orders_by_status_newest on orders (status, placed_at, id);
create index orders_by_status_highest on orders (status, total_minor, id);
create index orders_by_customer_newest on orders (customer_id, placed_at, id) where customer_id is not null;
create index orders_by_customer_highest on orders (customer_id, total_minor, id) where customer_id is not null;

-- Units of one product at one price, from one warehouse: price and name as they were sold.
create table order_lines (
    product_id uuid not null,
    order_id uuid not null,
    -- The place among the lines, from 0; a line from two warehouses has two rows.
    line integer not null,
    warehouse text collate "C" not null,
    name text not null,
    unit_price_minor bigint not null,
    quantity bigint not null,
    constraint order_lines_pk primary key (product_id, order_id, line, warehouse),
    constraint order_lines_quantity_positive check (quantity > 0),
    constraint order_lines_price_not_negative check (unit_price_minor >= 0)
);

create index order_lines_by_order on order_lines (order_id);

-- What people wrote on an order. The journal tells that they did, not what.
create table order_notes (
    order_id uuid not null,
    note integer not null,
    at timestamptz not null,
    actor text collate "C" not null,
    text text not null,
    constraint order_notes_pk primary key (order_id, note),
    constraint order_notes_text_length check (char_length(text) between 1 and 2000)
);
