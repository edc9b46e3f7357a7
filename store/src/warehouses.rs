//! Warehouses: created, changed, listed. Nobody deletes one: what the journal tells of it has to be read.

use domain::ids::WarehouseId;
use domain::page::{Cursor, Direction, Limit, Page, binding};
use domain::problem::Problem;
use domain::text::Name;
use domain::time::Timestamp;
use domain::warehouse::{self, NewWarehouse, Warehouse, WarehouseCode, WarehousePatch};
use sqlx::PgConnection;

use crate::edit::{Edit, Edited, edit};
use crate::error::{StoreError, corrupt, refused};
use crate::ids;
use crate::request::{Answered, Request};
use crate::store::Store;
use crate::tx;

/// What is to be done to a warehouse's own facts.
#[derive(Debug)]
enum WarehouseEdit {
    Create { id: WarehouseId, new: NewWarehouse },
    Change { code: WarehouseCode, patch: WarehousePatch },
}

/// A warehouse's place in the list.
type Place = (i32, WarehouseCode);

impl Store {
    /// Creates a warehouse, active and empty.
    ///
    /// # Errors
    /// `code_taken`.
    pub async fn warehouse_create(
        &self,
        request: Request<Warehouse>,
        new: NewWarehouse,
    ) -> Result<Answered, StoreError> {
        edit(&self.pool, request, WarehouseEdit::Create { id: ids::warehouse_id(), new }).await
    }

    /// Changes a warehouse. One that is made inactive keeps what is on hand and held in it: new holds pass it
    /// by and it takes nothing in, while what is held is shipped or released from there.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn warehouse_change(
        &self,
        request: Request<Warehouse>,
        code: WarehouseCode,
        patch: WarehousePatch,
    ) -> Result<Answered, StoreError> {
        edit(&self.pool, request, WarehouseEdit::Change { code, patch }).await
    }

    /// # Errors
    /// `not_found`.
    pub async fn warehouse_fetch(&self, code: WarehouseCode) -> Result<Warehouse, StoreError> {
        self.read(async move |mut conn| warehouse_fetch_in_tx(&mut conn, &code).await.map(|(_, found)| found)).await
    }

    /// The id of a warehouse, which only the journal has.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn warehouse_id(&self, code: WarehouseCode) -> Result<WarehouseId, StoreError> {
        self.read(async move |mut conn| warehouse_fetch_in_tx(&mut conn, &code).await.map(|(id, _)| id)).await
    }

    /// A page of warehouses, first the one that is drawn on first.
    ///
    /// # Errors
    /// `bad_cursor`, `cursor_mismatch`.
    pub async fn warehouse_list(&self, limit: Limit, cursor: Option<&str>) -> Result<Page<Warehouse>, StoreError> {
        let binding = binding(&["warehouses"]);
        let cursor = cursor.map(|text| Cursor::<Place>::decode(text, binding)).transpose().map_err(refused)?;
        let place = |warehouse: &Warehouse| (warehouse.priority, warehouse.code.clone());
        // There are few of them, and each batch reads them all.
        let mut all = self.read(async |mut conn| warehouse_list_in_tx(&mut conn).await).await?;
        if let Some(Cursor { direction, key, .. }) = &cursor {
            match direction {
                Direction::Next => all.retain(|warehouse| place(warehouse) > *key),
                Direction::Prev => {
                    all.retain(|warehouse| place(warehouse) < *key);
                    all.reverse();
                }
            }
        }
        all.truncate(limit.get() + 1);
        Ok(Page::from_rows(all, limit, cursor.as_ref(), binding, place))
    }
}

impl Edit for WarehouseEdit {
    type View = Warehouse;

    async fn apply(&self, conn: &mut PgConnection) -> Result<Edited<Warehouse>, StoreError> {
        match self {
            Self::Create { id, new } => {
                let (view, at) = (new.made(), tx::clock_in_tx(conn).await?);
                warehouse_insert_in_tx(conn, *id, &view, at).await?;
                let draft = Some(warehouse::created(ids::change_id(), *id, &view));
                Ok(Edited { view, kept: None, draft, at })
            }
            Self::Change { code, patch } => {
                let locked = sqlx::query!(
                    r#"select 1 as "locked!" from warehouses where code = $1 for no key update"#,
                    code.as_str(),
                );
                locked.fetch_optional(&mut *conn).await?;
                let (id, before) = warehouse_fetch_in_tx(conn, code).await?;
                let at = tx::clock_in_tx(conn).await?;
                let view = patch.apply(&before);
                let draft = warehouse::changed(ids::change_id(), id, &before, &view);
                if draft.is_some() {
                    warehouse_update_in_tx(conn, &view).await?;
                }
                Ok(Edited { view, kept: None, draft, at })
            }
        }
    }
}

/// # Errors
/// `code_taken`.
async fn warehouse_insert_in_tx(
    conn: &mut PgConnection,
    id: WarehouseId,
    warehouse: &Warehouse,
    created_at: Timestamp,
) -> Result<(), StoreError> {
    let inserted = sqlx::query!(
        "insert into warehouses (
            id,
            code,
            name,
            priority,
            active,
            created_at
        )
        values ($1, $2, $3, $4, $5, $6)",
        id.as_uuid(),
        warehouse.code.as_str(),
        warehouse.name.as_str(),
        warehouse.priority,
        warehouse.active,
        created_at.as_datetime(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::from);
    match inserted {
        Err(error) if error.constraint() == Some("warehouses_pk") => {
            Err(Problem::CodeTaken { warehouse: warehouse.code.clone() }.into())
        }
        inserted => inserted.map(drop),
    }
}

async fn warehouse_update_in_tx(conn: &mut PgConnection, warehouse: &Warehouse) -> Result<(), StoreError> {
    let updated = sqlx::query!(
        "update warehouses
        set
            name = $2,
            priority = $3,
            active = $4
        where code = $1",
        warehouse.code.as_str(),
        warehouse.name.as_str(),
        warehouse.priority,
        warehouse.active,
    )
    .execute(conn)
    .await?
    .rows_affected();
    let code = &warehouse.code;
    if updated == 1 { Ok(()) } else { Err(StoreError::Corrupt(format!("warehouse {code} went away under its lock"))) }
}

/// # Errors
/// `not_found`.
async fn warehouse_fetch_in_tx(
    conn: &mut PgConnection,
    code: &WarehouseCode,
) -> Result<(WarehouseId, Warehouse), StoreError> {
    let row = sqlx::query!(
        "select
            id,
            code,
            name,
            priority,
            active
        from warehouses
        where code = $1",
        code.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    let row = row.ok_or_else(|| Problem::not_found("warehouse"))?;
    Ok((WarehouseId::from_uuid(row.id), warehouse(row.code, row.name, row.priority, row.active)?))
}

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
