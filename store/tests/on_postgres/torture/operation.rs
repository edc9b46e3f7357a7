//! What is done: drawn at random, sent to the store, and put as the command that it is to `decide`.

use domain::allocation::Strategy;
use domain::decide::{CommandKind, Confirm, Line, Placing, PricedLine, Proceeding, Restock, Source, State};
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::order::{Order, OrderChange, OrderNumber, OrderRef, OrderRequest, OrderSource, OrderStatus, OrderView};
use domain::product::{ProductPatch, ProductRef};
use domain::quantity::{Quantity, StockDelta};
use domain::reservation::{ChangeRequest, HoldRequest, LineRequest, Ttl};
use domain::stock::StockReason;
use domain::warehouse::WarehouseCode;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use store::{Answered, Store, StoreError};

use super::world::{Product, WAREHOUSES};
use crate::support::{keyed, request, ttl};

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Hold(HoldRequest),
    Change(ReservationId, ChangeRequest),
    Extend(ReservationId, Ttl),
    Release(ReservationId),
    Place(OrderRequest),
    Proceed(OrderId, OrderChange),
    Adjust {
        product: usize,
        warehouse: WarehouseCode,
        delta: StockDelta,
        reason: StockReason,
    },
    /// Takes a product off sale, or puts it back.
    Archive(usize, ProductPatch),
    /// Sets a reservation's life back by two hours, past its deadline.
    Age(ReservationId),
}

/// What an operation may be about.
pub(crate) struct Targets<'a> {
    pub(crate) products: &'a [Product],
    pub(crate) archived: &'a [bool],
    /// The newest ones.
    pub(crate) reservations: &'a [ReservationId],
    pub(crate) orders: &'a [OrderId],
    pub(crate) state: &'a State,
}

const STRATEGIES: [Strategy; 3] = [Strategy::Priority, Strategy::MostStock, Strategy::FewestSplits];
const STATUSES: [OrderStatus; 6] = [
    OrderStatus::Confirmed,
    OrderStatus::Processing,
    OrderStatus::Shipped,
    OrderStatus::Delivered,
    OrderStatus::Cancelled,
    OrderStatus::Returned,
];

impl Operation {
    /// Reservations and orders that do not exist are drawn now and then.
    pub(crate) fn draw(rng: &mut StdRng, targets: &Targets<'_>) -> Self {
        let reservation = targets.reservations.choose(rng).copied().unwrap_or_else(store::ids::reservation_id);
        let order = targets.orders.choose(rng).copied();
        match rng.random_range(0..100) {
            0..30 => Self::Hold(HoldRequest {
                lines: lines(rng, targets),
                strategy: strategy(rng),
                ttl: long(rng),
                owner: None,
            }),
            30..42 => {
                let (strategy, ttl) =
                    (rng.random_bool(0.5).then(|| strategy(rng)), rng.random_bool(0.3).then(|| long(rng)));
                Self::Change(reservation, ChangeRequest { lines: lines(rng, targets), strategy, ttl })
            }
            42..47 => Self::Extend(reservation, ttl(rng.random_range(1..3_000))),
            47..55 => Self::Release(reservation),
            55..67 => Self::Place(OrderRequest {
                source: if rng.random_bool(0.7) {
                    OrderSource::Reservation(reservation)
                } else {
                    OrderSource::Lines { lines: lines(rng, targets), strategy: strategy(rng) }
                },
                customer: None,
                reference: None,
                confirm: if rng.random_bool(0.4) { Confirm::Now } else { Confirm::Later },
            }),
            67..81 if let Some(order) = order => Self::Proceed(order, step(rng, &targets.state.orders[&order])),
            81..83 => {
                let product = rng.random_range(0..targets.products.len());
                let archived = Some(!targets.archived[product]);
                Self::Archive(product, ProductPatch::new(None, None, archived, None).unwrap())
            }
            83..87 => Self::Age(reservation),
            _ => {
                let delta = if rng.random_bool(0.8) { rng.random_range(1..16) } else { rng.random_range(-9..0) };
                let reasons = [StockReason::Received, StockReason::Adjusted, StockReason::WrittenOff];
                Self::Adjust {
                    product: rng.random_range(0..targets.products.len()),
                    warehouse: code(rng.random_range(0..WAREHOUSES.len())),
                    delta: StockDelta::new(delta).unwrap(),
                    reason: if rng.random_bool(0.9) { StockReason::Adjusted } else { *reasons.choose(rng).unwrap() },
                }
            }
        }
    }

    /// Asks the store for it, under this key or without one.
    pub(crate) async fn send(
        &self,
        store: &Store,
        key: Option<&str>,
        products: &[Product],
    ) -> Result<Answered, StoreError> {
        macro_rules! asked {
            () => {
                key.map_or_else(request, keyed)
            };
        }
        match self.clone() {
            Self::Hold(hold) => store.reservation_hold(asked!(), hold).await,
            Self::Change(id, change) => store.reservation_change(asked!(), id, change).await,
            Self::Extend(id, ttl) => store.reservation_extend(asked!(), id, ttl).await,
            Self::Release(id) => store.reservation_release(asked!(), id).await,
            Self::Place(order) => store.order_place(asked!(), order).await,
            Self::Proceed(id, change) => store.order_proceed(asked!(), &OrderRef::Id(id), change).await,
            Self::Adjust { product, warehouse, delta, reason } => {
                store.stock_adjust(asked!(), &by_id(&products[product]), Some(warehouse), delta, reason).await
            }
            Self::Archive(product, patch) => store.product_change(asked!(), &by_id(&products[product]), patch).await,
            Self::Age(_) => panic!("nobody can ask for that"),
        }
    }

    /// The command that it is, under the ids that the store made: those of the answer, or any where it was
    /// refused. `None` for what is not for `decide`.
    pub(crate) fn command(&self, made: &Made, products: &[Product]) -> Option<CommandKind> {
        let lines = |lines: &[LineRequest]| lines.iter().map(|line| line_of(line, products)).collect::<Vec<_>>();
        Some(match self.clone() {
            Self::Hold(HoldRequest { lines: wanted, strategy, ttl, owner }) => {
                CommandKind::Hold { id: made.reservation_id, lines: lines(&wanted), strategy, ttl, owner }
            }
            Self::Change(id, ChangeRequest { lines: wanted, strategy, ttl }) => {
                CommandKind::Change { id, lines: lines(&wanted), strategy, ttl }
            }
            Self::Extend(id, ttl) => CommandKind::Extend { id, ttl },
            Self::Release(id) => CommandKind::Release { id },
            Self::Place(OrderRequest { source, customer: _, reference, confirm }) => {
                let source = match source {
                    OrderSource::Reservation(id) => Source::Reservation(id),
                    OrderSource::Lines { lines: wanted, strategy } => {
                        let lines = lines(&wanted).into_iter().map(|line| PricedLine { line, sold_as: None }).collect();
                        Source::Lines { reservation_id: made.reservation_id, lines, strategy }
                    }
                };
                let (id, number) = (made.order_id, made.number);
                CommandKind::Place(Placing { id, number, source, customer: None, reference, placed_at: None, confirm })
            }
            Self::Proceed(id, OrderChange { to, version, note: _, restock }) => {
                CommandKind::Proceed(Proceeding { id, to, version, note: None, restock })
            }
            Self::Adjust { product, warehouse, delta, reason } => {
                CommandKind::Adjust { product_id: products[product].id, warehouse, delta, reason }
            }
            Self::Archive(..) | Self::Age(_) => return None,
        })
    }
}

/// What the store makes before a command is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    reservation_id: ReservationId,
    order_id: OrderId,
    number: OrderNumber,
}

impl Made {
    /// Anything: nothing will be made.
    pub(crate) fn nothing() -> Self {
        let order_id = OrderId::from_uuid(store::ids::reservation_id().as_uuid());
        Self { reservation_id: store::ids::reservation_id(), order_id, number: OrderNumber::new(1) }
    }

    pub(crate) fn reservation(id: ReservationId) -> Self {
        Self { reservation_id: id, ..Self::nothing() }
    }

    pub(crate) fn order(view: &OrderView) -> Self {
        let reservation_id = view.order.reservation_id.unwrap();
        Self { reservation_id, order_id: view.order.id, number: view.order.number }
    }
}

fn lines(rng: &mut StdRng, targets: &Targets<'_>) -> Vec<LineRequest> {
    let many = rng.random_range(1..5);
    let line = |_| {
        let product = targets.products.choose(rng).unwrap();
        let warehouse = match rng.random_range(0..30) {
            0..3 => Some(code(0)),
            3..6 => Some(code(1)),
            6 => Some(code(2)),
            _ => None,
        };
        // Ids are looked up by nobody; names are, or are remembered.
        let product = if rng.random_bool(0.5) { by_id(product) } else { crate::support::by_sku(&product.sku) };
        LineRequest { product, quantity: Quantity::new(rng.random_range(1..6)).unwrap(), warehouse }
    };
    (0..many).map(line).collect()
}

/// A step of the order machine; mostly one that is on its way.
fn step(rng: &mut StdRng, order: &Order) -> OrderChange {
    let likely: &[OrderStatus] = match order.status {
        OrderStatus::Pending | OrderStatus::Expired => &[OrderStatus::Confirmed, OrderStatus::Cancelled],
        OrderStatus::Confirmed => &[OrderStatus::Processing, OrderStatus::Cancelled],
        OrderStatus::Processing => &[OrderStatus::Shipped, OrderStatus::Cancelled],
        OrderStatus::Shipped => &[OrderStatus::Delivered, OrderStatus::Returned],
        OrderStatus::Delivered => &[OrderStatus::Returned],
        OrderStatus::Cancelled | OrderStatus::Returned => &STATUSES,
    };
    let statuses = if rng.random_bool(0.8) { likely } else { &STATUSES };
    let version = match rng.random_range(0..10) {
        0..3 => Some(order.version),
        3 => Some(rng.random_range(1..4)),
        _ => None,
    };
    let restock = if rng.random_bool(0.7) { Restock::Yes } else { Restock::No };
    OrderChange { to: statuses.choose(rng).copied(), version, note: None, restock }
}

fn line_of(line: &LineRequest, products: &[Product]) -> Line {
    let product_id: ProductId = match &line.product {
        ProductRef::Id(id) => *id,
        ProductRef::Sku(sku) => products.iter().find(|product| product.sku == sku.as_str()).unwrap().id,
    };
    Line { product_id, quantity: line.quantity, warehouse: line.warehouse.clone() }
}

fn strategy(rng: &mut StdRng) -> Strategy {
    *STRATEGIES.choose(rng).unwrap()
}

/// Longer than any world lasts.
fn long(rng: &mut StdRng) -> Ttl {
    ttl(rng.random_range(1_800..3_500))
}

fn by_id(product: &Product) -> ProductRef {
    ProductRef::Id(product.id)
}

fn code(number: usize) -> WarehouseCode {
    WarehouseCode::new(WAREHOUSES[number].0).unwrap()
}
