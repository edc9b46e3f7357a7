-- What may stand in the way of refusals, all of it at one moment.
select
    -- A batch that was decided on what is remembered is refused only where all of that is still so. Nothing is written, and
    -- so nothing is locked. One that has read what it was decided on has nothing to compare. As in write.sql.
    case
        when $5::text is null then true
        when (select count(*) from stock where product_id = any($6)) <> cardinality($10::uuid[]) then false
        when (
            select count(*)
            from (
                select
                    unnest($10::uuid[]) as product_id,
                    unnest($11::text[]) as warehouse,
                    unnest($12::bigint[]) as on_hand,
                    unnest($13::bigint[]) as reserved,
                    unnest($14::bigint[]) as version
            ) as remembered
            join stock
                on stock.product_id = remembered.product_id
                and stock.warehouse = remembered.warehouse
                and stock.on_hand = remembered.on_hand
                and stock.reserved = remembered.reserved
                and stock.version = remembered.version
        ) <> cardinality($10) then false
        when (
            select count(*)
            from (
                select
                    unnest($6::uuid[]) as id,
                    unnest($7::text[]) as sku,
                    unnest($8::text[]) as currency,
                    unnest($9::bigint[]) as version
            ) as remembered
            join products
                on products.id = remembered.id
                and products.sku = remembered.sku
                and products.currency = remembered.currency
                and products.version = remembered.version
                and not products.archived
        ) <> cardinality($6) then false
        else (
            select coalesce(encode(sha256(convert_to(string_agg(warehouses::text, chr(10) order by code), 'UTF8')), 'hex'), '')
            from warehouses
        ) = $5
    end as "is_so!",
    exists (
        select
        from unnest($1::text[], $2::text[]) as claimed (key, caller)
        join idempotency_keys as kept
            on kept.key = claimed.key
            and kept.caller = claimed.caller
    ) as "is_kept!",
    array(
        select reservations.id
        from reservations
        where cardinality($3::uuid[]) > 0
          and reservations.status = 'held'
          and reservations.expires_at <= statement_timestamp()
          and reservations.set_aside_at is null
          and exists (
              select
              from reservation_lines
              where reservation_lines.reservation_id = reservations.id
                and reservation_lines.product_id = any($3)
          )
        order by reservations.expires_at, reservations.id
        limit $4
    ) as "overdue!: Vec<Uuid>"
