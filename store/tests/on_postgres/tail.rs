//! The tail of the journal: nothing missed, nothing told twice, whatever order transactions end in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::ids::ProductId;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use store::{Followed, Follower, Following, JournalTail, Store, Visible, VisibleFeed};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::support::{answer, count, hold, new_product, product, request};

const SOON: Duration = Duration::from_secs(20);

/// Runs the tail of a store until it is dropped.
pub(crate) struct Running(JoinHandle<()>);

impl Running {
    pub(crate) fn start(store: &Store) -> Self {
        let mut tail = store.journal_tail().unwrap();
        Self(tokio::spawn(async move {
            loop {
                let _failed = tail.poll_once().await;
                tail.rest().await;
            }
        }))
    }

    /// Ends it, so that the store's tail can be started again.
    pub(crate) async fn stop(mut self) {
        self.0.abort();
        let _aborted = (&mut self.0).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A transaction that has locked something and appended an entry about a new id, and is still open.
async fn writer(pool: &PgPool) -> (Transaction<'static, Postgres>, i64) {
    let mut tx = pool.begin().await.unwrap();
    let id = store::ids::product_id().as_uuid();
    sqlx::query("select 1 from warehouses for share").execute(&mut *tx).await.unwrap();
    let position = append(&mut tx, id).await;
    (tx, position)
}

async fn append(conn: &mut PgConnection, id: Uuid) -> i64 {
    sqlx::query_scalar(
        "insert into journal (shard_key, at, change_id, actor, action, subject_kind, subject_id, product_id)
        values ($1, clock_timestamp(), $1, 'local', 'product.changed', 'product', $1, $1)
        returning position",
    )
    .bind(id)
    .fetch_one(conn)
    .await
    .unwrap()
}

async fn positions(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select position from journal order by position").fetch_all(pool).await.unwrap()
}

/// Takes what is visible until there is nothing for a moment.
async fn visible(feed: &mut VisibleFeed) -> Vec<i64> {
    let mut seen = Vec::new();
    while let Ok(Some(message)) = timeout(Duration::from_millis(50), feed.next()).await {
        match message {
            Visible::Entries(entries) => seen.extend(entries.iter().map(|glimpse| glimpse.position)),
            Visible::Restarted => {}
            Visible::Broken => panic!("broken"),
        }
    }
    seen
}

/// Takes what is final until it has been told up to a position.
async fn told_to(follower: &mut Follower, position: i64) -> Vec<i64> {
    let mut told = Vec::new();
    let all = async {
        while told.last().is_none_or(|last| *last < position) {
            match follower.next().await {
                Following::Entries(entries) => told.extend(entries.iter().map(|told| told.position())),
                Following::Missed { to } => panic!("missed up to {to}"),
                Following::Ended => panic!("ended"),
            }
        }
    };
    timeout(SOON, all).await.unwrap_or_else(|_| panic!("only told so far: {told:?} of {position}"));
    told
}

async fn poll_until(tail: &mut JournalTail, store: &Store, position: i64) {
    let final_to = store.journal_final();
    for _ in 0..2_000 {
        tail.poll_once().await.unwrap();
        if *final_to.borrow() >= Some(position) {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("{position} does not become final");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_commits_late_is_told_once_and_in_its_place(pool: PgPool) {
    let store = Store::new(pool.clone());
    let mut tail = store.journal_tail().unwrap();
    assert!(store.journal_tail().is_none(), "there is one tail");
    poll_until(&mut tail, &store, 0).await;
    let (mut seen, mut follower) =
        (store.journal_visible(), store.journal_follow(Followed::default(), None).await.unwrap());
    assert!(timeout(Duration::from_millis(20), follower.next()).await.is_err(), "there is nothing yet");

    let (early, first) = writer(&pool).await;
    let (never, dropped) = writer(&pool).await;
    let (late, last) = writer(&pool).await;
    late.commit().await.unwrap();
    for _ in 0..5 {
        tail.poll_once().await.unwrap();
    }
    assert_eq!(visible(&mut seen).await, [last], "what is there is visible at once");
    assert!(timeout(Duration::from_millis(100), follower.next()).await.is_err(), "{first} may still come before it");
    never.rollback().await.unwrap();
    early.commit().await.unwrap();
    poll_until(&mut tail, &store, last).await;
    assert_eq!(visible(&mut seen).await, [first], "what comes late is told of, and nothing twice");
    assert_eq!(told_to(&mut follower, last).await, [first, last], "{dropped} never came");
    for _ in 0..5 {
        tail.poll_once().await.unwrap();
    }
    assert_eq!(visible(&mut seen).await, [] as [i64; 0]);
    tail.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_under_way_when_the_tail_begins_is_not_missed(pool: PgPool) {
    let store = Store::new(pool.clone());
    let (early, first) = writer(&pool).await;
    let (late, last) = writer(&pool).await;
    late.commit().await.unwrap();
    let mut tail = store.journal_tail().unwrap();
    let mut seen = store.journal_visible();
    assert!(matches!(seen.next().await, Some(Visible::Broken)), "nothing may be remembered yet");
    for _ in 0..5 {
        tail.poll_once().await.unwrap();
    }
    assert!(timeout(Duration::from_millis(20), seen.next()).await.is_err(), "{first} would not be told of");
    assert_eq!(*store.journal_final().borrow(), None);
    let mut follower = store.journal_follow(Followed::default(), Some(0)).await.unwrap();
    early.commit().await.unwrap();
    poll_until(&mut tail, &store, last).await;
    assert!(matches!(seen.next().await, Some(Visible::Restarted)));
    assert_eq!(told_to(&mut follower, last).await, [first, last]);
    tail.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_follower_goes_on_from_any_position_and_is_told_what_it_asks_for(pool: PgPool) {
    let store = Store::new(pool.clone());
    let mug = product(&store, "MUG", 10).await;
    let cup = product(&store, "CUP", 10).await;
    let reservation = hold(&store, &[("MUG", 1), ("CUP", 1)]).await.reservation.id;
    let _running = Running::start(&store);
    let all = positions(&pool).await;
    assert_eq!(all.len(), 6);
    let of = |products: &[ProductId], subjects: &[Uuid]| Followed {
        products: products.iter().copied().collect(),
        subjects: subjects.iter().copied().collect(),
    };
    let later = all.last().unwrap();
    let cases = [
        (of(&[], &[]), vec![0, 1, 2, 3, 4, 5]),
        (of(&[mug], &[]), vec![0, 1, 4]),
        (of(&[mug, cup], &[]), vec![0, 1, 2, 3, 4, 5]),
        (of(&[], &[reservation.as_uuid()]), vec![4, 5]),
        (of(&[cup], &[reservation.as_uuid()]), vec![5]),
    ];
    // The lines of one reservation are journaled in the order of the products' ids: the mug's is older.
    let mut followers = Vec::new();
    for (followed, expected) in &cases {
        for after in [0, all[0], all[3], all[4]] {
            let expected: Vec<i64> = expected.iter().map(|place| all[*place]).filter(|it| *it > after).collect();
            let mut follower = store.journal_follow(followed.clone(), Some(after)).await.unwrap();
            if let Some(last) = expected.last() {
                assert_eq!(told_to(&mut follower, *last).await, expected, "{followed:?} after {after}");
            }
            followers.push(follower);
        }
    }
    // All of them are told of what comes next, of the mug or not.
    hold(&store, &[("MUG", 2)]).await;
    hold(&store, &[("MUG", 1), ("CUP", 3)]).await;
    let next: Vec<i64> = positions(&pool).await.into_iter().filter(|position| position > later).collect();
    for (place, follower) in followers.iter_mut().enumerate() {
        let expected = match place / 4 {
            0 | 2 => next.clone(),
            1 => vec![next[0], next[1]],
            _ => continue,
        };
        assert_eq!(told_to(follower, *expected.last().unwrap()).await, expected, "{place}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_seen_while_nobody_followed_is_told_in_full_to_who_comes_before_it_is_final(pool: PgPool) {
    let store = Store::new(pool.clone());
    let mut tail = store.journal_tail().unwrap();
    poll_until(&mut tail, &store, 0).await;
    let (early, first) = writer(&pool).await;
    let id = product(&store, "MUG", 10).await;
    for _ in 0..3 {
        tail.poll_once().await.unwrap();
    }
    let mut follower = store.journal_follow(Followed::default(), Some(0)).await.unwrap();
    let listening = tokio::spawn(async move {
        let mut told = Vec::new();
        while told.len() < 3 {
            let Following::Entries(entries) = follower.next().await else { panic!("not told") };
            told.extend(entries);
        }
        told
    });
    sleep(Duration::from_millis(50)).await;
    tail.poll_once().await.unwrap();
    assert!(!listening.is_finished(), "{first} may still come before the others");
    early.commit().await.unwrap();
    poll_until(&mut tail, &store, first + 2).await;
    let told = timeout(SOON, listening).await.unwrap().unwrap();
    assert_eq!(told.iter().map(|told| told.position()).collect::<Vec<_>>(), [first, first + 1, first + 2]);
    let received = &told[2];
    assert_eq!((received.product_id, received.entry.on_hand_delta), (Some(id), 10));
    assert!(received.entry.sku.is_some() && received.entry.after.is_some());
    tail.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_position_that_nobody_told_of_is_answered_with_what_there_is(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 1).await;
    let _running = Running::start(&store);
    let last = *positions(&pool).await.last().unwrap();
    let mut follower = store.journal_follow(Followed::default(), Some(last + 1_000)).await.unwrap();
    let Following::Missed { to } = timeout(SOON, follower.next()).await.unwrap() else { panic!("not told") };
    assert_eq!(to, last);
    let view: domain::product::ProductView = answer(store.product_create(request(), new_product("CUP")).await);
    let Following::Entries(entries) = timeout(SOON, follower.next()).await.unwrap() else { panic!("not told") };
    assert_eq!(entries[0].product_id, Some(view.id));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_follower_that_does_not_read_is_told_that_it_missed_some_and_goes_on(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = product(&store, "MUG", 1).await;
    let mut tail = store.journal_tail().unwrap();
    poll_until(&mut tail, &store, 1).await;
    let followed = Followed { products: BTreeSet::from([id]), ..Followed::default() };
    let mut slow = store.journal_follow(followed, None).await.unwrap();
    // It listens from when it first asked: what came before that it would read from the table.
    assert!(timeout(Duration::from_millis(100), slow.next()).await.is_err());
    let mut conn = pool.acquire().await.unwrap();
    for _ in 0..300 {
        append(&mut conn, id.as_uuid()).await;
    }
    let last = *positions(&pool).await.last().unwrap();
    poll_until(&mut tail, &store, last).await;
    assert_eq!(slow.position(), last - 300, "not all of it was taken");
    let Following::Missed { to } = timeout(SOON, slow.next()).await.unwrap() else { panic!("not told") };
    assert_eq!((to, slow.position()), (last, last));
    let next = append(&mut conn, id.as_uuid()).await;
    poll_until(&mut tail, &store, next).await;
    assert_eq!(told_to(&mut slow, next).await, [next]);
    tail.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn more_than_is_kept_in_memory_is_told_from_the_table(pool: PgPool) {
    let store = Store::new(pool.clone());
    let mut tail = store.journal_tail().unwrap();
    poll_until(&mut tail, &store, 0).await;
    let mut follower = store.journal_follow(Followed::default(), Some(0)).await.unwrap();
    let (early, first) = writer(&pool).await;
    let many = "insert into journal (shard_key, at, change_id, actor, action, subject_kind, subject_id)
        select gen_random_uuid(), clock_timestamp(), gen_random_uuid(), 'local', 'product.changed', 'product',
            gen_random_uuid() from generate_series(1, $1)";
    sqlx::query(many).bind(12_000).execute(&pool).await.unwrap();
    let mut seen = store.journal_visible();
    for _ in 0..20 {
        tail.poll_once().await.unwrap();
    }
    let listening = tokio::spawn(async move { visible(&mut seen).await });
    early.commit().await.unwrap();
    let told = tokio::spawn(async move { told_to(&mut follower, first + 12_000).await });
    poll_until(&mut tail, &store, first + 12_000).await;
    assert_eq!(told.await.unwrap(), (first..=first + 12_000).collect::<Vec<_>>());
    let mut listened = listening.await.unwrap();
    listened.sort_unstable();
    assert_eq!(listened, (first..=first + 12_000).collect::<Vec<_>>());
    tail.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn after_its_connection_was_lost_it_says_so_and_goes_on_where_it_was(pool: PgPool) {
    let store = Store::new(pool.clone());
    let _running = Running::start(&store);
    let mut follower = store.journal_follow(Followed::default(), Some(0)).await.unwrap();
    let mut seen = store.journal_visible();
    product(&store, "A", 1).await;
    assert_eq!(told_to(&mut follower, 2).await, [1, 2]);
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and query like '%pg_snapshot_xmin%'";
    let mut expected = Vec::new();
    for round in 0..5 {
        count(&pool, kill).await;
        product(&store, &format!("B{round}"), 1).await;
        expected = positions(&pool).await;
    }
    assert_eq!(told_to(&mut follower, *expected.last().unwrap()).await, expected[2..]);
    let (mut broken, mut whole) = (0, false);
    while let Ok(Some(message)) = timeout(Duration::from_millis(300), seen.next()).await {
        match message {
            Visible::Broken => (broken, whole) = (broken + 1, false),
            Visible::Restarted => whole = true,
            Visible::Entries(_) => {}
        }
    }
    assert!(broken > 0 && whole, "{broken} times broken, whole in the end: {whole}");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_entry_of_another_version_does_not_stop_the_rest(pool: PgPool) {
    let store = Store::new(pool.clone());
    let _running = Running::start(&store);
    let mut follower = store.journal_follow(Followed::default(), Some(0)).await.unwrap();
    product(&store, "A", 1).await;
    assert_eq!(told_to(&mut follower, 2).await, [1, 2]);
    let strange = "insert into journal (shard_key, at, change_id, actor, action, subject_kind, subject_id)
        values (gen_random_uuid(), now(), gen_random_uuid(), 'local', 'moon.landed', 'moon', gen_random_uuid())";
    sqlx::query(strange).execute(&pool).await.unwrap();
    let Following::Missed { to } = timeout(SOON, follower.next()).await.unwrap() else { panic!("not told") };
    assert_eq!(to, 3);
    product(&store, "B", 0).await;
    assert_eq!(told_to(&mut follower, 4).await, [4]);
    let mut again = store.journal_follow(Followed::default(), Some(0)).await.unwrap();
    assert!(matches!(timeout(SOON, again.next()).await, Ok(Following::Missed { to: 4 })), "it was read from the table");
}

/// Writers that hold their transactions for a while, roll some back, and append several entries; and two
/// servers, one of which is restarted.
#[sqlx::test(migrations = "../migrations")]
async fn whatever_writers_do_each_follower_sees_the_table_in_order_and_once(pool: PgPool) {
    let stores = [Store::new(pool.clone()), Store::new(pool.clone())];
    let running = Running::start(&stores[0]);
    let mut listening = Vec::new();
    for store in &stores {
        let (mut seen, stop) = (store.journal_visible(), store.journal_final());
        listening.push(tokio::spawn(async move {
            let mut times: BTreeMap<i64, u32> = BTreeMap::new();
            while let Ok(Some(message)) = timeout(Duration::from_secs(2), seen.next()).await {
                if let Visible::Entries(entries) = message {
                    entries.iter().for_each(|glimpse| *times.entry(glimpse.position).or_default() += 1);
                }
            }
            drop(stop);
            times
        }));
    }
    let mut second = Running::start(&stores[1]);
    // What is committed before its tail begins is not told to who listens, who would read it after `Restarted`.
    let mut begun = stores[0].journal_final();
    timeout(SOON, begun.wait_for(Option::is_some)).await.unwrap().unwrap();
    let writers = (0..8_u64).map(|number| {
        let pool = pool.clone();
        tokio::spawn(async move {
            for round in 0..25 {
                let mut tx = pool.begin().await.unwrap();
                sqlx::query("select 1 from warehouses for share").execute(&mut *tx).await.unwrap();
                for _ in 0..=rand_below(3) {
                    append(&mut tx, store::ids::product_id().as_uuid()).await;
                    sleep(Duration::from_millis(rand_below(8))).await;
                }
                if number == 0 && round % 8 == 0 {
                    sleep(Duration::from_millis(300)).await;
                }
                if rand_below(5) == 0 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let following: Vec<_> = (0..6)
        .map(|number: usize| {
            let (store, pool) = (stores[0].clone(), pool.clone());
            tokio::spawn(async move {
                let mut follower = store.journal_follow(Followed::default(), Some(0)).await.unwrap();
                let mut told: Vec<i64> = Vec::new();
                loop {
                    match timeout(Duration::from_secs(2), follower.next()).await {
                        Ok(Following::Entries(entries)) => told.extend(entries.iter().map(|told| told.position())),
                        Ok(Following::Missed { .. } | Following::Ended) => panic!("missed"),
                        Err(_) => break,
                    }
                    if number > 0 && told.len().is_multiple_of(number * 7) {
                        // It leaves, and goes on from where it was.
                        let after = told.last().copied();
                        follower = store.journal_follow(Followed::default(), after).await.unwrap();
                    }
                }
                (told, positions(&pool).await)
            })
        })
        .collect();
    sleep(Duration::from_millis(400)).await;
    drop(second);
    sleep(Duration::from_millis(100)).await;
    let restarted = Store::new(pool.clone());
    second = Running::start(&restarted);
    let mut late = restarted.journal_follow(Followed::default(), Some(0)).await.unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    let table = positions(&pool).await;
    assert!(table.len() > 200, "{}", table.len());
    for following in following {
        let (told, table) = following.await.unwrap();
        assert_eq!(told, table);
    }
    assert_eq!(told_to(&mut late, *table.last().unwrap()).await, table);
    let first = listening.remove(0).await.unwrap();
    assert_eq!(first.keys().copied().collect::<Vec<_>>(), table, "none missed");
    assert!(first.values().all(|times| *times == 1), "none twice: {first:?}");
    drop((running, second));
}

fn rand_below(below: u64) -> u64 {
    // The ids of the store are random enough.
    store::ids::product_id().as_uuid().as_u128() as u64 % below
}
