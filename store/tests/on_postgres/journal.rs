//! The journal as it reads back.

use domain::journal::{Entry, EntryFilter, Subject};
use domain::page::Limit;
use serde_json::json;
use sqlx::PgPool;
use store::Store;

use crate::support::{answer, code, hold, product, receive, request, ttl, walk};

#[sqlx::test(migrations = "../migrations")]
async fn it_is_paged_newest_first_and_narrowed_by_subject_and_product(pool: PgPool) {
    let store = Store::new(pool);
    let mug = product(&store, "MUG", 10).await;
    let cup = product(&store, "CUP", 10).await;
    let both = hold(&store, &[("MUG", 1), ("CUP", 2)]).await.reservation.id;
    hold(&store, &[("MUG", 1)]).await;
    store.reservation_extend(request(), both, ttl(1_200)).await.unwrap();
    let _: domain::reservation::ReservationView = answer(store.reservation_release(request(), both).await);
    receive(&store, "CUP", 1).await;

    let filters = [
        (EntryFilter::default(), 11),
        (EntryFilter { subject: Some(Subject::Reservation(both)), ..EntryFilter::default() }, 5),
        (EntryFilter { subject: Some(Subject::Product(mug)), ..EntryFilter::default() }, 2),
        (EntryFilter { product: Some(mug), ..EntryFilter::default() }, 5),
        (EntryFilter { subject: Some(Subject::Reservation(both)), product: Some(cup), ..EntryFilter::default() }, 2),
        (
            EntryFilter {
                subject: Some(Subject::Order(domain::ids::OrderId::from_uuid(mug.as_uuid()))),
                ..EntryFilter::default()
            },
            0,
        ),
    ];
    for (filter, expected) in filters {
        for limit in [1, 3, 200] {
            let limit = Limit::new(limit).unwrap();
            let page = async |cursor: Option<&str>| store.journal_list(&filter, limit, cursor).await.unwrap();
            let positions = walk(|entry| entry.position, page).await;
            assert_eq!(positions.len(), expected, "{filter:?}");
            assert!(positions.is_sorted_by(|left, right| left > right));
        }
    }
    let one = Limit::new(1).unwrap();
    let next = store.journal_list(&EntryFilter::default(), one, None).await.unwrap().next.unwrap();
    let other = EntryFilter { product: Some(mug), ..EntryFilter::default() };
    assert_eq!(code(store.journal_list(&other, one, Some(&next)).await), "cursor_mismatch");
}

/// Until a level had columns of its own, it stood among the facts.
#[sqlx::test(migrations = "../migrations")]
async fn entries_from_before_levels_had_columns_read_as_others_do(pool: PgPool) {
    let store = Store::new(pool.clone());
    let mug = product(&store, "MUG", 10).await;
    let held = hold(&store, &[("MUG", 3)]).await.reservation;
    let filter = EntryFilter { product: Some(mug), ..EntryFilter::default() };
    let new = crate::support::entries(&store, filter.clone()).await.remove(0);
    assert_eq!(new.before, Some(json!({"on_hand": 10, "reserved": 0})));
    let after = json!({"on_hand": 10, "reserved": 3, "status": "held", "expires_at": held.expires_at});
    assert_eq!(new.after, Some(after));

    let old = "insert into journal (shard_key, at, change_id, actor, request_id, action, subject_kind, subject_id,
            product_id, warehouse, on_hand_delta, reserved_delta, version, before, after)
        select shard_key, at, change_id, actor, request_id, action, subject_kind, subject_id,
            product_id, warehouse, on_hand_delta, reserved_delta, version, $1, $2
        from journal
        where position = $3";
    sqlx::query(old).bind(&new.before).bind(&new.after).bind(new.position).execute(&pool).await.unwrap();
    let old = crate::support::entries(&store, filter).await.remove(0);
    assert!(old.position > new.position);
    assert_eq!(Entry { position: new.position, ..old }, new);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_entries_of_one_change_share_its_id_and_its_request(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    product(&store, "CUP", 10).await;
    let request = request();
    let asked = request.caller;
    let hold = crate::support::hold_of(&[("MUG", 1), ("CUP", 2)]);
    let view: domain::reservation::ReservationView = answer(store.reservation_hold(request, hold).await);
    let subject = Some(Subject::Reservation(view.reservation.id));
    let told = crate::support::entries(&store, EntryFilter { subject, ..EntryFilter::default() }).await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].change_id, told[1].change_id);
    assert_eq!(told[0].at, view.reservation.created_at, "one clock for the change and for what tells of it");
    for entry in &told {
        assert_eq!((entry.actor, entry.request_id), (asked.actor, asked.request_id));
        assert_eq!((entry.on_hand_delta, entry.version), (0, Some(2)));
    }
    let mut reserved: Vec<i64> = told.iter().map(|entry| entry.reserved_delta).collect();
    reserved.sort_unstable();
    assert_eq!(reserved, [1, 2]);
}

/// Ten thousand entries, a minute apart, the last a minute ago; every other time is four minutes out of order.
async fn a_week(pool: &PgPool) {
    let insert = "insert into journal (shard_key, at, change_id, actor, action, subject_kind, subject_id)
        select
            gen_random_uuid(),
            date_trunc('minutes', now()) - (10000 - n + case when n % 2 = 0 then 4 else 0 end) * interval '1 minute',
            gen_random_uuid(),
            'local',
            'product.changed',
            'product',
            gen_random_uuid()
        from generate_series(0, 9999) as n";
    sqlx::query(insert).execute(pool).await.unwrap();
    sqlx::query("analyze journal").execute(pool).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_range_of_time_is_exact_though_times_are_out_of_order(pool: PgPool) {
    let store = Store::new(pool.clone());
    a_week(&pool).await;
    let start = store.clock().await.unwrap().plus_seconds(-10_000 * 60);
    let ranges = [(None, None), (Some(0), Some(5)), (Some(4_990), Some(5_010)), (Some(9_990), None), (None, Some(3))];
    for (from, to) in ranges {
        let at = |minutes: Option<i64>| minutes.map(|minutes| start.plus_seconds(minutes * 60));
        let filter = EntryFilter { from: at(from), to: at(to), ..EntryFilter::default() };
        let limit = Limit::new(200).unwrap();
        let page = async |cursor: Option<&str>| store.journal_list(&filter, limit, cursor).await.unwrap();
        let positions = walk(|entry| entry.position, page).await;
        let expected: Vec<i64> = sqlx::query_scalar(
            "select position from journal where ($1 is null or at >= $1) and ($2 is null or at < $2)
            order by position desc",
        )
        .bind(filter.from.map(|at| at.as_datetime()))
        .bind(filter.to.map(|at| at.as_datetime()))
        .fetch_all(&pool)
        .await
        .unwrap();
        assert_eq!(positions, expected, "{from:?} to {to:?}");
        assert!(!positions.is_empty());
    }
    let tomorrow = store.clock().await.unwrap().plus_seconds(86_400);
    let later = EntryFilter { from: Some(tomorrow), ..EntryFilter::default() };
    assert!(store.journal_list(&later, Limit::default(), None).await.unwrap().items.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_range_of_time_leaves_nothing_out_where_the_clock_was_set_back(pool: PgPool) {
    let store = Store::new(pool.clone());
    // A thousand entries a minute apart, written after the clock was set back by a day and again by a week.
    for (entries, days) in [(1_000, 0), (1_000, 1), (1_000, 8)] {
        let insert = "insert into journal (shard_key, at, change_id, actor, action, subject_kind, subject_id)
            select gen_random_uuid(),
                date_trunc('minutes', now()) - $2 * interval '1 day' + n * interval '1 minute',
                gen_random_uuid(), 'local', 'product.changed', 'product', gen_random_uuid()
            from generate_series(1, $1) as n";
        sqlx::query(insert).bind(entries).bind(days).execute(&pool).await.unwrap();
    }
    let now = store.clock().await.unwrap();
    for day in [-8, -7, -1, 0] {
        let at = |hours: i64| Some(now.plus_seconds(day * 86_400 + hours * 3_600));
        let filter = EntryFilter { from: at(2), to: at(4), ..EntryFilter::default() };
        let found = store.journal_list(&filter, Limit::new(200).unwrap(), None).await.unwrap().items.len();
        let expected: i64 = sqlx::query_scalar("select count(*) from journal where at >= $1 and at < $2")
            .bind(filter.from.map(|at| at.as_datetime()))
            .bind(filter.to.map(|at| at.as_datetime()))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(found as i64, expected, "day {day}");
    }
}
