//! The same world for `decide`: its state, its commands, and the journal that it has written so far.

use std::collections::{BTreeMap, BTreeSet};

use domain::currency::Currency;
use domain::decide::{Command, CommandKind, Line, State, Transfer};
use domain::ids::{ChangeId, OrderId, ProductId, ReservationId};
use domain::journal::{Action, ChangeDraft};
use domain::money::Money;
use domain::order::{Order, OrderLine, OrderNumber, OrderStatus};
use domain::product::Product;
use domain::quantity::{Quantity, StockDelta};
use domain::reservation::Reservation;
use domain::reservation::Ttl;
use domain::sku::Sku;
use domain::text::Name;
use domain::time::Timestamp;
use domain::warehouse::{Warehouse, WarehouseCode};
use uuid::Uuid;

use crate::model::{Model, Place};
use crate::operation::{Operation, PRODUCTS, WAREHOUSES, Wanted};

/// A state without any stock, at the model's time 0.
pub(crate) fn state() -> State {
    let name = |text: String| Name::new(text).unwrap();
    let warehouse = |number: usize| Warehouse {
        code: warehouse_code(number),
        name: name(format!("Warehouse {number}")),
        priority: number as i32,
        active: true,
    };
    let product = |number: usize| Product {
        id: product_id(number),
        sku: Sku::new(sku(number)).unwrap(),
        name: name(format!("Product {number}")),
        price: Money::new(100, if number == PRODUCTS - 1 { "EUR" } else { "GBP" }.parse().unwrap()),
        archived: false,
        low_stock_threshold: None,
        version: 1,
        created_at: time(0),
    };
    State {
        now: time(0),
        warehouses: (0..WAREHOUSES).map(warehouse).collect(),
        products: (0..PRODUCTS).map(product).map(|product| (product.id, product)).collect(),
        stock: BTreeMap::new(),
        reservations: BTreeMap::new(),
        orders: BTreeMap::new(),
        customers: Vec::new(),
        references_taken: BTreeSet::new(),
    }
}

/// An order that waits for its hold to be paid for.
fn pending_order(reservation: &Reservation) -> Order {
    let lines = reservation.lines.iter().map(|line| OrderLine {
        sku: line.sku.clone(),
        product_id: line.product_id,
        name: Name::new(line.sku.to_string()).unwrap(),
        unit_price: Money::new(100, Currency::GBP),
        quantity: line.quantity,
        allocations: Vec::new(),
    });
    Order {
        id: OrderId::from_uuid(reservation.id.as_uuid()),
        number: OrderNumber::new(1),
        status: OrderStatus::Pending,
        customer: None,
        currency: Currency::GBP,
        total: Money::new(100, Currency::GBP),
        lines: lines.collect(),
        reservation_id: Some(reservation.id),
        reference: None,
        notes: Vec::new(),
        version: 1,
        placed_at: reservation.created_at,
        updated_at: reservation.created_at,
    }
}

/// The command that the operation is, as number `step` of its run.
pub(crate) fn command(operation: &Operation, model: &Model, step: usize) -> Command {
    let id = |which: usize| reservation_id(model.meant(which).unwrap_or(usize::MAX));
    let ttl = |seconds: i64| Ttl::from_seconds(seconds).unwrap();
    let kind = match operation {
        Operation::Hold { lines: wanted, choice, ttl_seconds } => CommandKind::Hold {
            id: reservation_id(model.holds.len()),
            lines: lines(wanted),
            strategy: *choice,
            ttl: ttl(*ttl_seconds),
            owner: None,
        },
        Operation::Change { which, lines: wanted, choice, ttl_seconds } => {
            CommandKind::Change { id: id(*which), lines: lines(wanted), strategy: *choice, ttl: ttl_seconds.map(ttl) }
        }
        Operation::Extend { which, ttl_seconds } => CommandKind::Extend { id: id(*which), ttl: ttl(*ttl_seconds) },
        Operation::Release { which } => CommandKind::Release { id: id(*which) },
        Operation::Expire { which } => CommandKind::Expire { id: id(*which) },
        Operation::Adjust { product, warehouse, delta, reason } => CommandKind::Adjust {
            product_id: product_id(*product),
            warehouse: warehouse_code(*warehouse),
            delta: StockDelta::new(*delta).unwrap(),
            reason: *reason,
        },
        Operation::Transfer { from, to, lines: wanted } => CommandKind::Transfer(Transfer {
            from: warehouse_code(*from),
            to: warehouse_code(*to),
            lines: lines(wanted),
        }),
        other => unreachable!("{other:?} is not for decide"),
    };
    Command { change_id: ChangeId::from_uuid(Uuid::from_u128(step as u128)), kind }
}

/// Changes the world around `decide`, in the state and in the model alike.
pub(crate) fn turn(operation: &Operation, state: &mut State, model: &mut Model) {
    match operation {
        Operation::Order { which } => {
            let Some(number) = model.meant(*which) else { return };
            model.holds[number].ordered = true;
            let reservation = state.reservations.get_mut(&reservation_id(number)).unwrap();
            let order = pending_order(reservation);
            reservation.order_id = Some(order.id);
            state.orders.insert(order.id, order);
        }
        Operation::Archive { product } => {
            model.archived[*product] ^= true;
            state.products.get_mut(&product_id(*product)).unwrap().archived ^= true;
        }
        Operation::Close { warehouse } => {
            model.closed[*warehouse] ^= true;
            state.warehouses[*warehouse].active ^= true;
        }
        Operation::Pass { milliseconds } => {
            model.now += milliseconds;
            state.now = time(model.now);
        }
        Operation::Await { which } => {
            let Some(number) = model.meant(*which) else { return };
            model.now = model.now.max(model.holds[number].expires_at);
            state.now = time(model.now);
        }
        command => unreachable!("{command:?} is for decide"),
    }
}

/// All that the journal has told of, added up: units on hand, units reserved, entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) rows: BTreeMap<Place, (i64, i64, i64)>,
}

impl Ledger {
    pub(crate) fn append(&mut self, draft: &ChangeDraft) {
        assert!(!draft.entries.is_empty(), "a change without an entry");
        for entry in &draft.entries {
            // Of a reservation that has the same lines in another order there is nothing to show.
            let silent = draft.action == Action::ReservationChanged;
            assert!(
                entry.stock.is_some() || entry.before != entry.after || silent,
                "an entry in which nothing changes: {draft:?}"
            );
            let Some(stock) = &entry.stock else {
                assert_eq!(draft.entries.len(), 1, "a stockless entry stands alone");
                continue;
            };
            assert_ne!((stock.on_hand_delta, stock.reserved_delta), (0, 0), "a move that moves nothing");
            let place = (product_number(stock.key.product_id), warehouse_number(&stock.key.warehouse));
            let row = self.rows.entry(place).or_default();
            *row = (row.0 + stock.on_hand_delta, row.1 + stock.reserved_delta, row.2 + 1);
            assert_eq!(stock.version, row.2, "the version of {place:?}");
            assert_eq!((stock.level.on_hand, stock.level.reserved), (row.0, row.1));
        }
    }
}

fn lines(wanted: &[Wanted]) -> Vec<Line> {
    let line = |wanted: &Wanted| Line {
        product_id: product_id(wanted.product),
        quantity: Quantity::new(wanted.quantity).unwrap(),
        warehouse: wanted.warehouse.map(warehouse_code),
    };
    wanted.iter().map(line).collect()
}

/// The moment that many milliseconds after the beginning of a run.
pub(crate) fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_unix_milliseconds(1_767_225_600_000 + milliseconds).unwrap()
}

pub(crate) fn sku(product: usize) -> String {
    format!("SKU-{product}")
}

fn product_id(number: usize) -> ProductId {
    ProductId::from_uuid(Uuid::from_u128(number as u128))
}

pub(crate) fn product_number(id: ProductId) -> usize {
    id.as_uuid().as_u128() as usize
}

fn warehouse_code(number: usize) -> WarehouseCode {
    WarehouseCode::new(format!("W{number}")).unwrap()
}

pub(crate) fn warehouse_number(code: &WarehouseCode) -> usize {
    code.as_str()[1..].parse().unwrap()
}

pub(crate) fn reservation_id(number: usize) -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(number as u128))
}
