//! Orders: placed, moved through their machine, read.

pub(crate) mod customers;
mod export;
mod list;
pub(crate) mod rows;
pub(crate) mod write;

use domain::decide::{CommandKind, Line, Placing, PricedLine, Proceeding, Source};
use domain::ids::{OrderId, ReservationId};
use domain::journal::Entry;
use domain::order::{OrderChange, OrderNumber, OrderRef, OrderRequest, OrderSource, OrderView};
use domain::problem::Problem;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::batch::{Render, Reply};
use crate::error::StoreError;
use crate::idempotency::Claim;
use crate::ids;
use crate::lane::Slot;
use crate::request::{Answered, Request};
use crate::store::Store;
use crate::tx;

impl Store {
    /// Makes an order of a reservation, or of lines that are reserved in the same decision.
    ///
    /// # Errors
    /// `not_found`, `has_order`, `not_held`, `hold_expired` for a reservation; as
    /// [`Store::reservation_hold`] for lines; `reference_taken`; `invalid_input` where the sum is too large.
    pub async fn order_place(&self, request: Request<OrderView>, order: OrderRequest) -> Result<Answered, StoreError> {
        let OrderRequest { source, customer, reference, confirm } = order;
        let number = self.order_number().await?;
        let customer = customer.map(|customer| (ids::customer_id(), customer));
        let placing = |id, source| {
            let (customer, reference) = (customer.clone(), reference.clone());
            CommandKind::Place(Placing { id, number, source, customer, reference, placed_at: None, confirm })
        };
        let reply = Reply { claim: Claim::of(&request), render: Render::Order(request.render) };
        match source {
            OrderSource::Reservation(reservation_id) => {
                let id = ids::order_id_in(Slot::of_reservation(reservation_id));
                self.submit(request.caller, reply, placing(id, Source::Reservation(reservation_id))).await
            }
            OrderSource::Lines { lines, strategy } => {
                self.submit_lines(request.caller, reply, &lines, |lines| {
                    let slot = Slot::of_products(lines.iter().map(|line| line.product_id));
                    let lines = lines.into_iter().map(|line| PricedLine { line, sold_as: None }).collect();
                    let reservation_id = ids::reservation_id_in(slot);
                    placing(ids::order_id_in(slot), Source::Lines { reservation_id, lines, strategy })
                })
                .await
            }
        }
    }

    /// Takes a step of the order machine, writes a note, or both.
    ///
    /// # Errors
    /// `not_found`, `transition_not_allowed`, `stale_version`, `hold_expired`.
    pub async fn order_proceed(
        &self,
        request: Request<OrderView>,
        order: &OrderRef,
        change: OrderChange,
    ) -> Result<Answered, StoreError> {
        let order = *order;
        let id = self.read(async move |mut conn| order_id_of(&mut conn, order).await).await?;
        let OrderChange { to, version, note, restock } = change;
        let note = note.map(|text| (request.caller.actor, text));
        self.order_decide(request, CommandKind::Proceed(Proceeding { id, to, version, note, restock })).await
    }

    /// The order as it reads now.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn order_fetch(&self, order: &OrderRef) -> Result<OrderView, StoreError> {
        let order = *order;
        self.read(async move |mut conn| {
            let id = order_id_of(&mut conn, order).await?;
            let (order, expires_at) =
                rows::orders_read_in_tx(&mut conn, &[id]).await?.pop().ok_or_else(|| Problem::not_found("order"))?;
            Ok(order.view(expires_at, tx::clock_in_tx(&mut conn).await?))
        })
        .await
    }

    /// What the journal tells of an order and its reservation, oldest first.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn order_journal(&self, order: &OrderRef) -> Result<Vec<Entry>, StoreError> {
        let order = *order;
        self.read(async move |mut conn| {
            let subjects = order_subjects_of(&mut conn, order).await?;
            crate::journal::journal_of_subjects_in_tx(&mut conn, &subjects).await
        })
        .await
    }

    /// Draws the number of an order that is about to be decided. One that is refused leaves a gap.
    pub(crate) async fn order_number(&self) -> Result<OrderNumber, StoreError> {
        let next = sqlx::query_scalar!(r#"select nextval('order_numbers') as "number!""#);
        let number = self.read(async move |mut conn| Ok(next.fetch_one(&mut *conn).await?)).await?;
        Ok(OrderNumber::new(number))
    }

    async fn order_decide(&self, request: Request<OrderView>, kind: CommandKind) -> Result<Answered, StoreError> {
        let reply = Reply { claim: Claim::of(&request), render: Render::Order(request.render) };
        self.submit(request.caller, reply, kind).await
    }
}

/// The id of an order.
///
/// # Errors
/// `not_found`.
pub(crate) async fn order_id_of(conn: &mut PgConnection, order: OrderRef) -> Result<OrderId, StoreError> {
    let found = match order {
        OrderRef::Id(id) => {
            sqlx::query_scalar!("select id from orders where id = $1", id.as_uuid()).fetch_optional(conn).await?
        }
        OrderRef::Number(number) => {
            sqlx::query_scalar!("select id from orders where number = $1", number.get()).fetch_optional(conn).await?
        }
    };
    found.map(OrderId::from_uuid).ok_or_else(|| Problem::not_found("order").into())
}

/// What an order's journal entries are about: the order, and its reservation, which never changes.
///
/// # Errors
/// `not_found`.
pub(crate) async fn order_subjects_of(conn: &mut PgConnection, order: OrderRef) -> Result<Vec<Uuid>, StoreError> {
    let id = order_id_of(conn, order).await?;
    let reservation = sqlx::query_scalar!("select reservation_id from orders where id = $1", id.as_uuid());
    let reservation = reservation.fetch_one(conn).await?;
    Ok([Some(id.as_uuid()), reservation].into_iter().flatten().collect())
}

/// The products that an order is placed for, where it names them itself.
pub(crate) fn lines_of(source: &Source) -> impl Iterator<Item = &Line> {
    let lines = match source {
        Source::Lines { lines, .. } => lines.as_slice(),
        Source::Reservation(_) => &[],
    };
    lines.iter().map(|line| &line.line)
}

/// The reservation that an order is placed for, where it is there already.
pub(crate) fn reservation_of(source: &Source) -> Option<ReservationId> {
    match source {
        Source::Reservation(id) => Some(*id),
        Source::Lines { .. } => None,
    }
}
