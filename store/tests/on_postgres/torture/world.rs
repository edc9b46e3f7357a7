//! A few products with all that is done to them: in the tables, and in a state in memory that `decide` is
//! run on. Nothing else touches them, so both must always agree.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::decide::{Answer, Command, CommandKind, Decision, Refusal, State, decide};
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::order::{OrderRef, OrderStatus, OrderView};
use domain::problem::Problem;
use domain::product::ProductView;
use domain::reservation::{Reservation, ReservationStatus, ReservationView};
use domain::stock::{StockKey, StockLevel, StockRow};
use domain::text::Name;
use domain::time::Timestamp;
use domain::warehouse::{Warehouse, WarehouseCode};
use futures::future::join;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::PgPool;
use store::{Answered, Rendered, Store, StoreError};

use super::operation::{Made, Operation, Targets};
use crate::support::{age, by_sku, found_in, product, rendered};

/// Their codes, in the order of their priority, and whether they are active.
pub(crate) const WAREHOUSES: [(&str, bool); 3] = [("MAIN", true), ("NORTH", true), ("SHUT", false)];
const PRODUCTS: usize = 3;
/// Operations are about the newest so many reservations and orders.
const TARGETS: usize = 8;
/// How many operations are told of where one goes wrong.
const HISTORY: usize = 8;
/// How far a life is set back.
const AGED_SECONDS: i64 = 7_200;

/// Where all worlds stand.
pub(crate) struct Ground<'a> {
    pub(crate) pool: &'a PgPool,
    pub(crate) servers: [Store; 2],
    pub(crate) seed: u64,
}

pub(crate) struct Product {
    pub(crate) id: ProductId,
    pub(crate) sku: String,
}

pub(crate) struct World {
    name: String,
    rng: StdRng,
    products: Vec<Product>,
    state: State,
    reservations: Vec<ReservationId>,
    orders: Vec<OrderId>,
    /// The last request that changed something: its key, and what was answered.
    kept: Option<(String, Operation, Rendered)>,
    operations: u64,
    /// The last operations, for whoever has to find out what went wrong.
    history: VecDeque<Operation>,
    pub(crate) rounds: usize,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Holds that were overdue and had to make room.
    pub(crate) overdue: u64,
    pub(crate) twins: u64,
    pub(crate) replays: u64,
}

impl World {
    pub(crate) async fn make(ground: &Ground<'_>, number: u64) -> Self {
        let store = &ground.servers[0];
        let mut products = Vec::new();
        for which in 0..PRODUCTS {
            let sku = format!("W{number}-{which}");
            products.push(Product { id: product(store, &sku, 0).await, sku });
        }
        let warehouses = (1..).zip(WAREHOUSES).map(|(priority, (code, active))| Warehouse {
            code: code_of(code),
            name: Name::new(code).unwrap(),
            // The first is there from the beginning; support::warehouse makes all others alike.
            priority: if priority == 1 { 1 } else { 2 },
            active,
        });
        let mut state = State {
            now: Timestamp::from_unix_milliseconds(0).unwrap(),
            warehouses: warehouses.collect(),
            products: BTreeMap::new(),
            stock: BTreeMap::new(),
            reservations: BTreeMap::new(),
            orders: BTreeMap::new(),
            customers: Vec::new(),
            references_taken: BTreeSet::new(),
        };
        for product in &products {
            for (code, _) in WAREHOUSES {
                state.now = found_in(store, &product.sku, code, 10).await.as_of;
                let row = StockRow { level: StockLevel { on_hand: 10, reserved: 0 }, version: 1 };
                state.stock.insert(StockKey { product_id: product.id, warehouse: code_of(code) }, row);
            }
            state.products.insert(product.id, plain(&store.product_fetch(&by_sku(&product.sku)).await.unwrap()));
        }
        Self {
            name: format!("world {number} of seed {}", ground.seed),
            rng: StdRng::seed_from_u64(ground.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            products,
            state,
            reservations: Vec::new(),
            orders: Vec::new(),
            kept: None,
            operations: 0,
            history: VecDeque::new(),
            rounds: 0,
            accepted: 0,
            refused: 0,
            overdue: 0,
            twins: 0,
            replays: 0,
        }
    }

    pub(crate) async fn round(&mut self, ground: &Ground<'_>, operations: usize) {
        self.rounds += 1;
        for _ in 0..operations {
            self.operations += 1;
            let store = &ground.servers[self.rng.random_range(0..2)];
            if self.rng.random_bool(0.03) && self.kept.is_some() {
                self.repeat(store).await;
                continue;
            }
            let operation = self.draw();
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(operation.clone());
            match operation {
                Operation::Age(id) => self.age(ground.pool, id).await,
                _ if self.rng.random_bool(0.05) => self.twins(&ground.servers, operation).await,
                _ => {
                    let key = self.rng.random_bool(0.5).then(|| self.key());
                    let told = operation.send(store, key.as_deref(), &self.products).await;
                    let changed = self.agree(&operation, &told);
                    if let (Some(key), Ok(answered), true) = (key, told, changed) {
                        self.kept = Some((key, operation, answered.rendered));
                    }
                }
            }
        }
    }

    /// What is overdue was ended: now it is here, too.
    pub(crate) fn sweep(&mut self) {
        let now = self.state.now;
        self.expire(|_| true, now);
    }

    /// The tables say what the state says.
    pub(crate) async fn compare(&self, ground: &Ground<'_>) {
        let store = &ground.servers[1];
        for product in &self.products {
            let view = store.product_fetch(&by_sku(&product.sku)).await.unwrap();
            let expected = self.state.product_view(product.id).unwrap();
            let expected = ProductView { as_of: view.as_of, ..expected };
            assert_eq!(view, expected, "{}", self.name);
        }
        for id in self.reservations.iter().rev().take(16) {
            let view = store.reservation_fetch(*id).await.unwrap();
            let expected = self.state.reservations[id].clone().view(view.server_time);
            assert_eq!(view, expected, "{}", self.name);
        }
        for id in self.orders.iter().rev().take(8) {
            let view = store.order_fetch(&OrderRef::Id(*id)).await.unwrap();
            let mut order = self.state.orders[id].clone();
            if order.status == OrderStatus::Expired {
                // When it was swept is known there alone.
                order.updated_at = view.order.updated_at;
            }
            let deadline = order.reservation_id.and_then(|id| Some(self.state.reservations.get(&id)?.expires_at));
            assert_eq!(view, order.view(deadline, view.server_time), "{}", self.name);
        }
    }

    fn draw(&mut self) -> Operation {
        let newest = |length: usize| length.saturating_sub(TARGETS);
        // Mostly what something can be done to.
        let held = |id: &&ReservationId| {
            let reservation = &self.state.reservations[*id];
            reservation.order_id.is_none() && reservation.status_at(self.state.now) == ReservationStatus::Held
        };
        let mut reservations = self.reservations[newest(self.reservations.len())..].to_vec();
        if self.rng.random_bool(0.7) {
            let all = std::mem::take(&mut reservations);
            reservations = self.reservations.iter().rev().filter(held).take(TARGETS).copied().collect();
            if reservations.is_empty() {
                reservations = all;
            }
        }
        let archived: Vec<bool> = self.products.iter().map(|each| self.state.products[&each.id].archived).collect();
        let targets = Targets {
            products: &self.products,
            archived: &archived,
            reservations: &reservations,
            orders: &self.orders[newest(self.orders.len())..],
            state: &self.state,
        };
        Operation::draw(&mut self.rng, &targets)
    }

    fn key(&self) -> String {
        format!("{} operation {}", self.name, self.operations)
    }

    /// The same request again under its key: the same answer, and nothing more happens.
    async fn repeat(&mut self, store: &Store) {
        let (key, operation, before) = self.kept.as_ref().unwrap();
        let again = operation.send(store, Some(key), &self.products).await.unwrap();
        assert!(again.replayed, "{}", self.said(operation));
        assert_eq!(again.rendered, *before, "{}", self.said(operation));
        self.replays += 1;
    }

    /// The same request twice at once, on both servers: one effect, and the same answer.
    async fn twins(&mut self, servers: &[Store; 2], operation: Operation) {
        let key = self.key();
        let send = |store| operation.send(store, Some(&key), &self.products);
        let (one, two) = join(send(&servers[0]), send(&servers[1])).await;
        let changed = self.agree(&operation, &one);
        if changed {
            let (one, two) = (one.unwrap(), two.unwrap());
            assert!(one.replayed != two.replayed, "{}", self.said(&operation));
            assert_eq!(one.rendered, two.rendered, "{}", self.said(&operation));
            self.kept = Some((key, operation, one.rendered));
        } else {
            // Nothing was kept: each was decided for itself.
            self.agree(&operation, &two);
        }
        self.twins += 1;
    }

    async fn age(&mut self, pool: &PgPool, id: ReservationId) {
        let Some(reservation) = self.state.reservations.get_mut(&id) else { return };
        reservation.created_at = reservation.created_at.plus_seconds(-AGED_SECONDS);
        reservation.expires_at = reservation.expires_at.plus_seconds(-AGED_SECONDS);
        age(pool, id, AGED_SECONDS as i32).await;
    }

    /// Decides the operation here, and compares what came of it. Whether it changed anything.
    fn agree(&mut self, operation: &Operation, told: &Result<Answered, StoreError>) -> bool {
        let answered = told.as_ref().ok().map(|answered| Told::read(operation, answered));
        if let Some(answered) = &answered {
            self.state.now = answered.now();
        }
        if let Operation::Archive(which, patch) = operation {
            let id = self.products[*which].id;
            let after = patch.apply(&self.state.products[&id]);
            self.state.products.insert(id, after);
            let expected = rendered(&self.state.product_view(id).unwrap());
            assert_eq!(told.as_ref().unwrap().rendered, expected, "{}", self.said(operation));
            return true;
        }
        let made = answered.as_ref().map_or_else(Made::nothing, Told::made);
        let kind = operation.command(&made, &self.products).unwrap();
        match (self.decide(&kind), told) {
            (Ok(decision), Ok(answered)) => {
                let expected = match &decision.answer {
                    Answer::Reservation(view) => rendered(view),
                    Answer::Product(view) => rendered(view),
                    Answer::Order(view) => rendered(view),
                    Answer::Transfer(view) => rendered(view),
                };
                assert_eq!(text(&answered.rendered), text(&expected), "{}", self.said(operation));
                self.accepted += 1;
                match kind {
                    CommandKind::Hold { id, .. } => self.reservations.push(id),
                    CommandKind::Place(placing) => {
                        self.orders.push(placing.id);
                        self.reservations.extend(self.state.orders[&placing.id].reservation_id);
                        self.reservations.sort_unstable();
                        self.reservations.dedup();
                    }
                    _ => {}
                }
                !decision.drafts.is_empty()
            }
            (Err(Refusal::Problem(expected)), Err(StoreError::Refused(problem))) => {
                assert_eq!(*problem, expected, "{}", self.said(operation));
                self.refused += 1;
                false
            }
            (expected, told) => panic!("{}: {told:?}, where {expected:?} was right", self.said(operation)),
        }
    }

    /// As the store does it: as long as a command falls short of products on which overdue holds lie, those
    /// end first.
    fn decide(&mut self, kind: &CommandKind) -> Result<Decision, Refusal> {
        loop {
            let decided = self.decide_once(kind.clone());
            let short = match &decided {
                Err(Refusal::Problem(
                    Problem::InsufficientStock { shortages } | Problem::HoldExpired { shortages },
                )) => shortages,
                _ => return decided,
            };
            let is_short = |product: &&Product| short.iter().any(|each| each.sku.as_str() == product.sku);
            let short: BTreeSet<ProductId> = self.products.iter().filter(is_short).map(|product| product.id).collect();
            let lies_there = |hold: &Reservation| hold.lines.iter().any(|line| short.contains(&line.product_id));
            if !self.expire(lies_there, self.state.now) {
                return decided;
            }
        }
    }

    fn decide_once(&mut self, kind: CommandKind) -> Result<Decision, Refusal> {
        decide(&mut self.state, &[Command { change_id: store::ids::change_id(), kind }]).remove(0)
    }

    /// Ends those of the overdue holds. Whether there were any.
    fn expire(&mut self, which: impl Fn(&Reservation) -> bool, now: Timestamp) -> bool {
        let is_overdue = |each: &Reservation| each.status == ReservationStatus::Held && each.expires_at <= now;
        let overdue = self.state.reservations.values().filter(|each| is_overdue(each) && which(each));
        let overdue: Vec<ReservationId> = overdue.map(|each| each.id).collect();
        for id in &overdue {
            self.decide_once(CommandKind::Expire { id: *id }).unwrap();
            self.overdue += 1;
        }
        !overdue.is_empty()
    }

    fn said(&self, operation: &Operation) -> String {
        let before = &self.history;
        format!("{}, operation {}: {operation:?}, after {before:#?}", self.name, self.operations)
    }
}

/// An answer, read back.
enum Told {
    Reservation(ReservationView),
    Product(ProductView),
    Order(OrderView),
}

impl Told {
    fn read(operation: &Operation, answered: &Answered) -> Self {
        match operation {
            Operation::Hold(_) | Operation::Change(..) | Operation::Extend(..) | Operation::Release(_) => {
                Self::Reservation(answered.read().unwrap())
            }
            Operation::Place(_) | Operation::Proceed(..) => Self::Order(answered.read().unwrap()),
            Operation::Adjust { .. } | Operation::Archive(..) => Self::Product(answered.read().unwrap()),
            Operation::Age(_) => unreachable!("nobody answers that"),
        }
    }

    fn now(&self) -> Timestamp {
        match self {
            Self::Reservation(view) => view.server_time,
            Self::Product(view) => view.as_of,
            Self::Order(view) => view.server_time,
        }
    }

    fn made(&self) -> Made {
        match self {
            Self::Reservation(view) => Made::reservation(view.reservation.id),
            Self::Product(_) => Made::nothing(),
            Self::Order(view) => Made::order(view),
        }
    }
}

fn plain(view: &ProductView) -> domain::product::Product {
    domain::product::Product {
        id: view.id,
        sku: view.sku.clone(),
        name: view.name.clone(),
        price: view.price,
        archived: view.archived,
        low_stock_threshold: view.low_stock_threshold,
        version: 1,
        created_at: view.created_at,
    }
}

fn code_of(code: &str) -> WarehouseCode {
    WarehouseCode::new(code).unwrap()
}

fn text(rendered: &Rendered) -> &str {
    std::str::from_utf8(&rendered.body).unwrap()
}
