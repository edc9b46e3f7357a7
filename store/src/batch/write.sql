-- All that a batch writes but orders and their customers, in one statement: with few commands the way to
-- the database and back is what takes the time. For new holds of what is remembered it may be all that is said. The
-- parts that write see nothing of each other, and need not: no two touch the same row, and the stock is locked.
--
-- Arrays are taken apart in the lists of columns, row by row. In `from` each would be laid out in memory before, which
-- takes four times as long.
with
-- A batch that was decided on what is remembered is written only where all of that is still so: the stock under its locks,
-- all else as this statement finds it. One that has read what it was decided on has nothing to compare.
locked as materialized (
    select stock.product_id
    from (
        select
            unnest($53::uuid[]) as product_id,
            unnest($54::text[]) as warehouse,
            unnest($55::bigint[]) as on_hand,
            unnest($56::bigint[]) as reserved,
            unnest($57::bigint[]) as version
    ) as remembered
    join stock
        on stock.product_id = remembered.product_id
        and stock.warehouse = remembered.warehouse
        and stock.on_hand = remembered.on_hand
        and stock.reserved = remembered.reserved
        and stock.version = remembered.version
    order by stock.product_id, stock.warehouse
    for update of stock
),
standing as materialized (
    select case
        when $48::text is null then true
        -- Counted first, and so locked before all else.
        when (select count(*) from locked) <> cardinality($53) then false
        when (select count(*) from stock where product_id = any($49)) <> cardinality($53) then false
        when (
            select count(*)
            from (
                select
                    unnest($49::uuid[]) as id,
                    unnest($50::text[]) as sku,
                    unnest($51::text[]) as currency,
                    unnest($52::bigint[]) as version
            ) as remembered
            join products
                on products.id = remembered.id
                and products.sku = remembered.sku
                and products.currency = remembered.currency
                and products.version = remembered.version
                and not products.archived
        ) <> cardinality($49) then false
        when (
            select coalesce(encode(sha256(convert_to(string_agg(warehouses::text, chr(10) order by code), 'UTF8')), 'hex'), '')
            from warehouses
        ) <> $48 then false
        -- The clock was counted on since it was read.
        else clock_timestamp() between $24::timestamptz - interval '2 ms' and $24::timestamptz + interval '100 ms'
    end as is_so
),
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
      and (select is_so from standing)
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
        $24::timestamptz,
        unnest($10::timestamptz[]),
        unnest($11::uuid[])
    where (select is_so from standing)
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
        unnest($12::uuid[]),
        unnest($13::uuid[]),
        unnest($14::text[]),
        unnest($15::integer[]),
        unnest($16::bigint[]),
        unnest($17::text[])
    where (select is_so from standing)
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
            unnest($18::uuid[]) as id,
            unnest($19::text[]) as status,
            unnest($20::text[]) as strategy,
            unnest($21::timestamptz[]) as expires_at,
            unnest($22::uuid[]) as order_id,
            unnest($23::text[]) as was
    ) as change
    where reservations.id = change.id
      and reservations.status = change.was
      and (select is_so from standing)
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
        on_hand,
        reserved,
        version,
        before,
        after
    )
    select
        $24::timestamptz,
        unnest($25::uuid[]),
        unnest($26::uuid[]),
        unnest($27::text[]),
        unnest($28::uuid[]),
        unnest($29::text[]),
        unnest($30::text[]),
        unnest($31::uuid[]),
        unnest($32::uuid[]),
        unnest($33::text[]),
        unnest($34::bigint[]),
        unnest($35::bigint[]),
        unnest($36::bigint[]),
        unnest($37::bigint[]),
        unnest($38::bigint[]),
        unnest($39::jsonb[]),
        unnest($40::jsonb[])
    where (select is_so from standing)
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
        unnest($41::text[]),
        unnest($42::text[]),
        unnest($43::bytea[]),
        unnest($44::smallint[]),
        unnest($45::text[]),
        unnest($46::text[]),
        unnest($47::bytea[]),
        $24::timestamptz
    where (select is_so from standing)
)
select
    (select is_so from standing) as "is_so!",
    date_trunc('milliseconds', clock_timestamp()) as "now!",
    (select count(*) from moved) as "moved!",
    (select count(*) from changed) as "changed!"
