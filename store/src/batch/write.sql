-- All that a batch writes but orders and their customers, in one statement: with few commands the way to
-- the database and back is what takes the time. The parts see nothing of each other, and need not: no two
-- touch the same row, and what they rest on is locked.
with
moved as (
    update stock
    set
        on_hand = level.on_hand,
        reserved = level.reserved,
        version = level.version
    from unnest(
        $1::uuid[],
        $2::text[],
        $3::bigint[],
        $4::bigint[],
        $5::bigint[]
    ) as level (product_id, warehouse, on_hand, reserved, version)
    where stock.product_id = level.product_id
      and stock.warehouse = level.warehouse
      and stock.version < level.version
    returning 1
),
made as (
    insert into reservations (
        id,
        status,
        owner,
        strategy,
        created_at,
        expires_at,
        order_id
    )
    select *
    from unnest(
        $6::uuid[],
        $7::text[],
        $8::text[],
        $9::text[],
        $10::timestamptz[],
        $11::timestamptz[],
        $12::uuid[]
    )
),
lined as (
    insert into reservation_lines (
        product_id,
        reservation_id,
        warehouse,
        line,
        quantity,
        reason
    )
    select *
    from unnest(
        $13::uuid[],
        $14::uuid[],
        $15::text[],
        $16::integer[],
        $17::bigint[],
        $18::text[]
    )
),
-- The table is asked once more whether they are what they were when this was decided.
changed as (
    update reservations
    set
        status = change.status,
        strategy = change.strategy,
        expires_at = change.expires_at,
        order_id = change.order_id
    from unnest(
        $19::uuid[],
        $20::text[],
        $21::text[],
        $22::timestamptz[],
        $23::uuid[],
        $24::text[]
    ) as change (id, status, strategy, expires_at, order_id, was)
    where reservations.id = change.id
      and reservations.status = change.was
    returning 1
),
told as (
    insert into journal (
        at,
        shard_key,
        change_id,
        actor,
        request_id,
        action,
        subject_kind,
        subject_id,
        product_id,
        warehouse,
        on_hand_delta,
        reserved_delta,
        version,
        before,
        after
    )
    select $25::timestamptz, entry.*
    from unnest(
        $26::uuid[],
        $27::uuid[],
        $28::text[],
        $29::uuid[],
        $30::text[],
        $31::text[],
        $32::uuid[],
        $33::uuid[],
        $34::text[],
        $35::bigint[],
        $36::bigint[],
        $37::bigint[],
        $38::jsonb[],
        $39::jsonb[]
    ) as entry
),
-- A key that was used before is refused by idempotency_keys_pk, and the whole statement with it.
kept as (
    insert into idempotency_keys (
        key,
        caller,
        fingerprint,
        status,
        etag,
        location,
        body,
        created_at
    )
    select *, $25::timestamptz
    from unnest(
        $40::text[],
        $41::text[],
        $42::bytea[],
        $43::smallint[],
        $44::text[],
        $45::text[],
        $46::bytea[]
    )
)
select
    (select count(*) from moved) as "moved!",
    (select count(*) from changed) as "changed!"
