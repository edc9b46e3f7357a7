//! Orders as they stand in the tables.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::currency::Currency;
use domain::ids::{CustomerId, OrderId, ProductId, ReservationId};
use domain::money::Money;
use domain::order::{Customer, Note, Order, OrderAllocation, OrderLine, OrderNumber};
use domain::sku::Sku;
use domain::text::{Email, Name, NoteText, Reference};
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::{StoreError, corrupt};

/// An order, and the deadline of its hold.
pub(crate) type OrderWithDeadline = (Order, Option<Timestamp>);

/// Reads orders with lines, customer and notes, in the order of the ids. Those that do not exist are left
/// out.
pub(crate) async fn orders_read_in_tx(
    conn: &mut PgConnection,
    ids: &[OrderId],
) -> Result<Vec<OrderWithDeadline>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        OrderRow,
        r#"select
            orders.id,
            orders.number,
            orders.status,
            orders.currency,
            orders.total_minor,
            orders.reservation_id,
            orders.reference,
            orders.version,
            orders.placed_at,
            orders.updated_at,
            reservations.expires_at as "expires_at?",
            customers.id as "customer_id?",
            customers.email as customer_email,
            customers.name as customer_name,
            customers.reference as customer_reference,
            order_lines.line,
            order_lines.product_id,
            order_lines.warehouse,
            order_lines.name,
            order_lines.unit_price_minor,
            order_lines.quantity,
            products.sku
        from orders
        join order_lines on order_lines.order_id = orders.id
        join products on products.id = order_lines.product_id
        left join reservations on reservations.id = orders.reservation_id
        left join customers on customers.id = orders.customer_id
        where orders.id = any($1)
        order by orders.id, order_lines.line, order_lines.warehouse"#,
        &uuids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut found: BTreeMap<OrderId, (OrderWithDeadline, i32)> = BTreeMap::new();
    for row in rows {
        let (line, number) = (row.line()?, row.line);
        let id = OrderId::from_uuid(row.id);
        let ((order, _), last) = match found.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            // No line has the number -1: the first row begins one.
            Entry::Vacant(entry) => entry.insert((row.into_order()?, -1)),
        };
        match order.lines.last_mut().filter(|_| *last == number) {
            Some(same) => {
                same.quantity += line.quantity;
                same.allocations.extend(line.allocations);
            }
            None => order.lines.push(line),
        }
        *last = number;
    }
    for (id, note) in notes_read_in_tx(conn, &uuids).await? {
        if let Some(((order, _), _)) = found.get_mut(&id) {
            order.notes.push(note);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).map(|(order, _)| order).collect())
}

async fn notes_read_in_tx(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(OrderId, Note)>, StoreError> {
    let rows = sqlx::query!(
        "select
            order_id,
            at,
            actor,
            text
        from order_notes
        where order_id = any($1)
        order by order_id, note",
        ids,
    )
    .fetch_all(conn)
    .await?;
    let notes = rows.into_iter().map(|row| {
        let actor: Actor = row.actor.parse().map_err(|error| corrupt("order_notes.actor", error))?;
        let text = NoteText::new(row.text).map_err(|error| corrupt("order_notes.text", error))?;
        Ok((OrderId::from_uuid(row.order_id), Note { at: Timestamp::new(row.at), actor, text }))
    });
    notes.collect()
}

/// One line's share in one warehouse, with its order.
struct OrderRow {
    id: Uuid,
    number: i64,
    status: String,
    currency: String,
    total_minor: i64,
    reservation_id: Option<Uuid>,
    reference: Option<String>,
    version: i64,
    placed_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    customer_id: Option<Uuid>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    customer_reference: Option<String>,
    line: i32,
    product_id: Uuid,
    warehouse: String,
    name: String,
    unit_price_minor: i64,
    quantity: i64,
    sku: String,
}

impl OrderRow {
    fn currency(&self) -> Result<Currency, StoreError> {
        self.currency.parse().map_err(|error| corrupt("orders.currency", error))
    }

    fn line(&self) -> Result<OrderLine, StoreError> {
        let warehouse = WarehouseCode::new(&*self.warehouse);
        let warehouse = warehouse.map_err(|error| corrupt("order_lines.warehouse", error))?;
        Ok(OrderLine {
            sku: Sku::new(&*self.sku).map_err(|error| corrupt("products.sku", error))?,
            product_id: ProductId::from_uuid(self.product_id),
            name: Name::new(&*self.name).map_err(|error| corrupt("order_lines.name", error))?,
            unit_price: Money::new(self.unit_price_minor, self.currency()?),
            quantity: self.quantity,
            allocations: vec![OrderAllocation { warehouse, quantity: self.quantity }],
        })
    }

    fn into_order(self) -> Result<OrderWithDeadline, StoreError> {
        let currency = self.currency()?;
        let order = Order {
            id: OrderId::from_uuid(self.id),
            number: OrderNumber::new(self.number),
            status: self.status.parse().map_err(|error| corrupt("orders.status", error))?,
            customer: customer(self.customer_id, self.customer_email, self.customer_name, self.customer_reference)?,
            currency,
            total: Money::new(self.total_minor, currency),
            lines: Vec::new(),
            reservation_id: self.reservation_id.map(ReservationId::from_uuid),
            reference: reference(self.reference)?,
            notes: Vec::new(),
            version: self.version,
            placed_at: Timestamp::new(self.placed_at),
            updated_at: Timestamp::new(self.updated_at),
        };
        Ok((order, self.expires_at.map(Timestamp::new)))
    }
}

pub(crate) fn reference(text: Option<String>) -> Result<Option<Reference>, StoreError> {
    text.map(Reference::new).transpose().map_err(|error| corrupt("orders.reference", error))
}

/// A customer from its columns; `None` where there is no id.
pub(crate) fn customer(
    id: Option<Uuid>,
    email: Option<String>,
    name: Option<String>,
    reference: Option<String>,
) -> Result<Option<Customer>, StoreError> {
    let Some(id) = id else { return Ok(None) };
    Ok(Some(Customer {
        id: CustomerId::from_uuid(id),
        email: email.map(Email::new).transpose().map_err(|error| corrupt("customers.email", error))?,
        name: name.map(Name::new).transpose().map_err(|error| corrupt("customers.name", error))?,
        reference: reference.map(Reference::new).transpose().map_err(|error| corrupt("customers.reference", error))?,
    }))
}
