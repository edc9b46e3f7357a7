//! The proof that stock is what the journal says: every row equals the sum of its deltas, and what is
//! reserved equals what reservations hold and what orders wait to ship.

use domain::ids::ProductId;
use uuid::Uuid;

use crate::error::StoreError;
use crate::store::Store;

/// A stock row that disagrees with the journal or with the reservations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    pub product_id: ProductId,
    pub warehouse: String,
    /// As it stands in `stock`.
    pub on_hand: i64,
    pub reserved: i64,
    pub version: i64,
    /// As the journal has it.
    pub journal_on_hand: i64,
    pub journal_reserved: i64,
    pub journal_entries: i64,
    /// What reservations hold and orders wait to ship, by their lines.
    pub held: i64,
}

impl Store {
    /// Compares every stock row with the sums over the journal and over the lines held and to be shipped, in one statement
    /// and so at one moment. At most `limit` rows that disagree are given.
    ///
    /// # Errors
    /// What the database said.
    pub async fn verify_stock(&self, limit: i64) -> Result<Vec<Mismatch>, StoreError> {
        self.read(async move |mut conn| {
            // All rows are read: that may take longer than a request is given.
            sqlx::query!("set statement_timeout = 0").execute(&mut *conn).await?;
            let rows = sqlx::query!(
                r#"select
                    product_id as "product_id!",
                    warehouse as "warehouse!",
                    coalesce(stock.on_hand, 0) as "on_hand!",
                    coalesce(stock.reserved, 0) as "reserved!",
                    coalesce(stock.version, 0) as "version!",
                    coalesce(sums.on_hand, 0) as "journal_on_hand!",
                    coalesce(sums.reserved, 0) as "journal_reserved!",
                    coalesce(sums.entries, 0) as "journal_entries!",
                    coalesce(holds.held, 0) as "held!"
                from stock
                full join (
                    select
                        product_id,
                        warehouse,
                        sum(on_hand_delta)::bigint as on_hand,
                        sum(reserved_delta)::bigint as reserved,
                        count(*) as entries
                    from journal
                    where warehouse is not null
                    group by product_id, warehouse
                ) as sums using (product_id, warehouse)
                full join (
                    select
                        product_id,
                        warehouse,
                        sum(quantity)::bigint as held
                    from (
                        select
                            reservation_lines.product_id,
                            reservation_lines.warehouse,
                            reservation_lines.quantity
                        from reservation_lines
                        join reservations on reservations.id = reservation_lines.reservation_id
                        where reservations.status = 'held'
                        union all
                        select
                            order_lines.product_id,
                            order_lines.warehouse,
                            order_lines.quantity
                        from order_lines
                        join orders on orders.id = order_lines.order_id
                        where orders.status in ('confirmed', 'processing')
                    ) as lines
                    group by product_id, warehouse
                ) as holds using (product_id, warehouse)
                where stock.on_hand is distinct from coalesce(sums.on_hand, 0)
                   or stock.reserved is distinct from coalesce(sums.reserved, 0)
                   or stock.version is distinct from coalesce(sums.entries, 0)
                   or stock.reserved is distinct from coalesce(holds.held, 0)
                limit $1"#,
                limit,
            )
            .fetch_all(&mut *conn)
            .await;
            sqlx::query!("reset statement_timeout").execute(&mut *conn).await?;
            let mismatches = rows?.into_iter().map(|row| Mismatch {
                product_id: ProductId::from_uuid(row.product_id as Uuid),
                warehouse: row.warehouse,
                on_hand: row.on_hand,
                reserved: row.reserved,
                version: row.version,
                journal_on_hand: row.journal_on_hand,
                journal_reserved: row.journal_reserved,
                journal_entries: row.journal_entries,
                held: row.held,
            });
            Ok(mismatches.collect())
        })
        .await
    }
}
