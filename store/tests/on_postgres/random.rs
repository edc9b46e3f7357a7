//! The store against `decide`: whatever is asked for, in whatever order, the tables say in the end what
//! the pure decision says of a state in memory.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::{Answer, Command, CommandKind, Line, Refusal, State, decide};
use domain::ids::ReservationId;
use domain::quantity::StockDelta;
use domain::reservation::{ChangeRequest, HoldRequest, LineRequest, Reservation, ReservationView};
use domain::stock::StockReason;
use domain::text::Name;
use domain::warehouse::{Warehouse, WarehouseCode};
use proptest::prelude::{Just, Strategy, prop};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use proptest::{option, prop_oneof};
use sqlx::PgPool;
use store::{Answered, Store, StoreError};

use crate::support::{answer, assert_sound, by_sku, product, request, ttl, warehouse};

const CASES: usize = 24;
const WAREHOUSES: [(&str, bool); 3] = [("MAIN", true), ("NORTH", true), ("SHUT", false)];

#[derive(Clone, Debug)]
enum Operation {
    Hold(Vec<Wanted>),
    Change(usize, Vec<Wanted>),
    Extend(usize, i64),
    Release(usize),
    Adjust(usize, usize, i64),
}

/// A product, a quantity and perhaps a warehouse.
type Wanted = (usize, i64, Option<usize>);

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let line = (0..3_usize, 1..6_i64, option::weighted(0.3, prop_oneof![9 => 0..2_usize, 1 => Just(2)]));
    let lines = prop::collection::vec(line, 1..5);
    let operation = prop_oneof![
        6 => lines.clone().prop_map(Operation::Hold),
        4 => (0..6_usize, lines).prop_map(|(which, lines)| Operation::Change(which, lines)),
        1 => (0..6_usize, 1..3_600_i64).prop_map(|(which, seconds)| Operation::Extend(which, seconds)),
        2 => (0..6_usize).prop_map(Operation::Release),
        6 => (0..3_usize, 0..3_usize, prop_oneof![3 => 1..12_i64, 1 => -6..0_i64])
            .prop_map(|(product, warehouse, delta)| Operation::Adjust(product, warehouse, delta)),
    ];
    prop::collection::vec(operation, 15..30)
}

#[sqlx::test(migrations = "../migrations")]
async fn the_tables_say_what_the_decision_says(pool: PgPool) {
    let store = Store::new(pool.clone());
    for (code, active) in &WAREHOUSES[1..] {
        warehouse(&pool, code, *active).await;
    }
    let mut runner = TestRunner::deterministic();
    let mut accepted = 0;
    for case in 0..CASES {
        let operations = operations().new_tree(&mut runner).unwrap().current();
        let mut run = Run::begin(&store, case).await;
        for place in 0..6 {
            run.take(&Operation::Adjust(place / 2, place % 2, 10)).await;
        }
        for operation in &operations {
            accepted += usize::from(run.take(operation).await);
        }
        run.compare().await;
    }
    assert!(accepted > CASES * 10, "only {accepted} were accepted");
    assert_sound(&store).await;
}

/// One sequence, on products of its own: in the tables, and in a state in memory.
struct Run<'a> {
    store: &'a Store,
    skus: Vec<String>,
    state: State,
    /// What the store calls each reservation; in the state it has the id that was made for it there.
    held: Vec<(ReservationId, ReservationId)>,
}

impl<'a> Run<'a> {
    async fn begin(store: &'a Store, case: usize) -> Self {
        let skus: Vec<String> = (0..3).map(|number| format!("S{case}-{number}")).collect();
        let (mut products, mut stock) = (BTreeMap::new(), BTreeMap::new());
        let mut now = None;
        for sku in &skus {
            let id = product(store, sku, 0).await;
            let view = store.product_fetch(&by_sku(sku)).await.unwrap();
            let key = domain::stock::StockKey { product_id: id, warehouse: WarehouseCode::main() };
            stock.insert(key, domain::stock::StockRow::default());
            now = Some(view.as_of);
            let product = domain::product::Product {
                id,
                sku: view.sku,
                name: view.name,
                price: view.price,
                archived: false,
                low_stock_threshold: None,
                version: 1,
                created_at: view.created_at,
            };
            products.insert(id, product);
        }
        let warehouses = (1..).zip(WAREHOUSES).map(|(priority, (code, active))| Warehouse {
            code: WarehouseCode::new(code).unwrap(),
            name: Name::new(code).unwrap(),
            priority,
            active,
        });
        let (warehouses, reservations) = (warehouses.collect(), BTreeMap::new());
        let (orders, customers, references_taken) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        let state =
            State { now: now.unwrap(), warehouses, products, stock, reservations, orders, customers, references_taken };
        Self { store, skus, state, held: Vec::new() }
    }

    /// Does it on both sides, and compares what came of it. Whether it was accepted.
    async fn take(&mut self, operation: &Operation) -> bool {
        let fresh = store::ids::reservation_id();
        let (there, here) = *operation_target(operation, &self.held).unwrap_or(&(fresh, fresh));
        let (result, kind) = match operation {
            Operation::Hold(wanted) => {
                let hold = HoldRequest { lines: self.requests(wanted), ..crate::support::hold_of(&[("x", 1)]) };
                let (strategy, ttl) = (hold.strategy, hold.ttl);
                let kind = CommandKind::Hold { id: fresh, lines: self.lines(wanted), strategy, ttl, owner: None };
                (self.store.reservation_hold(request(), hold).await, kind)
            }
            Operation::Change(_, wanted) => {
                let change = ChangeRequest { lines: self.requests(wanted), strategy: None, ttl: None };
                let kind = CommandKind::Change { id: here, lines: self.lines(wanted), strategy: None, ttl: None };
                (self.store.reservation_change(request(), there, change).await, kind)
            }
            Operation::Extend(_, seconds) => {
                // The clocks of both sides differ by the time this takes: stay clear of the ceiling.
                let ttl = ttl((*seconds).min(3_000));
                let kind = CommandKind::Extend { id: here, ttl };
                (self.store.reservation_extend(request(), there, ttl).await, kind)
            }
            Operation::Release(_) => {
                (self.store.reservation_release(request(), there).await, CommandKind::Release { id: here })
            }
            Operation::Adjust(product, warehouse, delta) => {
                let product = by_sku(&self.skus[*product]);
                let (warehouse, delta) = (code(*warehouse), StockDelta::new(*delta).unwrap());
                let reason = StockReason::Adjusted;
                let id = self.store.product_fetch(&product).await.unwrap().id;
                let kind = CommandKind::Adjust { product_id: id, warehouse: warehouse.clone(), delta, reason };
                (self.store.stock_adjust(request(), &product, Some(warehouse), delta, reason).await, kind)
            }
        };
        self.agree(result, kind, fresh)
    }

    fn agree(&mut self, result: Result<Answered, StoreError>, kind: CommandKind, fresh: ReservationId) -> bool {
        let is_hold = matches!(kind, CommandKind::Hold { .. });
        let command = Command { change_id: store::ids::change_id(), kind };
        match decide(&mut self.state, &[command]).remove(0) {
            Ok(decision) => {
                if let Answer::Reservation(expected) = decision.answer {
                    let answered: ReservationView = answer(result);
                    assert_eq!(answered.reservation.lines, expected.reservation.lines);
                    if is_hold {
                        self.held.push((answered.reservation.id, fresh));
                    }
                } else {
                    result.unwrap();
                }
                true
            }
            Err(Refusal::Problem(expected)) => {
                let StoreError::Refused(problem) = result.unwrap_err() else { panic!("not refused: {expected}") };
                assert_eq!(problem, expected);
                false
            }
            Err(refusal) => panic!("{refusal}"),
        }
    }

    async fn compare(&self) {
        for (product, sku) in self.state.products.keys().zip(&self.skus) {
            let view = self.store.product_fetch(&by_sku(sku)).await.unwrap();
            let expected = self.state.product_view(*product).unwrap();
            assert_eq!((view.stock, view.version), (expected.stock, expected.version));
        }
        for (there, here) in &self.held {
            let stored = self.store.reservation_fetch(*there).await.unwrap().reservation;
            let Reservation { status, lines, .. } = &self.state.reservations[here];
            assert_eq!((stored.status, &stored.lines), (*status, lines));
        }
    }

    fn requests(&self, wanted: &[Wanted]) -> Vec<LineRequest> {
        let line = |(product, quantity, warehouse): &Wanted| LineRequest {
            product: by_sku(&self.skus[*product]),
            quantity: domain::quantity::Quantity::new(*quantity).unwrap(),
            warehouse: warehouse.map(code),
        };
        wanted.iter().map(line).collect()
    }

    fn lines(&self, wanted: &[Wanted]) -> Vec<Line> {
        let ids: Vec<_> = self.state.products.keys().collect();
        let requests = self.requests(wanted).into_iter().zip(wanted);
        let line = |(line, (product, ..)): (LineRequest, &Wanted)| Line {
            product_id: *ids[*product],
            quantity: line.quantity,
            warehouse: line.warehouse,
        };
        requests.map(line).collect()
    }
}

fn operation_target<'a>(
    operation: &Operation,
    held: &'a [(ReservationId, ReservationId)],
) -> Option<&'a (ReservationId, ReservationId)> {
    match operation {
        Operation::Change(which, _) | Operation::Extend(which, _) | Operation::Release(which) => held.get(*which),
        Operation::Hold(_) | Operation::Adjust(..) => None,
    }
}

fn code(number: usize) -> WarehouseCode {
    WarehouseCode::new(WAREHOUSES[number].0).unwrap()
}
