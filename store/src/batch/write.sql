-- All that a batch writes but orders and their customers, in one statement: with few commands the way to
-- the database and back is what takes the time. The parts see nothing of each other, and need not: no two
-- touch the same row, and what they rest on is locked.
--
-- Arrays are taken apart in the lists of columns, row by row. In `from` each would be laid out in memory before, which
-- takes four times as long.
with
moved as (
    update stock
    set
        on_hand = level.on_hand,
        reserved = level.reserved,
        version = level.version
    from (
        select
            unnest($1::uuid[]) as product_id,
            unnest($2::text[]) as warehouse,
            unnest($3::bigint[]) as on_hand,
            unnest($4::bigint[]) as reserved,
            unnest($5::bigint[]) as version
    ) as level
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
    select
        unnest($6::uuid[]),
        unnest($7::text[]),
        unnest($8::text[]),
        unnest($9::text[]),
        unnest($10::timestamptz[]),
        unnest($11::timestamptz[]),
        unnest($12::uuid[])
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
    select
        unnest($13::uuid[]),
        unnest($14::uuid[]),
        unnest($15::text[]),
        unnest($16::integer[]),
        unnest($17::bigint[]),
        unnest($18::text[])
),
-- The table is asked once more whether they are what they were when this was decided.
changed as (
    update reservations
    set
        status = change.status,
        strategy = change.strategy,
        expires_at = change.expires_at,
        order_id = change.order_id
    from (
        select
            unnest($19::uuid[]) as id,
            unnest($20::text[]) as status,
            unnest($21::text[]) as strategy,
            unnest($22::timestamptz[]) as expires_at,
            unnest($23::uuid[]) as order_id,
            unnest($24::text[]) as was
    ) as change
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
    select
        $25::timestamptz,
        unnest($26::uuid[]),
        unnest($27::uuid[]),
        unnest($28::text[]),
        unnest($29::uuid[]),
        unnest($30::text[]),
        unnest($31::text[]),
        unnest($32::uuid[]),
        unnest($33::uuid[]),
        unnest($34::text[]),
        unnest($35::bigint[]),
        unnest($36::bigint[]),
        unnest($37::bigint[]),
        unnest($38::jsonb[]),
        unnest($39::jsonb[])
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
    select
        unnest($40::text[]),
        unnest($41::text[]),
        unnest($42::bytea[]),
        unnest($43::smallint[]),
        unnest($44::text[]),
        unnest($45::text[]),
        unnest($46::bytea[]),
        $25::timestamptz
)
select
    (select count(*) from moved) as "moved!",
    (select count(*) from changed) as "changed!"
