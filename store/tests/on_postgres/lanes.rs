//! What comes through the lanes: fair, bounded, each with an outcome of its own, and exactly once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::reservation::ReservationView;
use futures::future::{join, join_all};
use sqlx::{PgPool, Postgres, Transaction};
use store::{Answered, Connections, Fingerprint, Request, Store, StoreError};

use crate::cut::Cutter;
use crate::support::{
    answer, assert_sound, code, count, hold, hold_of, keyed, level, product, request, somebody_waits, told, try_hold,
};

/// One lane, so that all commands meet in it.
async fn one_lane(pool: &PgPool) -> Store {
    lanes(Connections::new((*pool.connect_options()).clone())).await
}

async fn lanes(connections: Connections) -> Store {
    Connections { lanes: 1, ..connections }.open().await.unwrap()
}

/// Holds the lock of a product's stock, so that what is sent meanwhile gathers in the lane.
async fn blocked<'a>(pool: &PgPool, sku: &str) -> Transaction<'a, Postgres> {
    let mut tx = pool.begin().await.unwrap();
    let lock = "select from stock where product_id = (select id from products where sku = $1) for update";
    sqlx::query(lock).bind(sku).execute(&mut *tx).await.unwrap();
    tx
}

/// Sends one hold that waits for the lock, then the others, which gather behind it in one batch; then lets
/// go of the lock.
async fn in_one_batch<T>(pool: &PgPool, store: &Store, sku: &str, others: impl Future<Output = T>) -> T {
    let blocker = blocked(pool, sku).await;
    let line = [(sku, 1)];
    let first = try_hold(store, &line);
    let rest = async {
        somebody_waits(pool).await;
        let release = async {
            gathered(store, 1).await;
            // The last of them are on their way.
            tokio::time::sleep(Duration::from_millis(50)).await;
            blocker.rollback().await.unwrap();
        };
        join(others, release).await.0
    };
    let (first, rest) = join(first, rest).await;
    first.unwrap();
    rest
}

async fn gathered(store: &Store, commands: usize) {
    for _ in 0..20_000 {
        if store.load().lanes_waiting.iter().sum::<usize>() >= commands {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{commands} commands have not gathered: {:?} wait", store.load().lanes_waiting);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_product_that_everybody_wants_starves_no_other(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "HOT", 10_000).await;
    product(&store, "COLD", 10).await;
    // From now on what they are called is remembered, and they are in the lane at once.
    hold(&store, &[("HOT", 1)]).await;
    hold(&store, &[("COLD", 1)]).await;
    let blocker = blocked(&pool, "HOT").await;
    let answered = AtomicUsize::new(0);
    let hot = join_all((0..1_500).map(async |_| {
        try_hold(&store, &[("HOT", 1)]).await.unwrap();
        answered.fetch_add(1, Ordering::SeqCst);
    }));
    let cold = async {
        gathered(&store, 1_000).await;
        join(hold(&store, &[("COLD", 1)]), blocker.rollback()).await.1.unwrap();
        answered.load(Ordering::SeqCst)
    };
    let (_, overtaken) = join(hot, cold).await;
    // At most the batch that was under way, and its own.
    assert!(overtaken <= 512, "{overtaken} others came first");
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_full_lane_says_so_at_once_and_leaves_room_for_others(pool: PgPool) {
    let connections = Connections::new((*pool.connect_options()).clone());
    let store = lanes(Connections { lane_waiting_max: 20, ..connections }).await;
    product(&store, "HOT", 100).await;
    product(&store, "COLD", 100).await;
    let blocker = blocked(&pool, "HOT").await;
    let first = try_hold(&store, &[("HOT", 1)]);
    let crowd = async {
        somebody_waits(&pool).await;
        let began = Instant::now();
        let busy = AtomicUsize::new(0);
        let hot = join_all((0..50).map(async |_| {
            let held = try_hold(&store, &[("HOT", 1)]).await;
            if held.is_err() {
                assert_eq!(code(held), "busy");
                assert!(began.elapsed() < Duration::from_secs(5), "it is told at once");
                busy.fetch_add(1, Ordering::SeqCst);
            }
        }));
        let cold = async {
            gathered(&store, 10).await;
            let cold = try_hold(&store, &[("COLD", 1)]);
            let release = async {
                gathered(&store, 11).await;
                assert_eq!(busy.load(Ordering::SeqCst), 40, "one product fills half of the lane");
                blocker.rollback().await.unwrap();
            };
            join(cold, release).await.0.unwrap();
        };
        join(hot, cold).await;
    };
    let (first, ()) = join(first, crowd).await;
    first.unwrap();
    assert_eq!((level(&store, "HOT").await, level(&store, "COLD").await), ((100, 11), (100, 1)));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn twins_in_one_batch_share_one_decision(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100).await;
    let twins = join_all((0..10).map(|_| store.reservation_hold(keyed("twins"), hold_of(&[("MUG", 2)]))));
    let answers: Vec<Answered> =
        in_one_batch(&pool, &store, "MUG", twins).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.rendered == answers[0].rendered));
    assert_eq!(level(&store, "MUG").await, (100, 3));
    assert_eq!(count(&pool, "select count(*) from idempotency_keys where key = 'twins'").await, 1);

    let too_many = || store.reservation_hold(keyed("refused"), hold_of(&[("MUG", 1_000)]));
    let twins = in_one_batch(&pool, &store, "MUG", join_all((0..5).map(|_| too_many()))).await;
    assert!(twins.into_iter().all(|twin| code(twin) == "insufficient_stock"));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn another_request_under_the_same_key_in_one_batch_is_refused(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100).await;
    let under = |mark: u8, units: i64| {
        let request = Request::<ReservationView> { fingerprint: Fingerprint([mark; 32]), ..keyed("k") };
        store.reservation_hold(request, hold_of(&[("MUG", units)]))
    };
    let both = in_one_batch(&pool, &store, "MUG", join(under(1, 2), under(2, 3))).await;
    let mut both = [told(both.0), told(both.1)];
    both.sort_unstable();
    assert_eq!(both, ["accepted", "idempotency_mismatch"]);
    assert_eq!(count(&pool, "select count(*) from idempotency_keys where key = 'k'").await, 1);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_that_come_again_in_a_batch_are_answered_as_before(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100).await;
    let under = |key: &str| store.reservation_hold(keyed(key), hold_of(&[("MUG", 1)]));
    let before = under("old").await.unwrap();
    // On a server that has not seen them: one new, one that is used, in a batch with others.
    let other = one_lane(&pool).await;
    let elsewhere = |key: &str| other.reservation_hold(keyed(key), hold_of(&[("MUG", 1)]));
    let batch = join_all(["a", "old", "b"].map(elsewhere));
    let answers = in_one_batch(&pool, &other, "MUG", batch).await;
    let replayed: Vec<bool> = answers.iter().map(|answer| answer.as_ref().unwrap().replayed).collect();
    assert_eq!(replayed, [false, true, false]);
    assert_eq!(answers[1].as_ref().unwrap().rendered, before.rendered);
    assert_eq!(level(&store, "MUG").await, (100, 4));

    // What would be refused now was answered before, too.
    hold(&store, &[("MUG", 96)]).await;
    let third = one_lane(&pool).await;
    let again = third.reservation_hold(keyed("old"), hold_of(&[("MUG", 1)])).await.unwrap();
    assert!(again.replayed && again.rendered == before.rendered);
    assert_sound(&store).await;
    for store in [store, other, third] {
        store.close().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_broken_neighbour_harms_nobody(pool: PgPool) {
    let spoils = [
        // There is nothing that it holds.
        "delete from reservation_lines where reservation_id = $1",
        // The domain does not read it.
        "update reservations set owner = ' padded ' where id = $1",
        // More than is reserved.
        "update reservation_lines set quantity = 1000 where reservation_id = $1",
    ];
    let store = one_lane(&pool).await;
    product(&store, "MUG", 1_000).await;
    for spoil in spoils {
        let before = level(&store, "MUG").await.1;
        let spoilt = hold(&store, &[("MUG", 1)]).await.reservation.id;
        assert_eq!(sqlx::query(spoil).bind(spoilt.as_uuid()).execute(&pool).await.unwrap().rows_affected(), 1);
        let holds = join_all((0..30).map(|_| try_hold(&store, &[("MUG", 1)])));
        let batch = join(holds, store.reservation_release(request(), spoilt));
        let (holds, released) = in_one_batch(&pool, &store, "MUG", batch).await;
        assert!(holds.into_iter().all(|held| told(held) == "accepted"), "{spoil}");
        let problem = released.unwrap_err().problem();
        assert_eq!(problem.code(), "internal", "{spoil}");
        assert_eq!(level(&store, "MUG").await.1, before + 32, "{spoil}");
    }
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_row_that_stays_locked_keeps_nobody_else_waiting_for_long(pool: PgPool) {
    let store = one_lane(&pool).await;
    for sku in ["STUCK", "A", "B"] {
        product(&store, sku, 100).await;
    }
    let held = hold(&store, &[("A", 1)]).await.reservation.id;
    let blocker = blocked(&pool, "STUCK").await;
    let began = Instant::now();
    let sku = |number: usize| ["STUCK", "A", "B"][number % 3];
    let batch = (0..30).map(async |number| try_hold(&store, &[(sku(number), 1)]).await);
    // Behind one that goes alone, the others wait together.
    let (first, others, release) =
        tokio::join!(try_hold(&store, &[("A", 1)]), join_all(batch), store.reservation_release(request(), held));
    first.unwrap();
    release.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    for (number, other) in others.into_iter().enumerate() {
        let expected = if sku(number) == "STUCK" { "busy" } else { "accepted" };
        // One that happened to wait alone ran into the time limit itself, and is told the same.
        let told = other.map_or_else(|error| error.problem().code(), |_| "accepted");
        assert_eq!(told, expected, "{}", sku(number));
    }
    blocker.rollback().await.unwrap();
    assert_eq!(level(&store, "STUCK").await, (100, 0));
    hold(&store, &[("STUCK", 1)]).await;
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_commit_whose_answer_is_lost_happens_once(pool: PgPool) {
    let cutter = Cutter::start(&pool).await;
    let store = lanes(Connections::new(cutter.options(&pool))).await;
    product(&store, "MUG", 1_000).await;
    for round in 0..5 {
        cutter.cut(1);
        let keyless = join_all((0..10).map(|_| try_hold(&store, &[("MUG", 1)])));
        let keys: Vec<String> = (0..10).map(|number| format!("{round}-{number}")).collect();
        let under = keys.iter().map(|key| store.reservation_hold(keyed(key), hold_of(&[("MUG", 1)])));
        let (keyless, under) = join(keyless, join_all(under)).await;
        assert!(keyless.into_iter().chain(under).all(|held| told(held) == "accepted"));
        assert_eq!(cutter.done(), round + 1);
        let held = 20 * (round as i64 + 1);
        assert_eq!(level(&store, "MUG").await, (1_000, held), "each happened once");
        assert_eq!(count(&pool, "select count(*) from reservations").await, held);
    }
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_can_not_be_known_is_called_unknown_and_its_key_finds_it(pool: PgPool) {
    let cutter = Cutter::start(&pool).await;
    let store = lanes(Connections::new(cutter.options(&pool))).await;
    product(&store, "MUG", 10).await;
    // The database is not there any more when it is asked again.
    cutter.cut_for_good();
    let held = store.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await;
    let told = held.unwrap_err().problem().code();
    assert_eq!(told, "outcome_unknown");
    let elsewhere = one_lane(&pool).await;
    let again = elsewhere.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await.unwrap();
    assert!(again.replayed);
    assert_eq!(level(&elsewhere, "MUG").await, (10, 1));
    assert_sound(&elsewhere).await;
    elsewhere.close().await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn killed_connections_lose_nothing_and_do_nothing_twice(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100_000).await;
    let done = AtomicUsize::new(0);
    let buyers = (0..40).map(async |buyer| {
        for number in 0..15 {
            let key = format!("{buyer}-{number}");
            // Whoever is told that it is busy or unknown asks again.
            while let Err(error) = store.reservation_hold(keyed(&key), hold_of(&[("MUG", 1)])).await {
                let code = error.problem().code();
                assert!(["busy", "outcome_unknown"].contains(&code), "{code}");
            }
            done.fetch_add(1, Ordering::SeqCst);
        }
    });
    let killer = async {
        let mut kills = 0;
        while done.load(Ordering::SeqCst) < 600 {
            let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and application_name = 'holdfast'
                    and state <> 'idle'";
            kills += count(&pool, kill).await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        kills
    };
    let (_, kills) = join(join_all(buyers), killer).await;
    assert!(kills > 0, "nothing was killed");
    assert_eq!(level(&store, "MUG").await, (100_000, 600));
    assert_eq!(count(&pool, "select count(*) from reservations").await, 600);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_transaction_begun_ahead_may_be_lost(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100).await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and application_name = 'holdfast' and state = 'idle in transaction'";
    let mut killed = 0;
    while killed < 3 {
        let id = hold(&store, &[("MUG", 1)]).await.reservation.id;
        // What takes the long way leaves a transaction begun behind.
        store.reservation_release(request(), id).await.unwrap();
        killed += count(&pool, kill).await;
    }
    assert_eq!(level(&store, "MUG").await, (100, 0));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lane_that_nobody_wants_has_no_transaction_open(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100).await;
    let open = "select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'holdfast' and state = 'idle in transaction'";
    let mut seen = false;
    for _ in 0..20 {
        // What takes the long way leaves one open for a moment.
        let id = hold(&store, &[("MUG", 1)]).await.reservation.id;
        store.reservation_release(request(), id).await.unwrap();
        seen |= count(&pool, open).await > 0;
    }
    assert!(seen, "no transaction was begun ahead");
    let begun = Instant::now();
    while count(&pool, open).await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "a transaction stays open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    hold(&store, &[("MUG", 1)]).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_store_that_closes_does_what_waits_and_takes_nothing_more(pool: PgPool) {
    let store = one_lane(&pool).await;
    let reader = Store::new(pool.clone());
    product(&store, "MUG", 100).await;
    let blocker = blocked(&pool, "MUG").await;
    let first = try_hold(&store, &[("MUG", 1)]);
    let holds = async {
        somebody_waits(&pool).await;
        join_all((0..19).map(|_| try_hold(&store, &[("MUG", 1)]))).await
    };
    let closing = async {
        gathered(&store, 19).await;
        let close = store.close();
        let late = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let late = try_hold(&store, &[("MUG", 1)]).await;
            blocker.rollback().await.unwrap();
            late
        };
        join(close, late).await.1
    };
    let (first, (holds, late)) = join(first, join(holds, closing)).await;
    assert!(holds.into_iter().chain([first]).all(|held| told(held) == "accepted"));
    assert_eq!(code(late), "busy");
    assert_eq!(level(&reader, "MUG").await, (100, 20));
    assert_sound(&reader).await;
    reader.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_store_that_is_dropped_ends_its_lanes(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100).await;
    hold(&store, &[("MUG", 1)]).await;
    let sessions = "select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'holdfast'";
    assert!(count(&pool, sessions).await > 0);
    drop(store);
    for _ in 0..400 {
        if count(&pool, sessions).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} sessions are still there", count(&pool, sessions).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn two_servers_sell_what_there_is_and_no_more(pool: PgPool) {
    let servers = [crate::support::served(&pool).await, crate::support::served(&pool).await];
    for sku in ["A", "B"] {
        product(&servers[0], sku, 300).await;
    }
    let baskets = [[("A", 1), ("B", 1)], [("B", 1), ("A", 1)]];
    let buyers = (0..800).map(|number| try_hold(&servers[number % 2], &baskets[number / 2 % 2]));
    let told: Vec<&str> = join_all(buyers).await.into_iter().map(told).collect();
    assert_eq!(told.iter().filter(|told| **told == "accepted").count(), 300);
    assert_eq!(told.iter().filter(|told| **told == "insufficient_stock").count(), 500);
    assert_sound(&servers[0]).await;
    for server in servers {
        assert_eq!(level(&server, "A").await, (300, 300));
        server.close().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refusal_writes_nothing(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 5).await;
    let held = hold(&store, &[("MUG", 5)]).await.reservation.id;
    store.reservation_release(request(), held).await.unwrap();
    hold(&store, &[("MUG", 5)]).await;
    let rows = async || {
        let rows = "select jsonb_build_object(
            'stock', (select jsonb_agg(jsonb_build_array(stock.xmin::text, stock.*)) from stock),
            'reservations', (select jsonb_agg(jsonb_build_array(xmin::text, id, status) order by id) from reservations),
            'lines', (select count(*) from reservation_lines),
            'journal', (select count(*) from journal),
            'position', (select last_value from journal_position_seq),
            'keys', (select count(*) from idempotency_keys),
            'orders', (select count(*) from orders))";
        sqlx::query_scalar::<_, serde_json::Value>(rows).fetch_one(&pool).await.unwrap()
    };
    let before = rows().await;
    let refusals: Vec<Result<Answered, StoreError>> = vec![
        try_hold(&store, &[("MUG", 1)]).await,
        store.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await,
        store.reservation_release(request(), held).await,
        store.reservation_extend(request(), held, crate::support::ttl(60)).await,
        store.reservation_change(request(), held, crate::support::change_to(&[("MUG", 1)])).await,
        crate::support::adjust(&store, "MUG", -1, domain::stock::StockReason::Adjusted).await,
    ];
    let codes: Vec<&str> = refusals.into_iter().map(code).collect();
    let short = "insufficient_stock";
    assert_eq!(codes, [short, short, "not_held", "not_held", "not_held", "below_reserved"]);
    let crowd = join_all((0..50).map(|_| try_hold(&store, &[("MUG", 1)]))).await;
    assert!(crowd.into_iter().all(|held| code(held) == short));
    assert_eq!(rows().await, before);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_product_that_is_not_what_it_was_called_is_looked_up_again(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "A", 10).await;
    product(&store, "B", 10).await;
    hold(&store, &[("A", 1)]).await;
    hold(&store, &[("B", 1)]).await;
    // Nothing in Holdfast does this; somebody with a console can.
    for (from, to) in [("A", "X"), ("B", "A"), ("X", "B")] {
        let swap = sqlx::query("update products set sku = $2 where sku = $1");
        swap.bind(from).bind(to).execute(&pool).await.unwrap();
    }
    let held = hold(&store, &[("A", 5)]).await.reservation;
    assert_eq!(held.lines[0].sku.as_str(), "A");
    assert_eq!((level(&store, "A").await, level(&store, "B").await), ((10, 6), (10, 1)));
    let gone: Result<Answered, StoreError> = {
        sqlx::query("update products set sku = 'Z' where sku = 'B'").execute(&pool).await.unwrap();
        try_hold(&store, &[("B", 1)]).await
    };
    assert_eq!(code(gone), "unknown_sku");
    let id = answer::<ReservationView>(try_hold(&store, &[("A", 1)]).await).reservation.lines[0].product_id;
    let by_id = |id: &str| {
        let line = domain::reservation::LineInput {
            product_id: Some(id.to_owned()),
            quantity: Some(1),
            ..domain::reservation::LineInput::default()
        };
        let hold = domain::reservation::HoldRequest::new(&[line], None, None, None).unwrap();
        store.reservation_hold(request(), hold)
    };
    by_id(&id.to_string()).await.unwrap();
    assert_eq!(code(by_id(&store::ids::product_id().to_string()).await), "unknown_sku");
    // What has the form of an id can be a SKU.
    let sku = store::ids::product_id().to_string();
    product(&store, &sku, 1).await;
    by_id(&sku).await.unwrap();
    assert_sound(&store).await;
    store.close().await;
}
