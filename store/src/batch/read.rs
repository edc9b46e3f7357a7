//! What a batch decides on, read in statements that begin after the locks are held: a statement that
//! waited for a lock keeps the snapshot and the clock it began with.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::{CommandKind, State};
use domain::ids::{ProductId, ReservationId};
use domain::order::{CustomerRequest, Order};
use domain::reservation::Reservation;
use domain::stock::StockKey;
use domain::text::Reference;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Item;
use crate::error::StoreError;
use crate::orders::write::{customers_find_in_tx, references_taken_in_tx};
use crate::products::products_read_in_tx;
use crate::stock::stock_read_in_tx;
use crate::tx::clock_in_tx;
use crate::warehouses::warehouse_list_in_tx;

/// How many overdue holds are ended at once to make room for a new one.
const OVERDUE_MAX: i64 = 500;

/// What the commands of a batch want to know beside what they have locked.
pub(super) struct Wanted<'a> {
    customers: Vec<&'a CustomerRequest>,
    references: Vec<&'a Reference>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(items: &'a [Item]) -> Self {
        let placings = || {
            items.iter().filter_map(|item| match &item.command.kind {
                CommandKind::Place(placing) => Some(placing),
                CommandKind::Hold { .. }
                | CommandKind::Change { .. }
                | CommandKind::Extend { .. }
                | CommandKind::Release { .. }
                | CommandKind::Expire { .. }
                | CommandKind::Adjust { .. }
                | CommandKind::Proceed(_) => None,
            })
        };
        let customers = placings().filter_map(|placing| placing.customer.as_ref()).map(|(_, request)| request);
        Self {
            customers: customers.collect(),
            references: placings().filter_map(|placing| placing.reference.as_ref()).collect(),
        }
    }
}

/// Of the stock only what is in `locked`: a row that was made while the locks were waited for is not held,
/// and others may be changing it.
pub(super) async fn state_in_tx(
    conn: &mut PgConnection,
    reservations: Vec<Reservation>,
    orders: Vec<Order>,
    products: &BTreeSet<ProductId>,
    locked: &BTreeSet<StockKey>,
    wanted: &Wanted<'_>,
) -> Result<State, StoreError> {
    let now = clock_in_tx(conn).await?;
    let mut stock = stock_read_in_tx(conn, products).await?;
    stock.retain(|key, _| locked.contains(key));
    Ok(State {
        now,
        warehouses: warehouse_list_in_tx(conn).await?,
        products: products_read_in_tx(conn, products).await?,
        stock,
        reservations: reservations.into_iter().map(|each| (each.id, each)).collect::<BTreeMap<_, _>>(),
        orders: orders.into_iter().map(|each| (each.id, each)).collect::<BTreeMap<_, _>>(),
        customers: customers_find_in_tx(conn, &wanted.customers).await?,
        references_taken: references_taken_in_tx(conn, &wanted.references).await?,
    })
}

/// Holds past their deadline that still keep units of these products from being sold.
pub(super) async fn overdue_in_tx(
    conn: &mut PgConnection,
    products: &BTreeSet<ProductId>,
) -> Result<Vec<ReservationId>, StoreError> {
    let products: Vec<Uuid> = products.iter().map(|id| id.as_uuid()).collect();
    let ids = sqlx::query_scalar!(
        "select reservations.id
        from reservations
        where reservations.status = 'held'
          and reservations.expires_at <= statement_timestamp()
          and reservations.set_aside_at is null
          and exists (
              select
              from reservation_lines
              where reservation_lines.reservation_id = reservations.id
                and reservation_lines.product_id = any($1)
          )
        order by reservations.expires_at, reservations.id
        limit $2",
        &products,
        OVERDUE_MAX,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ReservationId::from_uuid).collect())
}
