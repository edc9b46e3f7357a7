-- Units held for a while. The row is also its own expiry task: nothing else has to be written for it to
-- end on time.
create table reservations (
    id uuid not null,
    status text collate "C" not null,
    owner text,
    strategy text collate "C" not null,
    -- Set once an order was made of it; from then on only the order ends it.
    order_id uuid,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    -- The sweep could not end it: set aside, so that it is not picked again and the rest go on.
    set_aside_at timestamptz,
    set_aside_reason text,
    constraint reservations_pk primary key (id),
    constraint reservations_status_known check (status in ('held', 'confirmed', 'released', 'expired')),
    constraint reservations_strategy_known check (strategy in ('priority', 'most_stock', 'fewest_splits')),
    constraint reservations_owner_length check (char_length(owner) between 1 and 200),
    constraint reservations_deadline_after_start check (created_at < expires_at)
)
with (fillfactor = 80);

-- Serves the sweep (what is held and due) and the lists, which read one limited branch for each status.
create index reservations_by_status on reservations (status, expires_at, id);
create index reservations_by_owner on reservations (owner, expires_at, id) where owner is not null;

-- The units of a reservation, by product and warehouse. No foreign key onto products, warehouses or
-- stock: each hold would share-lock the row that all the others want.
create table reservation_lines (
    product_id uuid not null,
    reservation_id uuid not null,
    warehouse text collate "C" not null,
    -- The place of the product among the lines, from 0.
    line integer not null,
    quantity bigint not null,
    reason text collate "C" not null,
    constraint reservation_lines_pk primary key (product_id, reservation_id, warehouse),
    constraint reservation_lines_quantity_positive check (quantity > 0)
);

create index reservation_lines_by_reservation on reservation_lines (reservation_id);
