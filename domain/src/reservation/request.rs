//! What is asked for when units are to be held, checked field by field.

use serde::Serialize;

use super::{LINES_MAX, Ttl};
use crate::allocation::Strategy;
use crate::form::{FieldErrors, Fields};
use crate::product::ProductRef;
use crate::quantity::Quantity;
use crate::sku::Sku;
use crate::text::Owner;
use crate::warehouse::WarehouseCode;

/// One line of a request to reserve, as the caller named it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LineRequest {
    pub product: ProductRef,
    pub quantity: Quantity,
    pub warehouse: Option<WarehouseCode>,
}

/// One line as it comes in, before it is checked.
#[derive(Clone, Debug, Default)]
pub struct LineInput {
    pub sku: Option<String>,
    pub product_id: Option<String>,
    pub quantity: Option<i64>,
    pub warehouse: Option<String>,
}

/// A request to reserve: 1 to 1,000 lines, all or nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HoldRequest {
    pub lines: Vec<LineRequest>,
    pub strategy: Strategy,
    pub ttl: Ttl,
    pub owner: Option<Owner>,
}

/// A request to change what a reservation holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChangeRequest {
    pub lines: Vec<LineRequest>,
    /// `None` keeps the strategy it was made with.
    pub strategy: Option<Strategy>,
    /// `None` keeps the deadline.
    pub ttl: Option<Ttl>,
}

impl HoldRequest {
    /// # Errors
    /// One error for each field that is not acceptable, lines by their index: `lines[3].quantity`.
    pub fn new(
        lines: &[LineInput],
        strategy: Option<&str>,
        ttl_seconds: Option<i64>,
        owner: Option<&str>,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let lines = take_lines(&mut fields, lines);
        let strategy = take_strategy(&mut fields, strategy);
        let ttl = ttl_seconds.map(|seconds| fields.take("ttl_seconds", Ttl::from_seconds(seconds)));
        let owner = owner.map(|owner| fields.take("owner", Owner::new(owner)));
        fields.finish(|| {
            Some(Self {
                lines,
                strategy: strategy.unwrap_or_default(),
                ttl: ttl.flatten().unwrap_or_default(),
                owner: owner.flatten(),
            })
        })
    }
}

impl ChangeRequest {
    /// # Errors
    /// As [`HoldRequest::new`].
    pub fn new(lines: &[LineInput], strategy: Option<&str>, ttl_seconds: Option<i64>) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let lines = take_lines(&mut fields, lines);
        let strategy = take_strategy(&mut fields, strategy);
        let ttl = ttl_seconds.and_then(|seconds| fields.take("ttl_seconds", Ttl::from_seconds(seconds)));
        fields.finish(|| Some(Self { lines, strategy, ttl }))
    }
}

fn take_strategy(fields: &mut Fields, strategy: Option<&str>) -> Option<Strategy> {
    let parsed = strategy?.parse().map_err(|_| "must be priority, most_stock or fewest_splits");
    fields.take("strategy", parsed)
}

pub(crate) fn take_lines(fields: &mut Fields, lines: &[LineInput]) -> Vec<LineRequest> {
    if lines.is_empty() || lines.len() > LINES_MAX {
        fields.refuse("lines", "must have 1 to 1,000 lines");
        return Vec::new();
    }
    lines.iter().enumerate().filter_map(|(index, line)| take_line(fields, index, line)).collect()
}

fn take_line(fields: &mut Fields, index: usize, line: &LineInput) -> Option<LineRequest> {
    let at = |field: &str| format!("lines[{index}].{field}");
    let product = match (&line.sku, &line.product_id) {
        (Some(sku), None) => fields.take(at("sku"), Sku::new(sku.as_str())).map(ProductRef::Sku),
        (None, Some(id)) => fields.take(at("product_id"), id.parse()).map(ProductRef::Id),
        _ => {
            fields.refuse(at("sku"), "or product_id is required, one of them");
            None
        }
    };
    let quantity = fields.require(at("quantity"), line.quantity);
    let quantity = quantity.and_then(|quantity| fields.take(at("quantity"), Quantity::new(quantity)));
    let warehouse = line.warehouse.as_deref();
    let warehouse = warehouse.map(|code| fields.take(at("warehouse"), WarehouseCode::new(code)));
    Some(LineRequest { product: product?, quantity: quantity?, warehouse: warehouse.flatten() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_line_is_named_by_its_index() {
        let lines = [
            LineInput { sku: Some("A".into()), quantity: Some(1), ..LineInput::default() },
            LineInput { sku: Some("A".into()), quantity: Some(0), ..LineInput::default() },
            LineInput { quantity: None, ..LineInput::default() },
        ];
        let errors = HoldRequest::new(&lines, Some("nearest"), Some(0), Some("")).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        let expected = ["lines[1].quantity", "lines[2].sku", "lines[2].quantity", "strategy", "ttl_seconds", "owner"];
        assert_eq!(fields, expected);
        assert!(HoldRequest::new(&[], None, None, None).is_err());
        assert!(HoldRequest::new(&vec![lines[0].clone(); 1_001], None, None, None).is_err());
    }
}
