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
    rows.into_iter().map(|row| warehouse(row.code, row.name, row.priority, row.active)).collect()
}

/// A warehouse from its columns.
pub(crate) fn warehouse(code: String, name: String, priority: i32, active: bool) -> Result<Warehouse, StoreError> {
    Ok(Warehouse {
        code: WarehouseCode::new(code).map_err(|error| corrupt("warehouses.code", error))?,
        name: Name::new(name).map_err(|error| corrupt("warehouses.name", error))?,
        priority,
        active,
    })
}
