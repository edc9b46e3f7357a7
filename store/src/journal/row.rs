//! An entry as the table has it.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{ChangeId, ProductId, RequestId};
use domain::journal::{Entry, Subject, facts_with_level};
use domain::sku::Sku;
use domain::stock::{LevelDelta, StockLevel};
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Glimpse, Moved};
use crate::error::{StoreError, corrupt};

pub(super) const SELECT: &str = "select
        journal.position,
        journal.at,
        journal.change_id,
        journal.actor,
        journal.request_id,
        journal.action,
        journal.subject_kind,
        journal.subject_id,
        journal.product_id,
        products.sku,
        journal.warehouse,
        journal.on_hand_delta,
        journal.reserved_delta,
        journal.on_hand,
        journal.reserved,
        journal.version,
        journal.before,
        journal.after
    from journal
    left join products on products.id = journal.product_id
    where true";

#[derive(FromRow)]
pub(super) struct EntryRow {
    pub(super) position: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) change_id: Uuid,
    pub(super) actor: String,
    pub(super) request_id: Option<Uuid>,
    pub(super) action: String,
    pub(super) subject_kind: String,
    pub(super) subject_id: Uuid,
    pub(super) product_id: Option<Uuid>,
    pub(super) sku: Option<String>,
    pub(super) warehouse: Option<String>,
    pub(super) on_hand_delta: i64,
    pub(super) reserved_delta: i64,
    pub(super) on_hand: Option<i64>,
    pub(super) reserved: Option<i64>,
    pub(super) version: Option<i64>,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// As much of an entry as concerns what is remembered of products.
pub(super) struct GlimpseRow {
    pub(super) position: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) product_id: Option<Uuid>,
    pub(super) warehouse: Option<String>,
    pub(super) on_hand_delta: i64,
    pub(super) reserved_delta: i64,
    pub(super) version: Option<i64>,
}

impl From<&EntryRow> for GlimpseRow {
    fn from(row: &EntryRow) -> Self {
        Self {
            position: row.position,
            at: row.at,
            product_id: row.product_id,
            warehouse: row.warehouse.clone(),
            on_hand_delta: row.on_hand_delta,
            reserved_delta: row.reserved_delta,
            version: row.version,
        }
    }
}

impl TryFrom<GlimpseRow> for Glimpse {
    type Error = StoreError;

    fn try_from(row: GlimpseRow) -> Result<Self, StoreError> {
        let GlimpseRow { position, at, product_id, warehouse, on_hand_delta, reserved_delta, version } = row;
        let warehouse = warehouse_code(warehouse)?;
        let at = Timestamp::new(at);
        let moved = warehouse.zip(version).map(|(warehouse, version)| Moved {
            warehouse,
            on_hand_delta,
            reserved_delta,
            version,
            at,
        });
        Ok(Self { position, product_id: product_id.map(ProductId::from_uuid), moved })
    }
}

fn warehouse_code(text: Option<String>) -> Result<Option<WarehouseCode>, StoreError> {
    text.map(WarehouseCode::new).transpose().map_err(|error| corrupt("journal.warehouse", error))
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let EntryRow {
            position,
            at,
            change_id,
            actor,
            request_id,
            action,
            subject_kind,
            subject_id,
            product_id: _,
            sku,
            warehouse,
            on_hand_delta,
            reserved_delta,
            on_hand,
            reserved,
            version,
            mut before,
            mut after,
        } = row;
        // Entries from before there were these columns have the level among their facts.
        if let (Some(on_hand), Some(reserved)) = (on_hand, reserved) {
            let level = StockLevel { on_hand, reserved };
            let delta = LevelDelta { on_hand: on_hand_delta, reserved: reserved_delta };
            before = Some(facts_with_level(before, level.before(delta)));
            after = Some(facts_with_level(after, level));
        }
        Ok(Self {
            position,
            at: Timestamp::new(at),
            change_id: ChangeId::from_uuid(change_id),
            actor: actor.parse::<Actor>().map_err(|error| corrupt("journal.actor", error))?,
            request_id: request_id.map(RequestId::from_uuid),
            action: action.parse().map_err(|error| corrupt("journal.action", error))?,
            subject: Subject::new(&subject_kind, subject_id)
                .ok_or_else(|| corrupt("journal.subject_kind", subject_kind))?,
            sku: sku.map(Sku::new).transpose().map_err(|error| corrupt("products.sku", error))?,
            warehouse: warehouse_code(warehouse)?,
            on_hand_delta,
            reserved_delta,
            version,
            before,
            after,
        })
    }
}
