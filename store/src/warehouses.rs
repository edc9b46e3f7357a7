//! Warehouses.

use domain::text::Name;
use domain::warehouse::{Warehouse, WarehouseCode};
use sqlx::PgConnection;

use crate::error::{StoreError, corrupt};

/// All warehouses, in order of priority.
pub(crate) async fn warehouse_list_in_tx(conn: &mut PgConnection) -> Result<Vec<Warehouse>, StoreError> {
    let rows = sqlx::query!(
        "select
            code,
            name,
            priority,
            active
        from warehouses
        order by priority, code",
    )
    .fetch_all(conn)
    .await?;
    let warehouses = rows.into_iter().map(|row| {
        Ok(Warehouse {
            code: WarehouseCode::new(row.code).map_err(|error| corrupt("warehouses.code", error))?,
            name: Name::new(row.name).map_err(|error| corrupt("warehouses.name", error))?,
            priority: row.priority,
            active: row.active,
        })
    });
    warehouses.collect()
}
