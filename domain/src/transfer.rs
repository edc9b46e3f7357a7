//! Units that move from one warehouse to another.

use serde::{Deserialize, Serialize};

use crate::form::{FieldErrors, Fields};
use crate::ids::ChangeId;
use crate::product::ProductRef;
use crate::quantity::Quantity;
use crate::reservation::{LineInput, LineRequest, take_lines};
use crate::sku::Sku;
use crate::time::Timestamp;
use crate::warehouse::WarehouseCode;

/// What is said of units that would go where they are.
pub(crate) const SAME_PLACE: &str = "must be another warehouse than the one that the units come from";

/// A request to move units: 1 to 1,000 lines, all or nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TransferRequest {
    from: WarehouseCode,
    to: WarehouseCode,
    lines: Vec<LineRequest>,
}

/// What was moved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TransferView {
    /// All entries of it in the journal carry it.
    pub change_id: ChangeId,
    pub from: WarehouseCode,
    pub to: WarehouseCode,
    /// The units of each product, the lines of one product summed.
    pub lines: Vec<TransferLine>,
    pub at: Timestamp,
}

/// Units of one product that were moved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TransferLine {
    pub sku: Sku,
    pub quantity: i64,
}

impl TransferRequest {
    /// # Errors
    /// One error for each field that is not acceptable: `from`, `to`, lines by their index.
    pub fn new(from: &str, to: &str, lines: &[LineInput]) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let from = fields.take("from", WarehouseCode::new(from));
        let to = fields.take("to", WarehouseCode::new(to));
        if from.is_some() && from == to {
            fields.refuse("to", SAME_PLACE);
        }
        let lines = take_lines(&mut fields, lines);
        fields.finish(|| Some(Self { from: from?, to: to?, lines }))
    }

    /// Units of one product. That the two warehouses are one is refused when it is decided.
    pub fn of_one(from: WarehouseCode, to: WarehouseCode, product: ProductRef, quantity: Quantity) -> Self {
        Self { from, to, lines: vec![LineRequest { product, quantity, warehouse: None }] }
    }

    /// Where from, where to, and what.
    pub fn into_parts(self) -> (WarehouseCode, WarehouseCode, Vec<LineRequest>) {
        (self.from, self.to, self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_move_to_another_place_or_not_at_all() {
        let line = LineInput { sku: Some("A".into()), quantity: Some(1), ..LineInput::default() };
        let fields = |from: &str, to: &str, lines: &[LineInput]| -> Vec<String> {
            let errors = TransferRequest::new(from, to, lines).err().unwrap_or_default();
            errors.into_iter().map(|error| error.field).collect()
        };
        assert_eq!(fields("BER", "AMS", std::slice::from_ref(&line)), [""; 0]);
        assert_eq!(fields("BER", "BER", std::slice::from_ref(&line)), ["to"]);
        assert_eq!(fields("", " ", &[]), ["from", "to", "lines"]);
    }
}
