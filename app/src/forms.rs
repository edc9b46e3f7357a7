//! The forms that the domain has no type for: what is typed into them, and the commands that come of it.

pub(crate) mod audit;

use chrono::{NaiveDate, NaiveDateTime};
use domain::account::{KeyRequest, UserChange, UserRequest};
use domain::currency::Currency;
use domain::decide::Confirm;
use domain::form::{FieldError, FieldErrors, Fields};
use domain::money::Money;
use domain::order::{CustomerRequest, OrderRequest};
use domain::product::ProductPatch;
use domain::quantity::grouped;
use domain::time::Timestamp;

pub(crate) use audit::AuditForm;

/// The currency of the amounts that are typed into filters.
pub(crate) const FILTER_CURRENCY: Currency = Currency::GBP;

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
        let patch = fields.absorb(ProductPatch::new(Some(self.name.trim()), price, None, threshold));
        fields.finish(|| patch)
    }
}

/// The form that makes an order of a reservation, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct PlaceForm {
    pub(crate) reservation: String,
    pub(crate) email: String,
    pub(crate) reference: String,
    /// `now` where it is paid for, `later` where it is not yet.
    pub(crate) confirm: String,
}

impl PlaceForm {
    /// # Errors
    /// One error for each field: `reservation`, `email`, `reference`, `confirm`.
    pub(crate) fn parse(&self) -> Result<OrderRequest, FieldErrors> {
        let mut fields = Fields::default();
        let confirm = match self.confirm.as_str() {
            "now" => Some(Confirm::Now),
            "later" | "" => Some(Confirm::Later),
            _ => {
                fields.refuse("confirm", "must be now or later");
                None
            }
        };
        let customer = given(&self.email).map(|email| CustomerRequest::new(Some(email), None, None));
        let order = OrderRequest::new(
            Some(&self.reservation),
            None,
            None,
            customer,
            given(&self.reference),
            confirm.unwrap_or(Confirm::Later),
        );
        let order = fields.absorb(order.map_err(|errors| errors.into_iter().map(as_in_form).collect()));
        fields.finish(|| order)
    }
}

/// The form's names for what the API calls otherwise.
fn as_in_form(error: FieldError) -> FieldError {
    let field = match error.field.as_str() {
        "customer.email" | "customer" => "email",
        "reservation_id" => "reservation",
        field => field,
    };
    FieldError::new(field, error.message)
}

/// The form that makes a user or changes one, as typed.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct UserForm {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: String,
    /// Empty where they are let in by a link at first, and where the password stays.
    pub(crate) password: String,
}

impl UserForm {
    /// A new user.
    ///
    /// # Errors
    /// One error for each field: `name`, `email`, `role`, `password`.
    pub(crate) fn parse(&self) -> Result<UserRequest, FieldErrors> {
        let password = Some(self.password.as_str()).filter(|password| !password.is_empty());
        UserRequest::new(self.email.trim(), self.name.trim(), &self.role, password, None)
    }

    /// What a user is to be from now on, the password aside.
    ///
    /// # Errors
    /// One error for each field: `name`, `email`, `role`.
    pub(crate) fn parse_change(&self) -> Result<UserChange, FieldErrors> {
        UserChange::new(Some(self.email.trim()), Some(self.name.trim()), Some(&self.role), None, None)
    }
}

/// The form that makes an API key, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct KeyForm {
    pub(crate) name: String,
    pub(crate) role: String,
    /// The day from which on it is refused, by UTC; empty where it does not end by itself.
    pub(crate) expires: String,
}

impl KeyForm {
    /// # Errors
    /// One error for each field: `name`, `role`, `expires`.
    pub(crate) fn parse(&self) -> Result<KeyRequest, FieldErrors> {
        let ends = given(&self.expires).map(|day| match day.parse::<NaiveDate>() {
            Ok(day) => format!("{day}T00:00:00Z"),
            // The domain says what is wrong with it.
            Err(_) => day.to_owned(),
        });
        let key = KeyRequest::new(self.name.trim(), &self.role, ends.as_deref());
        key.map_err(|errors| errors.into_iter().map(key_in_form).collect())
    }
}

/// The form's names for what the API calls otherwise.
pub(crate) fn key_in_form(error: FieldError) -> FieldError {
    match error.field.as_str() {
        "expires_at" => FieldError::new("expires", error.message),
        _ => error,
    }
}

/// A moment as a browser's field gives it, by UTC and to the minute or finer, or as the API writes it.
pub(crate) fn read_moment(text: &str) -> Option<Timestamp> {
    let plain = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
    let plain = plain.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    plain.map(|at| Timestamp::new(at.and_utc())).or_else(|| text.parse().ok())
}

/// What was typed, if anything was.
pub(crate) fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
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

    fn fields_of<T: std::fmt::Debug>(parsed: Result<T, FieldErrors>) -> Vec<String> {
        parsed.err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn an_order_is_placed_with_or_without_a_customer() {
        let place = |email: &str, reference: &str, confirm: &str| {
            let reservation = "019a0000-0000-7000-8000-000000000001".to_owned();
            PlaceForm { reservation, email: email.into(), reference: reference.into(), confirm: confirm.into() }.parse()
        };
        assert_eq!(place("", " ", "").unwrap().confirm, Confirm::Later);
        let order = place(" Anna@Example.com ", "R-1", "now").unwrap();
        assert_eq!(order.customer.unwrap().email.unwrap().as_str(), "anna@example.com");
        assert_eq!(order.confirm, Confirm::Now);
        assert_eq!(fields_of(place("anna", "x\0", "soon")), ["confirm", "email", "reference"]);
    }

    #[test]
    fn a_key_ends_on_a_day_or_not_at_all() {
        let key = |expires: &str| KeyForm { name: " till ".into(), role: "viewer".into(), expires: expires.into() };
        assert_eq!(key(" ").parse().unwrap().expires_at(), None);
        let ends = key("2027-01-31").parse().unwrap().expires_at().unwrap();
        assert_eq!(ends.to_string(), "2027-01-31T00:00:00.000Z");
        assert_eq!(fields_of(KeyForm { name: "\0".into(), ..key("soon") }.parse()), ["name", "expires"]);
    }

    #[test]
    fn a_user_comes_with_a_password_or_without() {
        let user = |password: &str| UserForm {
            name: "Ada".into(),
            email: " ada@example.com".into(),
            role: "operator".into(),
            password: password.into(),
        };
        assert!(user("").parse().unwrap().password().is_none());
        assert!(user("correct horse battery").parse().unwrap().password().is_some());
        assert_eq!(fields_of(user("short").parse().map(|_| ())), ["password"]);
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
