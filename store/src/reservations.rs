//! Reservations: made, changed, extended, released, read.

pub(crate) mod expire;
mod list;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::allocation::Allocation;
use domain::decide::CommandKind;
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::problem::Problem;
use domain::reservation::{ChangeRequest, HoldRequest, Reservation, ReservationLine, ReservationView, Ttl};
use domain::sku::Sku;
use domain::text::Owner;
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::batch::{Render, Reply};
use crate::error::{StoreError, corrupt};
use crate::idempotency::Claim;
use crate::ids;
use crate::lane::Slot;
use crate::request::{Answered, Request};
use crate::store::Store;
use crate::tx;

impl Store {
    /// Holds the units of all lines, or none.
    ///
    /// # Errors
    /// `insufficient_stock`, `unknown_sku`, `product_archived`, `mixed_currency`, `warehouse_inactive`,
    /// `invalid_input` for a warehouse that does not exist.
    pub async fn reservation_hold(
        &self,
        request: Request<ReservationView>,
        hold: HoldRequest,
    ) -> Result<Answered, StoreError> {
        let HoldRequest { lines, strategy, ttl, owner } = hold;
        let reply = Reply { claim: Claim::of(&request), render: Render::Reservation(request.render) };
        self.submit_lines(request.caller, reply, &lines, |lines| {
            let id = ids::reservation_id_in(Slot::of_products(lines.iter().map(|line| line.product_id)));
            CommandKind::Hold { id, lines, strategy, ttl, owner: owner.clone() }
        })
        .await
    }

    /// Decides a held reservation's lines anew, its own units counted as free.
    ///
    /// # Errors
    /// As [`Self::reservation_hold`], and `not_found`, `not_held`, `has_order`.
    pub async fn reservation_change(
        &self,
        request: Request<ReservationView>,
        id: ReservationId,
        change: ChangeRequest,
    ) -> Result<Answered, StoreError> {
        let ChangeRequest { lines, strategy, ttl } = change;
        let reply = Reply { claim: Claim::of(&request), render: Render::Reservation(request.render) };
        let kind = |lines| CommandKind::Change { id, lines, strategy, ttl };
        self.submit_lines(request.caller, reply, &lines, kind).await
    }

    /// Sets the deadline to now + ttl, never sooner than it was.
    ///
    /// # Errors
    /// `not_found`, `not_held`, `has_order`, or `invalid_input` past the ceiling of one hour.
    pub async fn reservation_extend(
        &self,
        request: Request<ReservationView>,
        id: ReservationId,
        ttl: Ttl,
    ) -> Result<Answered, StoreError> {
        self.decide(request, CommandKind::Extend { id, ttl }).await
    }

    /// Gives the units back.
    ///
    /// # Errors
    /// `not_found`, `not_held`, `has_order`.
    pub async fn reservation_release(
        &self,
        request: Request<ReservationView>,
        id: ReservationId,
    ) -> Result<Answered, StoreError> {
        self.decide(request, CommandKind::Release { id }).await
    }

    /// The reservation as it reads now.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn reservation_fetch(&self, id: ReservationId) -> Result<ReservationView, StoreError> {
        self.read(async move |mut conn| {
            let reservation = reservations_read_in_tx(&mut conn, &[id]).await?.pop();
            let reservation = reservation.ok_or_else(|| Problem::not_found("reservation"))?;
            Ok(reservation.view(tx::clock_in_tx(&mut conn).await?))
        })
        .await
    }

    async fn decide(&self, request: Request<ReservationView>, kind: CommandKind) -> Result<Answered, StoreError> {
        let reply = Reply { claim: Claim::of(&request), render: Render::Reservation(request.render) };
        self.submit(request.caller, reply, kind).await
    }
}

/// Reads reservations with their lines, in one statement so that both are of one moment; in the order of
/// the ids. Those that do not exist are left out.
pub(crate) async fn reservations_read_in_tx(
    conn: &mut PgConnection,
    ids: &[ReservationId],
) -> Result<Vec<Reservation>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        ReservationRow,
        "select
            reservations.id,
            reservations.status,
            reservations.owner,
            reservations.strategy,
            reservations.order_id,
            reservations.created_at,
            reservations.expires_at,
            reservation_lines.product_id,
            products.sku,
            reservation_lines.warehouse,
            reservation_lines.quantity,
            reservation_lines.reason
        from reservations
        join reservation_lines on reservation_lines.reservation_id = reservations.id
        join products on products.id = reservation_lines.product_id
        where reservations.id = any($1)
        order by reservations.id, reservation_lines.line, reservation_lines.warehouse",
        &uuids,
    )
    .fetch_all(conn)
    .await?;
    let mut found: BTreeMap<ReservationId, Reservation> = BTreeMap::new();
    for row in rows {
        let line = row.line()?;
        let id = ReservationId::from_uuid(row.id);
        let reservation = match found.entry(id) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(row.try_into()?),
        };
        match reservation.lines.last_mut().filter(|last| last.product_id == line.product_id) {
            Some(last) => {
                last.quantity += line.quantity;
                last.allocations.extend(line.allocations);
            }
            None => reservation.lines.push(line),
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// One line's share in one warehouse, with its reservation.
struct ReservationRow {
    id: Uuid,
    status: String,
    owner: Option<String>,
    strategy: String,
    order_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    product_id: Uuid,
    sku: String,
    warehouse: String,
    quantity: i64,
    reason: String,
}

impl ReservationRow {
    fn line(&self) -> Result<ReservationLine, StoreError> {
        let warehouse =
            WarehouseCode::new(&*self.warehouse).map_err(|error| corrupt("reservation_lines.warehouse", error))?;
        let reason = self.reason.parse().map_err(|error| corrupt("reservation_lines.reason", error))?;
        Ok(ReservationLine {
            sku: Sku::new(&*self.sku).map_err(|error| corrupt("products.sku", error))?,
            product_id: ProductId::from_uuid(self.product_id),
            quantity: self.quantity,
            allocations: vec![Allocation { warehouse, quantity: self.quantity, reason }],
        })
    }
}

impl TryFrom<ReservationRow> for Reservation {
    type Error = StoreError;

    fn try_from(row: ReservationRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ReservationId::from_uuid(row.id),
            status: row.status.parse().map_err(|error| corrupt("reservations.status", error))?,
            lines: Vec::new(),
            owner: row.owner.map(Owner::new).transpose().map_err(|error| corrupt("reservations.owner", error))?,
            strategy: row.strategy.parse().map_err(|error| corrupt("reservations.strategy", error))?,
            order_id: row.order_id.map(OrderId::from_uuid),
            created_at: Timestamp::new(row.created_at),
            expires_at: Timestamp::new(row.expires_at),
        })
    }
}
