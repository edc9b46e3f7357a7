use domain::actor::Actor;
use domain::decide::Confirm;
use domain::ids::{OrderId, ReservationId};
use domain::order::machine::{By, Effect, OrderStatus, TRANSITIONS};
use domain::order::{CustomerRequest, OrderChange, OrderRef, OrderRequest, OrderView};
use domain::problem::Problem;
use domain::reservation::{LineInput, ReservationStatus};
use futures::future::join_all;
use sqlx::PgPool;
use store::{Answered, Store, StoreError};
use strum::VariantArray as _;

use crate::support::{age, answer, assert_sound, code, hold, keyed, level, product, request, served, try_hold};

async fn place_of(store: &Store, id: ReservationId, confirm: Confirm) -> Result<Answered, StoreError> {
    let order = OrderRequest::new(Some(&id.to_string()), None, None, None, None, confirm).unwrap();
    store.order_place(request(), order).await
}

fn lines(lines: &[(&str, i64)]) -> Vec<LineInput> {
    let line = |(sku, quantity): &(&str, i64)| LineInput {
        sku: Some((*sku).to_owned()),
        quantity: Some(*quantity),
        ..LineInput::default()
    };
    lines.iter().map(line).collect()
}

fn of_lines(of: &[(&str, i64)], reference: Option<&str>, confirm: Confirm) -> OrderRequest {
    OrderRequest::new(None, Some(&lines(of)), None, None, reference, confirm).unwrap()
}

async fn proceed(store: &Store, id: OrderId, change: OrderChange) -> Result<Answered, StoreError> {
    store.order_proceed(request(), &OrderRef::Id(id), change).await
}

fn to(status: OrderStatus) -> OrderChange {
    OrderChange::new(Some(status.as_str()), None, None, None).unwrap()
}

/// An order of 4 units that stands at `status`, reached by the machine's own steps.
async fn order_at(pool: &PgPool, store: &Store, sku: &str, status: OrderStatus) -> OrderId {
    let placed: OrderView = answer(store.order_place(request(), of_lines(&[(sku, 4)], None, Confirm::Later)).await);
    let id = placed.order.id;
    let way: &[OrderStatus] = match status {
        OrderStatus::Pending => &[],
        OrderStatus::Confirmed => &[OrderStatus::Confirmed],
        OrderStatus::Processing => &[OrderStatus::Confirmed, OrderStatus::Processing],
        OrderStatus::Shipped => &[OrderStatus::Confirmed, OrderStatus::Processing, OrderStatus::Shipped],
        OrderStatus::Delivered => {
            &[OrderStatus::Confirmed, OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Delivered]
        }
        OrderStatus::Returned => {
            &[OrderStatus::Confirmed, OrderStatus::Processing, OrderStatus::Shipped, OrderStatus::Returned]
        }
        OrderStatus::Cancelled => &[OrderStatus::Cancelled],
        OrderStatus::Expired => {
            age(pool, placed.order.reservation_id.unwrap(), 601).await;
            assert_eq!(store.reservation_expire_once(10).await.unwrap().expired, 1);
            &[]
        }
    };
    for step in way {
        answer::<OrderView>(proceed(store, id, to(*step)).await);
    }
    id
}

#[sqlx::test(migrations = "../migrations")]
async fn every_pair_of_statuses_is_allowed_or_refused_as_the_table_says(pool: PgPool) {
    let store = served(&pool).await;
    for from in OrderStatus::VARIANTS {
        for into in OrderStatus::VARIANTS {
            let sku = format!("{from}-{into}");
            product(&store, &sku, 10).await;
            let id = order_at(&pool, &store, &sku, *from).await;
            let before = store.order_fetch(&OrderRef::Id(id)).await.unwrap();
            assert_eq!(before.order.status, *from);
            let (on_hand, reserved) = level(&store, &sku).await;
            let told_before = store.order_journal(&OrderRef::Id(id)).await.unwrap().len();
            let result = proceed(&store, id, to(*into)).await;
            let after = store.order_fetch(&OrderRef::Id(id)).await.unwrap();
            let told = store.order_journal(&OrderRef::Id(id)).await.unwrap();
            match TRANSITIONS.iter().find(|step| step.from == *from && step.to == *into && step.by == By::People) {
                Some(step) => {
                    let view: OrderView = answer(result);
                    assert_eq!((view.order.status, after.order.status), (*into, *into), "{sku}");
                    assert_eq!(after.order.version, before.order.version + 1, "{sku}");
                    let expected = match step.effect {
                        Effect::MakeFirm | Effect::None => (on_hand, reserved),
                        Effect::GiveBack => (on_hand, reserved - 4),
                        Effect::Ship => (on_hand - 4, reserved - 4),
                        Effect::TakeBack => (on_hand + 4, reserved),
                        Effect::TakeAgain => (on_hand, reserved + 4),
                    };
                    assert_eq!(level(&store, &sku).await, expected, "{sku}");
                    assert_eq!(view.reacquired, step.effect == Effect::TakeAgain, "{sku}");
                    assert_eq!(told.last().unwrap().action.as_str(), format!("order.{into}"), "{sku}");
                    assert!(told.len() > told_before, "{sku}");
                }
                None => {
                    let StoreError::Refused(problem) = result.unwrap_err() else { panic!("{sku} failed") };
                    let allowed = from.allowed();
                    assert_eq!(problem, Problem::TransitionNotAllowed { from: *from, to: *into, allowed });
                    assert_eq!(after.order, before.order, "{sku}");
                    assert_eq!(level(&store, &sku).await, (on_hand, reserved), "{sku}");
                    assert_eq!(told.len(), told_before, "{sku}");
                }
            }
        }
    }
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_order_keeps_price_and_name_as_sold_and_its_hold_is_its_own(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 10).await;
    let held = hold(&store, &[("A", 3)]).await.reservation;
    let placed: OrderView = answer(place_of(&store, held.id, Confirm::Later).await);
    assert_eq!((placed.order.status, placed.order.total.minor), (OrderStatus::Pending, 765));
    assert_eq!(placed.expires_at, Some(held.expires_at));
    assert_eq!(level(&store, "A").await, (10, 3));
    assert_eq!(code(place_of(&store, held.id, Confirm::Later).await), "has_order");
    assert_eq!(code(store.reservation_release(request(), held.id).await), "has_order");
    let patch = domain::product::ProductPatch::new(Some("Renamed"), Some(crate::support::gbp(1)), None, None);
    store.product_change(request(), &crate::support::by_sku("A"), patch.unwrap()).await.unwrap();
    let read = store.order_fetch(&OrderRef::Number(placed.order.number)).await.unwrap();
    assert_eq!((read.order.lines[0].name.as_str(), read.order.total.minor), ("Product A", 765));
    answer::<OrderView>(proceed(&store, placed.order.id, to(OrderStatus::Confirmed)).await);
    let reservation = store.reservation_fetch(held.id).await.unwrap().reservation;
    assert_eq!((reservation.status, reservation.order_id), (ReservationStatus::Confirmed, Some(placed.order.id)));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn lines_are_reserved_and_ordered_in_one_or_not_at_all(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 5).await;
    let short = store.order_place(request(), of_lines(&[("A", 3), ("A", 3)], None, Confirm::Now)).await;
    assert_eq!(code(short), "insufficient_stock");
    assert_eq!(level(&store, "A").await, (5, 0));
    let placed: OrderView =
        answer(store.order_place(request(), of_lines(&[("A", 3)], Some("web-1"), Confirm::Now)).await);
    assert_eq!((placed.order.status, placed.order.version), (OrderStatus::Confirmed, 2));
    assert_eq!(placed.order.reference.as_ref().map(|reference| reference.as_str()), Some("web-1"));
    let again = store.order_place(request(), of_lines(&[("A", 1)], Some("web-1"), Confirm::Now)).await;
    assert_eq!(code(again), "reference_taken");
    assert_eq!(level(&store, "A").await, (5, 3));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn one_customer_is_found_by_email_or_reference_however_many_order_at_once(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 100).await;
    let order = |email: Option<&'static str>, reference: Option<&'static str>| {
        let customer = CustomerRequest::new(email, Some("Ada"), reference);
        let order = OrderRequest::new(None, Some(&lines(&[("A", 1)])), None, Some(customer), None, Confirm::Now);
        store.order_place(request(), order.unwrap())
    };
    let placed = join_all((0..20).map(|_| order(Some("Ada@Example.com"), Some("c-1")))).await;
    let mut customers: Vec<_> =
        placed.into_iter().map(|result| answer::<OrderView>(result).order.customer.unwrap().id).collect();
    customers.push(answer::<OrderView>(order(Some("ada@example.com"), None).await).order.customer.unwrap().id);
    customers.push(answer::<OrderView>(order(None, Some("c-1")).await).order.customer.unwrap().id);
    customers.dedup();
    assert_eq!(customers.len(), 1);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_late_payer_is_answered_the_same_before_the_sweep_and_after(pool: PgPool) {
    let store = served(&pool).await;
    for (sku, swept) in [("BEFORE", false), ("AFTER", true)] {
        product(&store, sku, 4).await;
        let id = answer::<OrderView>(store.order_place(request(), of_lines(&[(sku, 4)], None, Confirm::Later)).await);
        let (id, reservation) = (id.order.id, id.order.reservation_id.unwrap());
        age(&pool, reservation, 601).await;
        if swept {
            store.reservation_expire_once(10).await.unwrap();
        }
        let read = store.order_fetch(&OrderRef::Id(id)).await.unwrap();
        assert_eq!((read.order.status, read.order.version, read.expires_at), (OrderStatus::Expired, 2, None), "{sku}");
        assert_eq!(code(proceed(&store, id, to(OrderStatus::Cancelled)).await), "transition_not_allowed", "{sku}");
        let stale = OrderChange::new(Some("confirmed"), Some(1), None, None).unwrap();
        assert_eq!(code(proceed(&store, id, stale).await), "stale_version", "{sku}");
        let paid: OrderView = answer(proceed(&store, id, to(OrderStatus::Confirmed)).await);
        assert!(paid.reacquired, "{sku}");
        assert_eq!((paid.order.status, paid.order.version), (OrderStatus::Confirmed, 3), "{sku}");
        let reservation = store.reservation_fetch(reservation).await.unwrap().reservation;
        assert_eq!(reservation.status, ReservationStatus::Confirmed, "{sku}");
        let told: Vec<String> = store
            .order_journal(&OrderRef::Id(id))
            .await
            .unwrap()
            .iter()
            .map(|entry| entry.action.as_str().to_owned())
            .collect();
        let expected = ["reservation.held", "order.placed", "reservation.expired", "order.expired", "order.confirmed"];
        assert_eq!(told, expected, "{sku}");
        assert_eq!(level(&store, sku).await, (4, 4), "{sku}");
    }
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_pays_late_for_units_that_are_sold_learns_which_are_short(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 4).await;
    let held = hold(&store, &[("A", 4)]).await.reservation;
    let ordered: OrderView = answer(place_of(&store, held.id, Confirm::Later).await);
    age(&pool, held.id, 601).await;
    // Another buyer is let in because the hold is over.
    let other = try_hold(&store, &[("A", 3)]).await;
    assert!(other.is_ok());
    let StoreError::Refused(Problem::HoldExpired { shortages }) =
        proceed(&store, ordered.order.id, to(OrderStatus::Confirmed)).await.unwrap_err()
    else {
        panic!("not refused as expired")
    };
    assert_eq!((shortages[0].requested, shortages[0].available), (4, 1));
    assert_eq!(level(&store, "A").await, (4, 3));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn ordering_an_expired_reservation_holds_its_units_again(pool: PgPool) {
    let store = served(&pool).await;
    for (sku, swept, confirm) in [
        ("A", false, Confirm::Later),
        ("B", true, Confirm::Later),
        ("C", false, Confirm::Now),
        ("D", true, Confirm::Now),
    ] {
        product(&store, sku, 2).await;
        let held = hold(&store, &[(sku, 2)]).await.reservation;
        age(&pool, held.id, 601).await;
        if swept {
            store.reservation_expire_once(10).await.unwrap();
        }
        let placed: OrderView = answer(place_of(&store, held.id, confirm).await);
        assert!(placed.reacquired, "{sku}");
        let status = if confirm == Confirm::Now { OrderStatus::Confirmed } else { OrderStatus::Pending };
        assert_eq!(placed.order.status, status, "{sku}");
        assert_eq!(placed.expires_at.is_some(), confirm == Confirm::Later, "{sku}");
        assert_eq!(level(&store, sku).await, (2, 2), "{sku}");
    }
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_operators_who_press_different_buttons_one_wins_and_one_is_told(pool: PgPool) {
    let store = served(&pool).await;
    for round in 0..20 {
        let sku = format!("S{round}");
        product(&store, &sku, 4).await;
        let id = order_at(&pool, &store, &sku, OrderStatus::Confirmed).await;
        let version = store.order_fetch(&OrderRef::Id(id)).await.unwrap().order.version;
        let press = |status: &str| OrderChange::new(Some(status), Some(version), None, None).unwrap();
        let pressed =
            join_all([proceed(&store, id, press("processing")), proceed(&store, id, press("cancelled"))]).await;
        assert_eq!(pressed.iter().filter(|result| result.is_ok()).count(), 1);
        let loser = pressed.into_iter().find(|result| result.is_err()).unwrap();
        assert_eq!(code(loser), "stale_version");
    }
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_return_is_written_off_where_it_is_not_restocked(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 4).await;
    let id = order_at(&pool, &store, "A", OrderStatus::Delivered).await;
    let returned = OrderChange::new(Some("returned"), None, Some("came back\nbroken"), Some(false)).unwrap();
    let view: OrderView = answer(proceed(&store, id, returned).await);
    assert_eq!(level(&store, "A").await, (0, 0));
    assert_eq!(view.order.notes[0].text.as_str(), "came back\nbroken");
    assert_eq!(view.order.notes[0].actor, Actor::Local);
    assert!(view.allowed_transitions.is_empty());
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_order_and_its_hold_expire_together_in_one_change(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 4).await;
    let id = order_at(&pool, &store, "A", OrderStatus::Expired).await;
    let told = store.order_journal(&OrderRef::Id(id)).await.unwrap();
    let (hold, order) = (&told[told.len() - 2], &told[told.len() - 1]);
    assert_eq!((hold.action.as_str(), order.action.as_str()), ("reservation.expired", "order.expired"));
    assert_eq!((hold.change_id, &hold.actor), (order.change_id, &order.actor));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_order_sent_twice_under_its_key_is_placed_once(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "A", 100).await;
    for round in 0..20 {
        let key = format!("order {round}");
        let order = of_lines(&[("A", 1)], Some(&key), Confirm::Now);
        let twins = join_all([(); 2].map(|()| store.order_place(keyed(&key), order.clone()))).await;
        let bodies: Vec<Vec<u8>> = twins.into_iter().map(|twin| twin.unwrap().rendered.body).collect();
        assert_eq!(bodies[0], bodies[1]);
    }
    assert_eq!(level(&store, "A").await, (100, 20));
    store.close().await;
}
