//! The forms that the domain has no type for: what is typed into them, and the commands that come of it.

use chrono::{NaiveDate, NaiveDateTime};
use domain::account::{KeyRequest, UserChange, UserRequest};
use domain::actor::Actor;
use domain::currency::Currency;
use domain::decide::Confirm;
use domain::form::{FieldError, FieldErrors, Fields};
use domain::ids::ReservationId;
use domain::journal::Action;
use domain::money::Money;
use domain::order::filter::OrderFilterForm;
use domain::order::{CustomerRequest, OrderRef, OrderRequest};
use domain::product::{ProductPatch, ProductRef};
use domain::quantity::grouped;
use domain::time::Timestamp;

use crate::query::Query;

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

/// The filter of the audit log, as typed; its query string is the page's state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct AuditForm {
    /// What kind of thing the entries are about: `product`, `reservation` or `order`.
    pub(crate) kind: String,
    /// Which one: its id, a product's SKU, or an order's number.
    pub(crate) id: String,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) sku: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// The filter of the audit log, read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct AuditQuery {
    pub(crate) about: Option<About>,
    pub(crate) product: Option<ProductRef>,
    pub(crate) actor: Option<Actor>,
    pub(crate) action: Option<Action>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
}

/// What entries are about, as people name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum About {
    Product(ProductRef),
    Reservation(ReservationId),
    Order(OrderRef),
}

impl AuditForm {
    /// The form as a query string has it.
    pub(crate) fn read(query: &Query) -> Self {
        let text = |name| query.get(name).unwrap_or_default();
        Self {
            kind: text("kind"),
            id: text("id"),
            actor: text("actor"),
            action: text("action"),
            sku: text("sku"),
            from: text("from"),
            to: text("to"),
        }
    }

    /// Its fields, for a link: [`Self::read`] reads them back.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let Self { kind, id, actor, action, sku, from, to } = self;
        vec![("kind", kind), ("id", id), ("actor", actor), ("action", action), ("sku", sku), ("from", from), ("to", to)]
    }

    /// # Errors
    /// One error for each field: `kind`, `id`, `actor`, `action`, `sku`, `from`, `to`.
    pub(crate) fn parse(&self) -> Result<AuditQuery, FieldErrors> {
        let mut fields = Fields::default();
        let about = self.about(&mut fields);
        let sku = "must be a SKU or a product's id";
        let product = given(&self.sku).and_then(|text| fields.take("sku", ProductRef::parse(text).ok_or(sku)));
        let actor = given(&self.actor).and_then(|text| fields.take("actor", text.parse::<Actor>()));
        let action = "must be one of the list";
        let action = given(&self.action).and_then(|text| fields.take("action", text.parse().map_err(|_| action)));
        // A range of dates is written here as it is for orders.
        let range = OrderFilterForm { from: self.from.clone(), to: self.to.clone(), ..OrderFilterForm::default() };
        let range = fields.absorb(range.parse(FILTER_CURRENCY)).unwrap_or_default().filter;
        fields.finish(|| Some(AuditQuery { about, product, actor, action, from: range.from, to: range.to }))
    }

    fn about(&self, fields: &mut Fields) -> Option<About> {
        let id = given(&self.id);
        match (self.kind.as_str(), id) {
            ("", None) => None,
            ("", Some(_)) => {
                fields.refuse("kind", "must be chosen, to know whose id it is");
                None
            }
            ("product", Some(id)) => {
                let product = ProductRef::parse(id).ok_or("must be a SKU or a product's id");
                fields.take("id", product).map(About::Product)
            }
            ("reservation", Some(id)) => {
                fields.take("id", id.parse().map_err(|_| "must be a reservation's id")).map(About::Reservation)
            }
            ("order", Some(id)) => {
                fields.take("id", OrderRef::parse(id).ok_or("must be an order's number or id")).map(About::Order)
            }
            ("product" | "reservation" | "order", None) => {
                fields.refuse("id", "is required, to know which");
                None
            }
            _ => {
                fields.refuse("kind", "must be product, reservation or order");
                None
            }
        }
    }
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
    fn the_filter_of_the_audit_log_names_what_is_wrong() {
        let parse = |query: &str| AuditForm::read(&Query::parse(query)).parse();
        assert_eq!(parse(""), Ok(AuditQuery::default()));
        let query =
            parse("kind=order&id=1042&actor=system:expiry&action=order.shipped&sku=85123A&from=2026-11-22").unwrap();
        assert!(matches!(query.about, Some(About::Order(OrderRef::Number(_)))));
        assert_eq!(query.action, Some(Action::OrderShipped));
        assert_eq!(query.from, Some("2026-11-22T00:00:00Z".parse().unwrap()));
        assert_eq!(fields_of(parse("kind=order")), ["id"]);
        assert_eq!(fields_of(parse("id=1042")), ["kind"]);
        assert_eq!(fields_of(parse("kind=order&id=x")), ["id"]);
        assert_eq!(fields_of(parse("kind=user&id=1&actor=me&action=x&to=x")), ["kind", "actor", "action", "to"]);
        assert_eq!(fields_of(parse("from=2026-11-23&to=2026-11-22")), ["from"]);
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
