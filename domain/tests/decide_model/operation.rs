//! What is done in a run: operations on a world small enough that they meet. They name products,
//! warehouses and reservations by number.

use domain::allocation::Strategy as Choice;
use domain::stock::StockReason;
use proptest::prelude::{Just, Strategy, any, prop};
use proptest::sample::select;
use proptest::{option, prop_oneof};

/// Products 0 to 3; the last one is priced in another currency.
pub(crate) const PRODUCTS: usize = 4;
/// Warehouses 0 to 2, in order of priority. Number 3 can be named and does not exist.
pub(crate) const WAREHOUSES: usize = 3;

#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Hold {
        lines: Vec<Wanted>,
        choice: Choice,
        ttl_seconds: i64,
    },
    Change {
        which: usize,
        lines: Vec<Wanted>,
        choice: Option<Choice>,
        ttl_seconds: Option<i64>,
    },
    /// Asks for what the reservation has already.
    Repeat {
        which: usize,
        choice: Option<Choice>,
    },
    Extend {
        which: usize,
        ttl_seconds: i64,
    },
    Release {
        which: usize,
    },
    Expire {
        which: usize,
    },
    Adjust {
        product: usize,
        warehouse: usize,
        delta: i64,
        reason: StockReason,
    },
    /// Of the lines, the warehouses that they name do not count.
    Transfer {
        from: usize,
        to: usize,
        lines: Vec<Wanted>,
    },
    /// An order is made of it, as another use case will do.
    Order {
        which: usize,
    },
    Archive {
        product: usize,
    },
    Close {
        warehouse: usize,
    },
    Pass {
        milliseconds: i64,
    },
    /// Until the very moment of a reservation's deadline.
    Await {
        which: usize,
    },
}

/// One line of a hold.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) product: usize,
    pub(crate) quantity: i64,
    pub(crate) warehouse: Option<usize>,
}

impl Operation {
    /// Whether it is for `decide`; the others change the world around it.
    pub(crate) fn is_command(&self) -> bool {
        use Operation::{Archive, Await, Close, Order, Pass};
        !matches!(self, Order { .. } | Archive { .. } | Close { .. } | Pass { .. } | Await { .. })
    }
}

pub(crate) fn operations(most: usize) -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(operation(), 1..=most)
}

fn operation() -> impl Strategy<Value = Operation> {
    let which = || 0..12_usize;
    prop_oneof![
        8 => (lines(), choice(), ttl_seconds())
            .prop_map(|(lines, choice, ttl_seconds)| Operation::Hold { lines, choice, ttl_seconds }),
        6 => (which(), lines(), option::of(choice()), option::weighted(0.3, ttl_seconds()))
            .prop_map(|(which, lines, choice, ttl_seconds)| Operation::Change { which, lines, choice, ttl_seconds }),
        2 => (which(), option::of(choice())).prop_map(|(which, choice)| Operation::Repeat { which, choice }),
        3 => (which(), ttl_seconds()).prop_map(|(which, ttl_seconds)| Operation::Extend { which, ttl_seconds }),
        3 => which().prop_map(|which| Operation::Release { which }),
        3 => which().prop_map(|which| Operation::Expire { which }),
        10 => adjust(),
        4 => (warehouse(), warehouse(), lines())
            .prop_map(|(from, to, lines)| Operation::Transfer { from, to, lines }),
        1 => which().prop_map(|which| Operation::Order { which }),
        1 => (0..PRODUCTS).prop_map(|product| Operation::Archive { product }),
        1 => (0..WAREHOUSES).prop_map(|warehouse| Operation::Close { warehouse }),
        2 => which().prop_map(|which| Operation::Await { which }),
        3 => (0..1_200_000_i64).prop_map(|milliseconds| Operation::Pass { milliseconds }),
    ]
}

fn adjust() -> impl Strategy<Value = Operation> {
    let reason = prop_oneof![
        6 => Just((1, StockReason::Received)),
        2 => Just((1, StockReason::Adjusted)),
        2 => Just((-1, StockReason::Adjusted)),
        2 => Just((-1, StockReason::WrittenOff)),
        1 => Just((-1, StockReason::Received)),
    ];
    (0..PRODUCTS, warehouse(), 1..15_i64, reason).prop_map(|(product, warehouse, units, (sign, reason))| {
        Operation::Adjust { product, warehouse, delta: sign * units, reason }
    })
}

pub(crate) fn lines() -> impl Strategy<Value = Vec<Wanted>> {
    let product = prop_oneof![20 => 0..PRODUCTS - 1, 1 => Just(PRODUCTS - 1)];
    let line = (product, 1..8_i64, option::weighted(0.25, warehouse()));
    let line = line.prop_map(|(product, quantity, warehouse)| Wanted { product, quantity, warehouse });
    prop::collection::vec(line, 1..5)
}

/// Mostly one that exists.
fn warehouse() -> impl Strategy<Value = usize> {
    prop_oneof![20 => 0..WAREHOUSES, 1 => Just(WAREHOUSES)]
}

pub(crate) fn choice() -> impl Strategy<Value = Choice> {
    select(vec![Choice::Priority, Choice::MostStock, Choice::FewestSplits])
}

fn ttl_seconds() -> impl Strategy<Value = i64> {
    (any::<bool>(), 1..=600_i64, 1..=3_600_i64).prop_map(|(short, few, many)| if short { few } else { many })
}
