//! What stock was, from the journal: at a moment, and over time.

use domain::decide::Confirm;
use domain::history::{Holder, ProductThen, STEPS, Stretch};
use domain::ids::ReservationId;
use domain::order::{OrderChange, OrderRef, OrderRequest, OrderView};
use domain::reservation::ReservationView;
use domain::stock::StockReason;
use domain::time::Timestamp;
use sqlx::PgPool;
use store::Store;

use crate::support::{adjust, answer, by_sku, code, hold, product, receive, request, served};

async fn then(store: &Store, at: Timestamp) -> ProductThen {
    store.product_fetch_at(&by_sku("MUG"), at).await.unwrap()
}

fn counts(then: &ProductThen) -> (i64, i64) {
    let total = then.product.total();
    (total.on_hand, total.reserved)
}

fn ordered_of(reservation: ReservationId) -> OrderRequest {
    OrderRequest::new(Some(&reservation.to_string()), None, None, None, None, Confirm::Now).unwrap()
}

/// The database's time, with nothing else in the same millisecond.
async fn moment(store: &Store) -> Timestamp {
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let at = store.clock().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    at
}

#[sqlx::test(migrations = "../migrations")]
async fn stock_is_told_as_it_was_and_who_held_it(pool: PgPool) {
    let store = served(&pool).await;
    let before = moment(&store).await;
    product(&store, "MUG", 10).await;
    let received = moment(&store).await;
    let first = hold(&store, &[("MUG", 3)]).await.reservation.id;
    let held = moment(&store).await;
    let order = ordered_of(hold(&store, &[("MUG", 2)]).await.reservation.id);
    let order: OrderView = answer(store.order_place(request(), order).await);
    let ordered = moment(&store).await;
    answer::<ReservationView>(store.reservation_release(request(), first).await);
    let released = moment(&store).await;
    adjust(&store, "MUG", -4, StockReason::WrittenOff).await.unwrap();
    let now = moment(&store).await;

    assert_eq!(counts(&then(&store, before).await), (0, 0));
    let nobody = then(&store, received).await;
    assert_eq!((counts(&nobody), nobody.held_by), ((10, 0), vec![]));
    let one = then(&store, held).await;
    assert_eq!((counts(&one), one.product.as_of), ((10, 3), held));
    let [Holder { reservation_id, quantity, order: None, .. }] = one.held_by[..] else { panic!("{:?}", one.held_by) };
    assert_eq!((reservation_id, quantity), (Some(first), 3));
    let two = then(&store, ordered).await;
    assert_eq!(counts(&two), (10, 5));
    let holders: Vec<_> = two.held_by.iter().map(|holder| (holder.order, holder.quantity)).collect();
    assert_eq!(holders, [(None, 3), (Some(order.order.number), 2)], "those who had held longest come first");
    assert_eq!(counts(&then(&store, released).await), (10, 2));
    let last = then(&store, now).await;
    assert_eq!(counts(&last), (6, 2));
    let table = store.product_fetch(&by_sku("MUG")).await.unwrap();
    assert_eq!((last.product.stock, last.product.version), (table.stock, table.version), "now is what the table has");
    assert!(two.product.version < last.product.version);
    let later = store.clock().await.unwrap().plus_seconds(60);
    assert_eq!(code(store.product_fetch_at(&by_sku("MUG"), later).await), "invalid_input");
    assert_eq!(code(store.product_fetch_at(&by_sku("CUP"), now).await), "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_shipped_order_holds_nothing_any_more(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 5).await;
    let reservation = hold(&store, &[("MUG", 2)]).await.reservation.id;
    let order: OrderView = answer(store.order_place(request(), ordered_of(reservation)).await);
    for status in ["processing", "shipped"] {
        let step = OrderChange::new(Some(status), None, None, None).unwrap();
        answer::<OrderView>(store.order_proceed(request(), &OrderRef::Id(order.order.id), step).await);
    }
    let now = moment(&store).await;
    let last = then(&store, now).await;
    assert_eq!((counts(&last), last.held_by), ((3, 0), vec![]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_history_ends_with_what_there_is(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 10).await;
    moment(&store).await;
    hold(&store, &[("MUG", 4)]).await;
    receive(&store, "MUG", 5).await;
    // An hour begins between what was done two hours ago and now, and a day before the first unit came.
    for statement in [
        "alter table journal disable trigger user",
        "update journal set at = at - interval '2 hours'",
        "alter table journal enable trigger user",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    for stretch in [Stretch::Hour, Stretch::Day, Stretch::Month, Stretch::All] {
        let history = store.stock_history(&by_sku("MUG"), stretch).await.unwrap();
        assert_eq!(history.levels.len() as i64, STEPS + 1, "{stretch:?}");
        let last = history.levels.last().unwrap();
        assert_eq!((last.on_hand, last.reserved), (15, 4), "{stretch:?}");
        let first = history.levels[0];
        let expected = if stretch == Stretch::Hour { (15, 4) } else { (10, 0) };
        assert_eq!((first.on_hand, first.reserved), expected, "{stretch:?}");
    }
    product(&store, "CUP", 0).await;
    let nothing = store.stock_history(&by_sku("CUP"), Stretch::All).await.unwrap();
    assert!(nothing.levels.iter().all(|level| level.on_hand == 0 && level.reserved == 0));
}
