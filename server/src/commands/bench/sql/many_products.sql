-- As one_product.sql, each time for another of ten thousand products.
\set number random(0, 9999)
with clock as materialized (
    select clock_timestamp() as now
), ids as materialized (
    select
        (lpad(to_hex((extract(epoch from now) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 1, 20))::uuid as id,
        now
    from clock
), taken as (
    update stock
    set reserved = reserved + 1, version = version + 1
    where product_id = md5('bench product ' || :number)::uuid
      and warehouse = 'MAIN'
      and on_hand - reserved >= 1
    returning product_id, warehouse, on_hand, reserved, version
), held as (
    insert into reservations (id, status, strategy, created_at, expires_at)
    select ids.id, 'held', 'priority', ids.now, ids.now + interval '1 hour'
    from ids, taken
), lines as (
    insert into reservation_lines (product_id, reservation_id, warehouse, line, quantity, reason)
    select taken.product_id, ids.id, taken.warehouse, 0, 1, 'priority'
    from ids, taken
), told as (
    insert into journal (
        shard_key, at, change_id, actor, request_id, action, subject_kind, subject_id, product_id, warehouse,
        on_hand_delta, reserved_delta, on_hand, reserved, version, after
    )
    select
        taken.product_id, ids.now, ids.id, 'local', ids.id, 'reservation.held', 'reservation', ids.id,
        taken.product_id, taken.warehouse, 0, 1, taken.on_hand, taken.reserved, taken.version,
        '{"status": "held", "expires_at": "2026-11-22T17.12.52.000Z"}'
    from ids, taken
)
insert into idempotency_keys (key, caller, fingerprint, status, location, body, created_at)
select
    ids.id::text, 'local', sha256(uuid_send(ids.id)), 201, '/api/reservations/' || ids.id,
    convert_to(rpad('{"id": "' || ids.id || '"', 560, ' '), 'UTF8'), ids.now
from ids, taken;
