//! Where stock lies.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::SmolStr;

use crate::form::{FieldErrors, Fields};
use crate::ids::{ChangeId, WarehouseId};
use crate::journal::{Action, ChangeDraft, EntryDraft, Subject};
use crate::text::{self, Name, TextError, text_conversions};

/// A warehouse's code: 1 to 16 printable characters. It never changes and names the warehouse
/// everywhere, in the database too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct WarehouseCode(SmolStr);

impl WarehouseCode {
    pub const MAX_CHARS: usize = 16;
    /// The warehouse that is there from the beginning.
    pub const MAIN: &'static str = "MAIN";

    /// # Errors
    /// [`TextError`] says what is wrong with the text. `.` and `..` are refused because clients resolve
    /// them in paths.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text::checked(text.into(), Self::MAX_CHARS)?;
        if text.chars().any(text::is_invisible) {
            return Err(TextError::Invisible);
        }
        if matches!(text.as_str(), "." | "..") {
            return Err(TextError::PathSegment);
        }
        Ok(Self(text.into()))
    }

    /// The warehouse that is meant where none is named.
    pub fn main() -> Self {
        Self(SmolStr::new_static(Self::MAIN))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(WarehouseCode);

/// A place that holds stock. `priority` 1 is drawn on first; among equals, the code decides. One that is
/// not active is not drawn on and takes nothing in: what is on hand there stays, and what is held there is
/// shipped or released from there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Warehouse {
    pub code: WarehouseCode,
    pub name: Name,
    pub priority: i32,
    pub active: bool,
}

/// The lowest priority: the largest number that one may have.
pub const PRIORITY_MAX: i32 = 1_000_000;

/// The number was outside 1 to [`PRIORITY_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 1,000,000")]
pub struct PriorityError;

fn checked_priority(number: i64) -> Result<i32, PriorityError> {
    i32::try_from(number).ok().filter(|number| (1..=PRIORITY_MAX).contains(number)).ok_or(PriorityError)
}

/// A warehouse to be made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NewWarehouse {
    code: WarehouseCode,
    name: Name,
    priority: i32,
}

impl NewWarehouse {
    /// # Errors
    /// One error for each field that is not acceptable: `code`, `name`, `priority`.
    pub fn new(code: &str, name: &str, priority: i64) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let code = fields.take("code", WarehouseCode::new(code));
        let name = fields.take("name", Name::new(name));
        let priority = fields.take("priority", checked_priority(priority));
        fields.finish(|| Some(Self { code: code?, name: name?, priority: priority? }))
    }

    /// The warehouse as it is made: active.
    pub fn made(&self) -> Warehouse {
        Warehouse { code: self.code.clone(), name: self.name.clone(), priority: self.priority, active: true }
    }
}

/// What to change of a warehouse; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct WarehousePatch {
    name: Option<Name>,
    priority: Option<i32>,
    active: Option<bool>,
}

impl WarehousePatch {
    /// # Errors
    /// One error for each field that is not acceptable: `name`, `priority`.
    pub fn new(name: Option<&str>, priority: Option<i64>, active: Option<bool>) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let name = name.map(|name| fields.take("name", Name::new(name)));
        let priority = priority.map(|number| fields.take("priority", checked_priority(number)));
        fields.finish(|| Some(Self { name: name.flatten(), priority: priority.flatten(), active }))
    }

    /// The warehouse as it is after the patch.
    pub fn apply(&self, warehouse: &Warehouse) -> Warehouse {
        Warehouse {
            code: warehouse.code.clone(),
            name: self.name.clone().unwrap_or_else(|| warehouse.name.clone()),
            priority: self.priority.unwrap_or(warehouse.priority),
            active: self.active.unwrap_or(warehouse.active),
        }
    }
}

/// What the journal tells of a new warehouse.
pub fn created(change_id: ChangeId, id: WarehouseId, warehouse: &Warehouse) -> ChangeDraft {
    draft(change_id, Action::WarehouseCreated, id, None, warehouse)
}

/// What the journal tells of a change; `None` where nothing changed.
pub fn changed(change_id: ChangeId, id: WarehouseId, before: &Warehouse, after: &Warehouse) -> Option<ChangeDraft> {
    let action = match (before.active, after.active) {
        _ if before == after => return None,
        (true, false) => Action::WarehouseDeactivated,
        (false, true) => Action::WarehouseActivated,
        (true, true) | (false, false) => Action::WarehouseChanged,
    };
    Some(draft(change_id, action, id, Some(facts(before)), after))
}

fn draft(
    change_id: ChangeId,
    action: Action,
    id: WarehouseId,
    before: Option<Value>,
    after: &Warehouse,
) -> ChangeDraft {
    let entries = vec![EntryDraft { stock: None, before, after: Some(facts(after)) }];
    ChangeDraft { change_id, action, subject: Subject::Warehouse(id), entries }
}

fn facts(warehouse: &Warehouse) -> Value {
    json!({
        "code": warehouse.code,
        "name": warehouse.name,
        "priority": warehouse.priority,
        "active": warehouse.active,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let errors = NewWarehouse::new("..", " ", 0).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["code", "name", "priority"]);
        assert!(WarehousePatch::new(None, Some(i64::MAX), None).is_err());
        assert!(NewWarehouse::new("BER", "Berlin", PRIORITY_MAX.into()).is_ok());
    }

    #[test]
    fn a_change_is_called_after_what_it_does_and_one_that_does_nothing_is_not_told() {
        let id = "019a0000-0000-7000-8000-000000000001";
        let tell = |patch: WarehousePatch, before: &Warehouse| {
            let draft = changed(id.parse().unwrap(), id.parse().unwrap(), before, &patch.apply(before));
            draft.map(|draft| draft.action)
        };
        let patch = |name, priority, active| WarehousePatch::new(name, priority, active).unwrap();
        let open = NewWarehouse::new("BER", "Berlin", 2).unwrap().made();
        let shut = Warehouse { active: false, ..open.clone() };
        assert_eq!(tell(patch(Some("Berlin"), Some(2), Some(true)), &open), None);
        assert_eq!(tell(patch(None, Some(1), None), &open), Some(Action::WarehouseChanged));
        assert_eq!(tell(patch(Some("Closed"), None, Some(false)), &open), Some(Action::WarehouseDeactivated));
        assert_eq!(tell(patch(None, None, Some(true)), &shut), Some(Action::WarehouseActivated));
    }
}
