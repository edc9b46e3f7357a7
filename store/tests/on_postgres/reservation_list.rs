//! The list of reservations, by deadline.

use domain::ids::ReservationId;
use domain::page::Limit;
use domain::reservation::{ReservationFilter, ReservationSort, ReservationStatus};
use domain::sku::Sku;
use domain::text::Owner;
use sqlx::PgPool;
use store::Store;

use crate::support::{age, code, held_by, hold, product, request, ttl, walk};

async fn walked(store: &Store, filter: &ReservationFilter, limit: i64) -> Vec<ReservationId> {
    let limit = Limit::new(limit).unwrap();
    let page = async |cursor: Option<&str>| store.reservation_list(filter, limit, cursor).await.unwrap();
    walk(|view| view.reservation.id, page).await
}

/// Eight reservations of all kinds, soonest deadline first: overdue, expired, running, released.
async fn eight(store: &Store, pool: &PgPool) -> [ReservationId; 8] {
    product(store, "MUG", 50).await;
    product(store, "CUP", 50).await;
    let mut ids = Vec::new();
    for (number, sku) in ["MUG", "CUP", "MUG", "CUP", "MUG", "CUP", "MUG", "CUP"].into_iter().enumerate() {
        let id = held_by(store, if number % 4 < 2 { "anna" } else { "ben" }, sku).await;
        store.reservation_extend(request(), id, ttl(1_000 + 100 * number as i64)).await.unwrap();
        ids.push(id);
    }
    for id in [ids[0], ids[1]] {
        age(pool, id, 3_000).await;
    }
    store.reservation_expire_once(100).await.unwrap();
    for id in [ids[2], ids[3]] {
        age(pool, id, 1_600).await;
    }
    for id in [ids[6], ids[7]] {
        store.reservation_release(request(), id).await.unwrap();
    }
    ids.try_into().unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn every_filter_walks_both_ways_in_both_sorts(pool: PgPool) {
    let store = Store::new(pool.clone());
    let all = eight(&store, &pool).await;
    let pick = |numbers: &[usize]| numbers.iter().map(|number| all[*number]).collect::<Vec<_>>();
    let any = ReservationFilter::default();
    let with = |status| ReservationFilter { status: Some(status), ..any.clone() };
    let sku = |sku| Some(Sku::new(sku).unwrap());
    let owner = |owner| Some(Owner::new(owner).unwrap());
    use ReservationStatus::{Confirmed, Expired, Held, Released};
    let cases = [
        (any.clone(), pick(&[0, 1, 2, 3, 4, 5, 6, 7])),
        (with(Held), pick(&[4, 5])),
        (with(Expired), pick(&[0, 1, 2, 3])),
        (with(Released), pick(&[6, 7])),
        (with(Confirmed), pick(&[])),
        (ReservationFilter { sku: sku("MUG"), ..any.clone() }, pick(&[0, 2, 4, 6])),
        (ReservationFilter { sku: sku("TEA"), ..any.clone() }, pick(&[])),
        (ReservationFilter { owner: owner("ben"), ..any.clone() }, pick(&[2, 3, 6, 7])),
        (ReservationFilter { owner: owner("Ben"), ..any.clone() }, pick(&[])),
        (ReservationFilter { sku: sku("CUP"), owner: owner("anna"), ..with(Expired) }, pick(&[1])),
    ];
    for (soonest, expected) in cases {
        for limit in [1, 3, 8, 200] {
            assert_eq!(walked(&store, &soonest, limit).await, expected, "{soonest:?}");
            let latest = ReservationFilter { sort: ReservationSort::Latest, ..soonest.clone() };
            let backward: Vec<_> = expected.iter().rev().copied().collect();
            assert_eq!(walked(&store, &latest, limit).await, backward, "{latest:?}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_overdue_hold_reads_as_expired_before_any_sweep(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 5).await;
    let id = hold(&store, &[("MUG", 5)]).await.reservation.id;
    age(&pool, id, 600).await;
    assert_eq!(store.reservation_fetch(id).await.unwrap().reservation.status, ReservationStatus::Expired);
    let expired = ReservationFilter { status: Some(ReservationStatus::Expired), ..ReservationFilter::default() };
    let page = store.reservation_list(&expired, Limit::default(), None).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].reservation.status, ReservationStatus::Expired);
    let stored = crate::support::count(&pool, "select count(*) from reservations where status = 'held'").await;
    assert_eq!(stored, 1, "nobody has swept");
}

#[sqlx::test(migrations = "../migrations")]
async fn equal_deadlines_are_neither_repeated_nor_left_out(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 50).await;
    for _ in 0..9 {
        hold(&store, &[("MUG", 1)]).await;
    }
    let same = "update reservations set expires_at = (select max(expires_at) from reservations)";
    sqlx::query(same).execute(&pool).await.unwrap();
    let ids = walked(&store, &ReservationFilter::default(), 2).await;
    assert_eq!(ids.len(), 9);
    assert!(ids.is_sorted());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_serves_only_the_list_that_gave_it(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 5).await;
    for _ in 0..3 {
        hold(&store, &[("MUG", 1)]).await;
    }
    let (any, one) = (ReservationFilter::default(), Limit::new(1).unwrap());
    let next = store.reservation_list(&any, one, None).await.unwrap().next.unwrap();
    let others = [
        ReservationFilter { sort: ReservationSort::Latest, ..any.clone() },
        ReservationFilter { status: Some(ReservationStatus::Held), ..any.clone() },
        ReservationFilter { sku: Some(Sku::new("MUG").unwrap()), ..any.clone() },
        ReservationFilter { owner: Some(Owner::new("MUG").unwrap()), ..any.clone() },
    ];
    for other in others {
        assert_eq!(code(store.reservation_list(&other, one, Some(&next)).await), "cursor_mismatch");
    }
    assert_eq!(code(store.reservation_list(&any, one, Some("?")).await), "bad_cursor");
}
