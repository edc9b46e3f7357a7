//! The forms that the domain has no type for: what is typed into them, and the commands that come of it.

use domain::form::{FieldErrors, Fields};
use domain::money::Money;
use domain::product::ProductPatch;
use domain::quantity::grouped;

/// The form that changes a product's own facts, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ChangeForm {
    pub(crate) name: String,
    pub(crate) price: String,
    pub(crate) currency: String,
    pub(crate) low_stock_threshold: String,
}

impl ChangeForm {
    /// # Errors
    /// One error for each field: `name`, `price`, `currency`, `low_stock_threshold`.
    pub(crate) fn parse(&self) -> Result<ProductPatch, FieldErrors> {
        let mut fields = Fields::default();
        let currency = fields.take("currency", self.currency.trim().parse());
        let price = currency.and_then(|currency| fields.take("price", Money::parse_major(&self.price, currency)));
        let threshold = fields.take("low_stock_threshold", parse_threshold(&self.low_stock_threshold));
        let patch = match ProductPatch::new(Some(self.name.trim()), price, None, threshold) {
            Ok(patch) => Some(patch),
            Err(errors) => {
                errors.into_iter().for_each(|error| fields.refuse(error.field, error.message));
                None
            }
        };
        fields.finish(|| patch)
    }
}

/// A number of units, thousands grouped or not; nothing where there is to be no threshold.
fn parse_threshold(text: &str) -> Result<Option<i64>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let digits: String = text.chars().filter(|char| *char != ',').collect();
    match digits.parse::<i64>() {
        Ok(units) if text == digits || text == grouped(units) => Ok(Some(units)),
        _ => Err("must be a whole number, or empty for none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str, price: &str, threshold: &str) -> ChangeForm {
        let low_stock_threshold = threshold.to_owned();
        ChangeForm { name: name.to_owned(), price: price.to_owned(), currency: "GBP".into(), low_stock_threshold }
    }

    #[test]
    fn a_change_form_tells_all_its_errors_at_once() {
        assert!(form("Mug", "2.55", "").parse().is_ok());
        assert!(form("Mug", "2.55", "1,000").parse().is_ok());
        let errors = form(" ", "12,5", "few").parse().unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["price", "low_stock_threshold", "name"]);
        assert!(form("Mug", "2.55", "1,0").parse().is_err());
        assert!(form("Mug", "2.55", "-1").parse().is_err());
    }
}
