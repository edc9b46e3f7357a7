//! Random operations by the ten thousand, many at once and on two servers, each answer compared byte for
//! byte with what the pure decision says of a state in memory: `make torture` takes ten million of them.
//!
//! The operations stand in worlds, each with products of its own. Worlds go on side by side, so that their
//! commands meet in lanes and batches; within a world one follows the other, so that it is known what each
//! must come to. Between rounds, when nothing is under way, the sweep ends what is overdue.

mod operation;
mod world;

use std::time::Instant;

use futures::future::join_all;
use sqlx::PgPool;
use store::Store;

use self::world::{Ground, World};
use crate::support::{assert_sound, count, served, warehouse};

/// Worlds that go on side by side.
const WORLDS: usize = 64;
/// Operations of a world in a round.
const ROUND: usize = 25;
/// Rounds of a world; after them another takes its place.
const ROUNDS: usize = 16;
/// Stock, journal and reservations are compared so often in a run.
const PROOFS: usize = 10;

#[sqlx::test(migrations = "../migrations")]
async fn random_operations_do_what_the_decision_says(pool: PgPool) {
    let operations = setting("HOLDFAST_TORTURE_OPERATIONS").unwrap_or(50_000);
    let seed = setting("HOLDFAST_TORTURE_SEED").unwrap_or_else(rand::random);
    eprintln!("torture: {operations} operations with HOLDFAST_TORTURE_SEED={seed}");
    for (code, active) in &world::WAREHOUSES[1..] {
        warehouse(&pool, code, *active).await;
    }
    let ground = Ground { pool: &pool, servers: [served(&pool).await, served(&pool).await], seed };
    let began = Instant::now();
    let (mut done, mut told, mut proven) = (0, Tally::default(), 0);
    let mut made = WORLDS as u64;
    let mut worlds = join_all((0..made).map(|number| World::make(&ground, number))).await;
    while done < operations {
        join_all(worlds.iter_mut().map(|world| world.round(&ground, ROUND))).await;
        sweep(&ground.servers[0]).await;
        worlds.iter_mut().for_each(World::sweep);
        done += (WORLDS * ROUND) as u64;
        for world in worlds.iter_mut().filter(|world| world.rounds == ROUNDS) {
            told.add(world);
            world.compare(&ground).await;
            *world = World::make(&ground, made).await;
            made += 1;
        }
        if done * PROOFS as u64 / operations > proven {
            proven += 1;
            assert_sound(&ground.servers[1]).await;
            let seconds = began.elapsed().as_secs_f64();
            eprintln!("torture: {done} operations in {seconds:.0} s, {:.0} a second", done as f64 / seconds);
        }
    }
    for world in &worlds {
        told.add(world);
        world.compare(&ground).await;
    }
    assert_sound(&ground.servers[0]).await;
    // Each entry has the level that the deltas up to it add up to.
    let astray = "select count(*)
        from (
            select
                on_hand,
                reserved,
                sum(on_hand_delta) over upto as on_hand_summed,
                sum(reserved_delta) over upto as reserved_summed
            from journal
            where warehouse is not null
            window upto as (partition by product_id, warehouse order by version)
        ) as entries
        where on_hand is distinct from on_hand_summed
           or reserved is distinct from reserved_summed";
    assert_eq!(count(&pool, astray).await, 0);
    told.assert_worthwhile(done);
    for server in ground.servers {
        server.close().await;
    }
}

/// Ends all that is overdue.
async fn sweep(store: &Store) {
    loop {
        let swept = store.reservation_expire_once(500).await.unwrap();
        assert_eq!(swept.set_aside, 0);
        if !swept.more {
            return;
        }
    }
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// How much of what came of it all: a run in which everything is refused, or nothing, proves little.
#[derive(Default)]
struct Tally {
    accepted: u64,
    refused: u64,
    overdue: u64,
    twins: u64,
    replays: u64,
}

impl Tally {
    fn add(&mut self, world: &World) {
        self.accepted += world.accepted;
        self.refused += world.refused;
        self.overdue += world.overdue;
        self.twins += world.twins;
        self.replays += world.replays;
    }

    fn assert_worthwhile(&self, operations: u64) {
        let Self { accepted, refused, overdue, twins, replays } = self;
        eprintln!(
            "torture: {accepted} accepted, {refused} refused, {overdue} overdue, {twins} twins, {replays} replays"
        );
        for (count, share) in [(accepted, 3), (refused, 20), (overdue, 200), (twins, 100), (replays, 100)] {
            assert!(*count > operations / share, "{count} of {operations} are fewer than one in {share}");
        }
    }
}
