-- Every change of state: one row for each stock row moved, or one where none moved. Written in the
-- transaction of the change, never changed afterwards.
create table journal (
    position bigint generated always as identity (cache 1),
    -- The product where stock moves, else the subject: the column a distributed database shards by.
    shard_key uuid not null,
    at timestamptz not null,
    change_id uuid not null,
    actor text collate "C" not null,
    request_id uuid,
    action text collate "C" not null,
    subject_kind text collate "C" not null,
    subject_id uuid not null,
    product_id uuid,
    warehouse text collate "C",
    on_hand_delta bigint not null default 0,
    reserved_delta bigint not null default 0,
    -- The version that the stock row has since this entry.
    version bigint,
    before jsonb,
    after jsonb,
    constraint journal_pk primary key (shard_key, position),
    constraint journal_stock_is_whole check ((warehouse is null) = (version is null)),
    constraint journal_moves_have_stock check (warehouse is not null or (on_hand_delta = 0 and reserved_delta = 0))
);

create index journal_by_position on journal (position);
create index journal_by_subject on journal (subject_id, position);

-- The second lock on the door. The first is that the server's login has no right to do any of this.
create function journal_is_append_only() returns trigger
language plpgsql
as $$
begin
    raise exception 'the journal is append-only' using errcode = 'restrict_violation';
end
$$;

create trigger journal_no_update_or_delete
before update or delete on journal
for each row execute function journal_is_append_only();

create trigger journal_no_truncate
before truncate on journal
for each statement execute function journal_is_append_only();
