//! From what was typed or sent to typed commands, with an error for each field that is not acceptable.
//! The browser runs the same code for the instant word, the server for the last one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::allocation::Strategy;
use crate::currency::Currency;
use crate::money::Money;
use crate::product::NewProduct;
use crate::quantity::{Quantity, StockDelta};
use crate::reservation::Ttl;
use crate::stock::StockReason;
use crate::text::Owner;
use crate::warehouse::{NewWarehouse, WarehouseCode, WarehousePatch};

/// What is wrong with one field. `message` continues the field's name: "must be ...".
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// One or more fields that are not acceptable.
pub type FieldErrors = Vec<FieldError>;

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Collects errors while fields are read, so that all of them are told at once.
#[derive(Debug, Default)]
pub struct Fields {
    errors: FieldErrors,
}

impl Fields {
    /// The value, or its error kept under the field's name.
    pub fn take<T, E: fmt::Display>(&mut self, field: impl Into<String>, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(field, error.to_string());
                None
            }
        }
    }

    /// The value, or all of its errors.
    pub fn absorb<T>(&mut self, result: Result<T, FieldErrors>) -> Option<T> {
        result.map_err(|errors| self.errors.extend(errors)).ok()
    }

    /// A value that must be there.
    pub fn require<T>(&mut self, field: impl Into<String>, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.refuse(field, "is required");
        }
        value
    }

    pub fn refuse(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// What `make` puts together from the values, if no field was refused.
    ///
    /// # Errors
    /// The errors collected so far.
    pub fn finish<T>(self, make: impl FnOnce() -> Option<T>) -> Result<T, FieldErrors> {
        match make() {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }
}

/// The form for a new product, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProductForm {
    pub sku: String,
    pub name: String,
    pub price: String,
    pub currency: String,
}

impl ProductForm {
    /// # Errors
    /// One error for each field: `sku`, `name`, `price`, `currency`.
    pub fn parse(&self) -> Result<NewProduct, FieldErrors> {
        let mut fields = Fields::default();
        let currency = fields.take("currency", self.currency.trim().parse::<Currency>());
        let price = match currency {
            Some(currency) => fields.take("price", Money::parse_major(&self.price, currency)),
            None => None,
        };
        // The other fields are read even where the price can't be, so that all errors are told.
        let stand_in = price.unwrap_or(Money::new(0, Currency::GBP));
        let product = fields.absorb(NewProduct::new(self.sku.trim(), self.name.trim(), stand_in));
        fields.finish(|| product)
    }
}

/// The form that reserves units of one product, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HoldForm {
    pub quantity: String,
    /// Where from: a [`Draw`].
    pub from: String,
    pub minutes: String,
    pub owner: String,
}

/// Where the units of a hold are taken from: `priority`, `most_stock` and `fewest_splits` choose among all
/// warehouses, `in:BER` is one of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Draw {
    By(Strategy),
    In(WarehouseCode),
}

impl Draw {
    /// Nothing is [`Strategy::default`].
    ///
    /// # Errors
    /// A word that is no strategy, or what can be no warehouse's code.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.strip_prefix("in:") {
            Some(code) => WarehouseCode::new(code).map(Self::In).map_err(|_| "must be a warehouse of the list"),
            None if text.is_empty() => Ok(Self::By(Strategy::default())),
            None => text.parse().map(Self::By).map_err(|_| "must be one of the list"),
        }
    }

    /// As a line and its request say it.
    pub fn into_parts(self) -> (Strategy, Option<WarehouseCode>) {
        match self {
            Self::By(strategy) => (strategy, None),
            Self::In(code) => (Strategy::default(), Some(code)),
        }
    }
}

impl fmt::Display for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(strategy) => f.write_str(strategy.into()),
            Self::In(code) => write!(f, "in:{code}"),
        }
    }
}

impl HoldForm {
    /// # Errors
    /// One error for each field: `quantity`, `from`, `minutes`, `owner`.
    pub fn parse(&self) -> Result<(Quantity, Draw, Ttl, Option<Owner>), FieldErrors> {
        let mut fields = Fields::default();
        let quantity = fields.take("quantity", Quantity::parse(&self.quantity));
        let from = fields.take("from", Draw::parse(&self.from));
        let ttl = fields.take("minutes", Ttl::parse_minutes(&self.minutes));
        let owner = match self.owner.trim() {
            "" => Some(None),
            owner => fields.take("owner", Owner::new(owner)).map(Some),
        };
        fields.finish(|| Some((quantity?, from?, ttl?, owner?)))
    }
}

/// The form that changes what is on hand, as typed: a count of units, and what happened to them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StockForm {
    pub quantity: String,
    pub reason: String,
}

impl StockForm {
    /// Units written off are typed without a sign, as they are counted; an adjustment has one.
    ///
    /// # Errors
    /// One error for each field: `quantity`, `reason`.
    pub fn parse(&self) -> Result<(StockDelta, StockReason), FieldErrors> {
        let mut fields = Fields::default();
        let reason = fields.take(
            "reason",
            self.reason.parse::<StockReason>().map_err(|_| "must be received, adjusted or written_off"),
        );
        let mut delta = fields.take("quantity", StockDelta::parse(&self.quantity));
        if reason == Some(StockReason::WrittenOff)
            && let Some(units) = delta.filter(|delta| delta.get() > 0)
        {
            delta = fields.take("quantity", StockDelta::new(-units.get()));
        }
        if let (Some(reason), Some(delta)) = (reason, delta)
            && !reason.fits(delta.get())
        {
            fields.refuse("quantity", reason.rule());
        }
        fields.finish(|| Some((delta?, reason?)))
    }
}

/// The form that makes a warehouse or changes one, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WarehouseForm {
    pub code: String,
    pub name: String,
    pub priority: String,
}

impl WarehouseForm {
    /// A new warehouse.
    ///
    /// # Errors
    /// One error for each field: `code`, `name`, `priority`.
    pub fn parse(&self) -> Result<NewWarehouse, FieldErrors> {
        NewWarehouse::new(self.code.trim(), self.name.trim(), number(&self.priority))
    }

    /// What a warehouse is to be from now on; its code stays.
    ///
    /// # Errors
    /// One error for each field: `name`, `priority`.
    pub fn parse_change(&self) -> Result<WarehousePatch, FieldErrors> {
        WarehousePatch::new(Some(self.name.trim()), Some(number(&self.priority)), None)
    }
}

/// What is no number is none that anything may have.
fn number(text: &str) -> i64 {
    text.trim().parse().unwrap_or(-1)
}

/// The form that moves units of one product between warehouses, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TransferForm {
    pub from: String,
    pub to: String,
    pub quantity: String,
}

impl TransferForm {
    /// # Errors
    /// One error for each field: `from`, `to`, `quantity`.
    pub fn parse(&self) -> Result<(WarehouseCode, WarehouseCode, Quantity), FieldErrors> {
        let mut fields = Fields::default();
        let from = fields.take("from", WarehouseCode::new(self.from.as_str()));
        let to = fields.take("to", WarehouseCode::new(self.to.as_str()));
        let quantity = fields.take("quantity", Quantity::parse(&self.quantity));
        if from.is_some() && from == to {
            fields.refuse("to", crate::transfer::SAME_PLACE);
        }
        fields.finish(|| Some((from?, to?, quantity?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields_of(errors: &FieldErrors) -> Vec<&str> {
        errors.iter().map(|error| error.field.as_str()).collect()
    }

    #[test]
    fn a_product_form_tells_all_its_errors_at_once() {
        let form = ProductForm { sku: " ".into(), name: "x".repeat(201), price: "12,5".into(), currency: "GBP".into() };
        assert_eq!(fields_of(&form.parse().unwrap_err()), ["price", "sku", "name"]);
        let form =
            ProductForm { sku: " A1 ".into(), name: " Mug ".into(), price: "2.55".into(), currency: "GBP".into() };
        let product = form.parse().unwrap();
        assert_eq!((product.sku().as_str(), product.name().as_str(), product.price().minor), ("A1", "Mug", 255));
    }

    #[test]
    fn a_hold_form_takes_minutes_and_an_owner_or_none() {
        let form =
            |from: &str| HoldForm { quantity: "6".into(), from: from.into(), minutes: "10".into(), owner: " ".into() };
        let (quantity, from, ttl, owner) = form("").parse().unwrap();
        assert_eq!((quantity.get(), ttl.seconds(), owner), (6, 600, None));
        assert_eq!(from, Draw::By(Strategy::Priority));
        assert_eq!(form("most_stock").parse().unwrap().1, Draw::By(Strategy::MostStock));
        assert_eq!(form("in:BER").parse().unwrap().1, Draw::In(WarehouseCode::new("BER").unwrap()));
        assert_eq!(Draw::parse("in:BER").unwrap().to_string(), "in:BER");
        let form = HoldForm { quantity: "0".into(), from: "in:".into(), minutes: "61".into(), owner: "x\0".into() };
        assert_eq!(fields_of(&form.parse().unwrap_err()), ["quantity", "from", "minutes", "owner"]);
    }

    #[test]
    fn a_transfer_form_leads_from_one_place_to_another() {
        let parse = |from: &str, to: &str, quantity: &str| {
            TransferForm { from: from.into(), to: to.into(), quantity: quantity.into() }.parse()
        };
        assert!(parse("BER", "AMS", "1,000").is_ok());
        assert_eq!(fields_of(&parse("BER", "BER", "0").unwrap_err()), ["quantity", "to"]);
        assert_eq!(fields_of(&parse("", "", "1").unwrap_err()), ["from", "to"]);
    }

    #[test]
    fn a_warehouse_form_takes_a_whole_number_for_the_priority() {
        let form = |code: &str, name: &str, priority: &str| WarehouseForm {
            code: code.into(),
            name: name.into(),
            priority: priority.into(),
        };
        assert!(form(" BER ", " Berlin ", " 2 ").parse().is_ok());
        assert_eq!(fields_of(&form("", "", "first").parse().unwrap_err()), ["code", "name", "priority"]);
        assert_eq!(fields_of(&form("", "Berlin", "0").parse_change().unwrap_err()), ["priority"]);
    }

    #[test]
    fn a_stock_form_gives_the_delta_its_sign() {
        let parse =
            |quantity: &str, reason: &str| StockForm { quantity: quantity.into(), reason: reason.into() }.parse();
        assert_eq!(parse("6", "written_off").unwrap().0.get(), -6);
        assert_eq!(parse("-6", "adjusted").unwrap().0.get(), -6);
        assert_eq!(fields_of(&parse("-6", "received").unwrap_err()), ["quantity"]);
        assert_eq!(fields_of(&parse("x", "found").unwrap_err()), ["reason", "quantity"]);
    }
}
