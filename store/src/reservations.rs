//! Reservations: made, changed, extended, released, read.

pub(crate) mod expire;
mod list;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::allocation::Allocation;
use domain::decide::{Command, CommandKind, Line};
use domain::form::FieldError;
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::problem::Problem;
use domain::product::ProductRef;
use domain::reservation::{
    ChangeRequest, HoldRequest, LineRequest, Reservation, ReservationLine, ReservationView, Ttl,
};
use domain::sku::Sku;
use domain::text::Owner;
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::batch::{self, Item, Locking, Outcome, Render, Reply};
use crate::error::{StoreError, corrupt};
use crate::idempotency::Claim;
use crate::ids;
use crate::products::product_ids_of;
use crate::request::{Answered, Request};
use crate::store::Store;
use crate::tx;
use domain::decide::{Answer, Refusal};
use domain::reservation::ReservationStatus;

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
        let lines = self.lines_resolve(lines).await?;
        let id = ids::reservation_id();
        self.decide(request, CommandKind::Hold { id, lines, strategy, ttl, owner }).await
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
        let lines = self.lines_resolve(lines).await?;
        self.decide(request, CommandKind::Change { id, lines, strategy, ttl }).await
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
        let command = Command { change_id: ids::change_id(), kind };
        self.submit(Item { command, caller: request.caller, reply: Some(reply) }).await
    }

    /// Sends one command on its way and waits for its own outcome.
    pub(crate) async fn submit(&self, item: Item) -> Result<Answered, StoreError> {
        let pool = self.pool.clone();
        let outcomes = tx::detached(async move { batch::run(&pool, &[item], Locking::Wait).await }).await?;
        match outcomes.into_iter().next() {
            Some(Outcome::Accepted { answer, rendered: Some(rendered) }) => {
                if let Some(deadline) = deadline(&answer) {
                    self.deadline_set(deadline);
                }
                Ok(Answered { rendered, replayed: false })
            }
            Some(Outcome::Replayed(rendered)) => Ok(Answered { rendered, replayed: true }),
            Some(Outcome::Refused(Refusal::Problem(problem))) => Err(problem.into()),
            Some(Outcome::Refused(refusal)) => Err(StoreError::Corrupt(refusal.to_string())),
            Some(Outcome::Accepted { rendered: None, .. }) | None => {
                Err(StoreError::Corrupt("a command got no answer".to_owned()))
            }
        }
    }

    /// Finds the product of each line.
    pub(crate) async fn lines_resolve(&self, lines: Vec<LineRequest>) -> Result<Vec<Line>, StoreError> {
        self.read(async move |mut conn| {
            let products: Vec<ProductRef> = lines.iter().map(|line| line.product.clone()).collect();
            let found = product_ids_of(&mut conn, &products).await?;
            let mut errors = Vec::new();
            let mut resolved = Vec::with_capacity(lines.len());
            for (index, line) in lines.into_iter().enumerate() {
                match found.get(&line.product) {
                    Some(product_id) => resolved.push(Line {
                        product_id: *product_id,
                        quantity: line.quantity,
                        warehouse: line.warehouse,
                    }),
                    None => errors.push(unknown(index, &line.product)),
                }
            }
            if errors.is_empty() { Ok(resolved) } else { Err(Problem::UnknownSku { errors }.into()) }
        })
        .await
    }
}

/// The deadline that the sweep has to meet because of this.
fn deadline(answer: &Answer) -> Option<Timestamp> {
    match answer {
        Answer::Reservation(view) if view.reservation.status == ReservationStatus::Held => {
            Some(view.reservation.expires_at)
        }
        Answer::Order(view) => view.expires_at,
        Answer::Reservation(_) | Answer::Product(_) => None,
    }
}

fn unknown(index: usize, product: &ProductRef) -> FieldError {
    match product {
        ProductRef::Sku(sku) => FieldError::new(format!("lines[{index}].sku"), format!("names no product: {sku}")),
        ProductRef::Id(id) => FieldError::new(format!("lines[{index}].product_id"), format!("names no product: {id}")),
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

/// Writes new reservations with their lines.
pub(crate) async fn reservations_insert_in_tx(
    conn: &mut PgConnection,
    reservations: &[&Reservation],
) -> Result<(), StoreError> {
    if reservations.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = reservations.iter().map(|each| each.id.as_uuid()).collect();
    let statuses: Vec<String> = reservations.iter().map(|each| each.status.as_str().to_owned()).collect();
    let owners: Vec<Option<String>> = reservations.iter().map(|each| each.owner.clone().map(String::from)).collect();
    let strategies: Vec<String> = reservations.iter().map(|each| <&str>::from(each.strategy).to_owned()).collect();
    let created: Vec<DateTime<Utc>> = reservations.iter().map(|each| each.created_at.as_datetime()).collect();
    let expires: Vec<DateTime<Utc>> = reservations.iter().map(|each| each.expires_at.as_datetime()).collect();
    let orders: Vec<Option<Uuid>> = reservations.iter().map(|each| each.order_id.map(OrderId::as_uuid)).collect();
    sqlx::query!(
        "insert into reservations (
            id,
            status,
            owner,
            strategy,
            created_at,
            expires_at,
            order_id
        )
        select *
        from unnest(
            $1::uuid[],
            $2::text[],
            $3::text[],
            $4::text[],
            $5::timestamptz[],
            $6::timestamptz[],
            $7::uuid[]
        )",
        &ids,
        &statuses,
        &owners as &[Option<String>],
        &strategies,
        &created,
        &expires,
        &orders as &[Option<Uuid>],
    )
    .execute(&mut *conn)
    .await?;
    lines_insert_in_tx(conn, reservations).await
}

/// Writes status, strategy, deadline and order; of those in `replaced` the lines as well.
pub(crate) async fn reservations_update_in_tx(
    conn: &mut PgConnection,
    updated: &[&Reservation],
    replaced: &[&Reservation],
    before: &BTreeMap<ReservationId, ReservationStatus>,
) -> Result<(), StoreError> {
    if updated.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = updated.iter().map(|each| each.id.as_uuid()).collect();
    let statuses: Vec<String> = updated.iter().map(|each| each.status.as_str().to_owned()).collect();
    let strategies: Vec<String> = updated.iter().map(|each| <&str>::from(each.strategy).to_owned()).collect();
    let expires: Vec<DateTime<Utc>> = updated.iter().map(|each| each.expires_at.as_datetime()).collect();
    let orders: Vec<Option<Uuid>> = updated.iter().map(|each| each.order_id.map(OrderId::as_uuid)).collect();
    // The table is asked once more whether they are what they were when this was decided.
    let were: Vec<String> = updated
        .iter()
        .map(|each| before.get(&each.id).copied().unwrap_or(ReservationStatus::Held).as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        "update reservations
        set
            status = changed.status,
            strategy = changed.strategy,
            expires_at = changed.expires_at,
            order_id = changed.order_id
        from unnest(
            $1::uuid[],
            $2::text[],
            $3::text[],
            $4::timestamptz[],
            $5::uuid[],
            $6::text[]
        ) as changed (id, status, strategy, expires_at, order_id, was)
        where reservations.id = changed.id
          and reservations.status = changed.was",
        &ids,
        &statuses,
        &strategies,
        &expires,
        &orders as &[Option<Uuid>],
        &were,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if rows != updated.len() as u64 {
        return Err(StoreError::Corrupt(format!("{rows} of {} reservations were what they had been", updated.len())));
    }
    if replaced.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = replaced.iter().map(|each| each.id.as_uuid()).collect();
    sqlx::query!("delete from reservation_lines where reservation_id = any($1)", &ids).execute(&mut *conn).await?;
    lines_insert_in_tx(conn, replaced).await
}

async fn lines_insert_in_tx(conn: &mut PgConnection, reservations: &[&Reservation]) -> Result<(), StoreError> {
    let mut products: Vec<Uuid> = Vec::new();
    let mut ids: Vec<Uuid> = Vec::new();
    let mut warehouses: Vec<String> = Vec::new();
    let mut places: Vec<i32> = Vec::new();
    let mut quantities: Vec<i64> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for reservation in reservations {
        for (place, line) in (0..).zip(&reservation.lines) {
            for allocation in &line.allocations {
                products.push(line.product_id.as_uuid());
                ids.push(reservation.id.as_uuid());
                warehouses.push(allocation.warehouse.as_str().to_owned());
                places.push(place);
                quantities.push(allocation.quantity);
                reasons.push(<&str>::from(allocation.reason).to_owned());
            }
        }
    }
    sqlx::query!(
        "insert into reservation_lines (
            product_id,
            reservation_id,
            warehouse,
            line,
            quantity,
            reason
        )
        select *
        from unnest(
            $1::uuid[],
            $2::uuid[],
            $3::text[],
            $4::integer[],
            $5::bigint[],
            $6::text[]
        )",
        &products,
        &ids,
        &warehouses,
        &places,
        &quantities,
        &reasons,
    )
    .execute(conn)
    .await?;
    Ok(())
}
