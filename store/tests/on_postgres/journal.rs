//! The journal as it reads back.

use domain::journal::{EntryFilter, Subject};
use domain::page::Limit;
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
