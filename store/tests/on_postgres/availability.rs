//! What is remembered of products: never older than what was seen before, and right once it is quiet.

use std::time::Duration;

use domain::product::{NewProduct, ProductPatch, ProductView};
use domain::quantity::StockDelta;
use domain::stock::StockReason;
use domain::warehouse::WarehouseCode;
use sqlx::PgPool;
use store::{Connections, Store};
use tokio::time::{Instant, sleep, timeout};

use crate::support::{
    answer, by_sku, count, gbp, hold, hold_of, keyed, level, new_product, product, receive, request, served, try_hold,
    warehouse,
};
use crate::tail::Running;

/// Waits until the store's tail misses nothing, so that it remembers what it reads.
async fn remembering(store: &Store) {
    let mut final_to = store.journal_final();
    timeout(Duration::from_secs(20), final_to.wait_for(Option::is_some)).await.unwrap().unwrap();
}

async fn fetch(store: &Store, sku: &str) -> ProductView {
    store.product_fetch(&by_sku(sku)).await.unwrap()
}

async fn rename(store: &Store, sku: &str, name: &str) -> ProductView {
    let patch = ProductPatch::new(Some(name), Some(gbp(1)), None, None).unwrap();
    answer(store.product_change(request(), &by_sku(sku), patch).await)
}

/// Asks until the answer is as it should be; a second is time enough.
async fn soon(store: &Store, sku: &str, is_right: impl Fn(&ProductView) -> bool) {
    let began = Instant::now();
    loop {
        let view = fetch(store, sku).await;
        if is_right(&view) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(1), "still {view:?}");
        sleep(Duration::from_millis(5)).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_remembered_is_answered_without_the_database(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 5).await;
    let _running = Running::start(&store);
    remembering(&store).await;
    let read = fetch(&store, "MUG").await;
    pool.close().await;
    let remembered = fetch(&store, "MUG").await;
    assert_eq!((&remembered.stock, remembered.version), (&read.stock, read.version));
    assert_eq!(store.product_fetch(&domain::product::ProductRef::Id(read.id)).await.unwrap().name, read.name);
    assert!(try_hold(&store, &[("MUG", 1)]).await.is_err(), "a reservation asks the database");
}

#[sqlx::test(migrations = "../migrations")]
async fn as_of_moves_on_while_nothing_happens(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 5).await;
    let _running = Running::start(&store);
    remembering(&store).await;
    let read = fetch(&store, "MUG").await;
    sleep(Duration::from_millis(500)).await;
    let (later, now) = (fetch(&store, "MUG").await, store.clock().await.unwrap());
    assert!(later.as_of.milliseconds_since(read.as_of) > 200, "{} {}", read.as_of, later.as_of);
    assert!(now.milliseconds_since(later.as_of) < 1_000, "{} {now}", later.as_of);
    assert_eq!(later.version, read.version);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_done_here_is_in_the_next_answer(pool: PgPool) {
    let stores = [served(&pool).await, served(&pool).await];
    let _running = stores.each_ref().map(Running::start);
    for store in &stores {
        remembering(store).await;
    }
    let [here, there] = &stores;
    product(here, "MUG", 10).await;
    warehouse(&pool, "NORTH", true).await;
    for (round, store) in [here, there, here, there].into_iter().enumerate() {
        let before = fetch(store, "MUG").await;
        hold(store, &[("MUG", 1)]).await;
        let after = fetch(store, "MUG").await;
        assert!(after.version > before.version && after.as_of >= before.as_of, "{before:?} {after:?}");
        let north = Some(WarehouseCode::new("NORTH").unwrap());
        let (delta, reason) = (StockDelta::new(3).unwrap(), StockReason::Received);
        let received: ProductView = answer(store.stock_adjust(request(), &by_sku("MUG"), north, delta, reason).await);
        let after = fetch(store, "MUG").await;
        assert_eq!((after.version, &after.stock), (received.version, &received.stock));
        assert!(after.as_of >= received.as_of);
        let name = format!("Mug {round}");
        let renamed = rename(store, "MUG", &name).await;
        let after = fetch(store, "MUG").await;
        assert_eq!((after.name.as_str(), after.version), (name.as_str(), renamed.version));
    }
    // The other server's answer under the same key is as good as one's own.
    for round in 0..20 {
        let key = format!("key-{round}");
        here.reservation_hold(keyed::<domain::reservation::ReservationView>(&key), hold_of(&[("MUG", 1)])).await.ok();
        let before = fetch(here, "MUG").await;
        let again = there.reservation_hold(keyed::<domain::reservation::ReservationView>(&key), hold_of(&[("MUG", 1)]));
        if again.await.is_ok() {
            assert!(fetch(there, "MUG").await.version >= before.version);
        }
    }
    for store in &stores {
        store.close().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_done_elsewhere_is_known_within_a_second(pool: PgPool) {
    let (here, there) = (Store::new(pool.clone()), Store::new(pool.clone()));
    product(&here, "MUG", 10).await;
    let _running = [Running::start(&here), Running::start(&there)];
    remembering(&there).await;
    fetch(&there, "MUG").await;
    hold(&here, &[("MUG", 4)]).await;
    soon(&there, "MUG", |view| view.total().reserved == 4).await;
    rename(&here, "MUG", "Cup").await;
    soon(&there, "MUG", |view| view.name.as_str() == "Cup" && view.price == gbp(1)).await;
    let archived = ProductPatch::new(None, None, Some(true), Some(Some(7))).unwrap();
    here.product_change(request(), &by_sku("MUG"), archived).await.unwrap();
    soon(&there, "MUG", |view| view.archived && view.low_stock_threshold == Some(7)).await;
    warehouse(&pool, "ATTIC", true).await;
    let (attic, delta) = (Some(WarehouseCode::new("ATTIC").unwrap()), StockDelta::new(2).unwrap());
    here.stock_adjust(request(), &by_sku("MUG"), attic, delta, StockReason::Received).await.unwrap();
    soon(&there, "MUG", |view| view.stock.first().is_some_and(|stock| stock.warehouse.as_str() == "ATTIC")).await;
    assert_eq!(fetch(&there, "MUG").await.version, fetch(&here, "MUG").await.version);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_happened_while_the_tail_was_cut_off_is_read_again(pool: PgPool) {
    let (here, there) = (Store::new(pool.clone()), Store::new(pool.clone()));
    product(&here, "MUG", 100).await;
    let _running = Running::start(&there);
    remembering(&there).await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and query like '%pg_snapshot_xmin%'";
    for round in 1..=8 {
        fetch(&there, "MUG").await;
        count(&pool, kill).await;
        hold(&here, &[("MUG", 1)]).await;
        rename(&here, "MUG", &format!("Mug {round}")).await;
        soon(&there, "MUG", |view| view.total().reserved == round && view.name.as_str() == format!("Mug {round}"))
            .await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn more_products_than_are_remembered_are_all_answered_rightly(pool: PgPool) {
    let mut connections = Connections::new((*pool.connect_options()).clone());
    connections.products_remembered_max = 5;
    let store = connections.open().await.unwrap();
    let _running = Running::start(&store);
    remembering(&store).await;
    for number in 0..40 {
        product(&store, &format!("S{number}"), 1_000).await;
    }
    for round in 1..=5 {
        for number in 0..40 {
            let sku = format!("S{number}");
            hold(&store, &[(&sku, number + 1)]).await;
            assert_eq!(level(&store, &sku).await, (1_000, round * (number + 1)));
        }
    }
    store.close().await;
}

/// Writers and readers on two servers, whose tails begin anew every now and then; each reads back what it wrote,
/// and none ever sees less than before.
#[sqlx::test(migrations = "../migrations")]
async fn versions_never_go_back_while_writers_race_readers_on_two_servers(pool: PgPool) {
    const SKUS: [&str; 3] = ["HOT", "WARM", "COLD"];
    let stores = [served(&pool).await, served(&pool).await];
    for sku in SKUS {
        let new = NewProduct::new(sku, sku, gbp(100)).unwrap();
        let _: ProductView = answer(stores[0].product_create(request(), new).await);
        receive(&stores[0], sku, 100_000).await;
    }
    let ends_at = Instant::now() + Duration::from_secs(6);
    let (mut tasks, mut tails) = (Vec::new(), Vec::new());
    for (place, store) in stores.iter().enumerate() {
        let tail_of = store.clone();
        tails.push(tokio::spawn(async move {
            let mut running = Running::start(&tail_of);
            while Instant::now() < ends_at {
                sleep(Duration::from_millis(290)).await;
                running.stop().await;
                running = Running::start(&tail_of);
            }
            running
        }));
        for writer in 0..4 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let mut writes = 0;
                while Instant::now() < ends_at {
                    let sku = SKUS[if writes % 4 == 3 { writes / 4 % 3 } else { 0 }];
                    let written = match (writer, writes % 7) {
                        (0, 0) => rename(&store, sku, &format!("{sku} {place} {writes}")).await.version,
                        (1, 1) => {
                            hold(&store, &[("HOT", 1), ("WARM", 1), ("COLD", 1)]).await;
                            0
                        }
                        _ => receive(&store, sku, 1).await.version,
                    };
                    let read = fetch(&store, sku).await;
                    assert!(read.version >= written, "{place}: wrote {written}, read {}", read.version);
                    writes += 1;
                    if writer > 1 {
                        sleep(Duration::from_millis(7)).await;
                    }
                }
                writes
            }));
        }
        for _ in 0..3 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let mut seen = [(0, domain::time::Timestamp::from_unix_milliseconds(0).unwrap(), 0); 3];
                let mut reads = 0;
                while Instant::now() < ends_at {
                    let which = reads % 3;
                    let view = fetch(&store, SKUS[which]).await;
                    let now = (view.version, view.as_of, view.total().on_hand);
                    let before = std::mem::replace(&mut seen[which], now);
                    assert!(
                        now >= before && now.1 >= before.1 && now.2 >= before.2,
                        "{place}: {before:?} then {now:?}"
                    );
                    reads += 1;
                    if reads % 64 == 0 {
                        sleep(Duration::from_millis(1)).await;
                    }
                }
                reads
            }));
        }
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    assert!(done > 1_000, "only {done}");
    let mut running = Vec::new();
    for tail in tails {
        running.push(tail.await.unwrap());
    }
    sleep(Duration::from_secs(1)).await;
    let table = Store::new(pool.clone());
    for sku in SKUS {
        let expected = fetch(&table, sku).await;
        for store in &stores {
            let view = fetch(store, sku).await;
            assert_eq!((view.version, &view.stock, &view.name), (expected.version, &expected.stock, &expected.name));
        }
    }
    for store in &stores {
        store.close().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_product_that_is_not_there_is_looked_for_again(pool: PgPool) {
    let store = Store::new(pool.clone());
    let _running = Running::start(&store);
    remembering(&store).await;
    assert!(store.product_fetch(&by_sku("NEW")).await.is_err());
    let _: ProductView = answer(store.product_create(request(), new_product("NEW")).await);
    assert_eq!(fetch(&store, "NEW").await.version, 1);
}
