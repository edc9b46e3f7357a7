//! From what was typed or sent to typed commands, with an error for each field that is not acceptable.
//! The browser runs the same code for the instant word, the server for the last one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::money::Money;
use crate::product::NewProduct;
use crate::quantity::{Quantity, StockDelta};
use crate::reservation::Ttl;
use crate::stock::StockReason;

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
    pub minutes: String,
    pub owner: String,
}

impl HoldForm {
    /// # Errors
    /// One error for each field: `quantity`, `minutes`, `owner`.
    pub fn parse(&self) -> Result<(Quantity, Ttl, Option<crate::text::Owner>), FieldErrors> {
        let mut fields = Fields::default();
        let quantity = fields.take("quantity", Quantity::parse(&self.quantity));
        let ttl = fields.take("minutes", Ttl::parse_minutes(&self.minutes));
        let owner = match self.owner.trim() {
            "" => Some(None),
            owner => fields.take("owner", crate::text::Owner::new(owner)).map(Some),
        };
        fields.finish(|| Some((quantity?, ttl?, owner?)))
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
        let form = HoldForm { quantity: "6".into(), minutes: "10".into(), owner: " ".into() };
        let (quantity, ttl, owner) = form.parse().unwrap();
        assert_eq!((quantity.get(), ttl.seconds(), owner), (6, 600, None));
        let form = HoldForm { quantity: "0".into(), minutes: "61".into(), owner: "x\0".into() };
        assert_eq!(fields_of(&form.parse().unwrap_err()), ["quantity", "minutes", "owner"]);
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
