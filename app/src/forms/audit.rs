//! The filter of the audit log.

use domain::actor::Actor;
use domain::form::{FieldErrors, Fields};
use domain::ids::ProductId;
use domain::journal::{Action, Subject, SubjectError, SubjectRef};
use domain::order::filter::OrderFilterForm;
use domain::product::ProductRef;
use domain::sku::Sku;
use domain::time::Timestamp;

use super::{FILTER_CURRENCY, given};
use crate::query::Query;

/// The filter of the audit log, as typed; its query string is the page's state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct AuditForm {
    /// What kind of thing the entries are about, of [`Subject::KINDS`].
    pub(crate) kind: String,
    /// Which one: its id, a product's SKU, an order's number, or a warehouse's code.
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
    pub(crate) about: Option<SubjectRef>,
    pub(crate) product: Option<ProductRef>,
    pub(crate) actor: Option<Actor>,
    pub(crate) action: Option<Action>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
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

    /// What is about one subject, named as [`SubjectRef::new`] reads it.
    pub(crate) fn about(kind: &str, id: String) -> Self {
        Self { kind: kind.to_owned(), id, ..Self::default() }
    }

    /// What is about one product or moved its stock. By its SKU, which people can read, but for one that would be
    /// taken for an id.
    pub(crate) fn of_product(sku: &Sku, id: ProductId) -> Self {
        let sku = match ProductRef::parse(sku.as_str()) {
            Some(ProductRef::Sku(sku)) => sku.to_string(),
            Some(ProductRef::Id(_)) | None => id.to_string(),
        };
        Self { sku, ..Self::default() }
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
        let about = self.subject(&mut fields);
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

    fn subject(&self, fields: &mut Fields) -> Option<SubjectRef> {
        let kind = given(&self.kind);
        let Some(id) = given(&self.id) else {
            match kind {
                Some(kind) if Subject::KINDS.contains(&kind) => fields.refuse("id", "is required, to know which"),
                Some(_) => fields.refuse("kind", "must be one of the list"),
                None => {}
            }
            return None;
        };
        let Some(kind) = kind else {
            fields.refuse("kind", "must be chosen, to know whose id it is");
            return None;
        };
        match SubjectRef::new(kind, id) {
            Err(SubjectError::Kind) => {
                fields.refuse("kind", "must be one of the list");
                None
            }
            about => fields.take("id", about),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields_of<T: std::fmt::Debug>(parsed: Result<T, FieldErrors>) -> Vec<String> {
        parsed.err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn the_filter_of_the_audit_log_names_what_is_wrong() {
        let parse = |query: &str| AuditForm::read(&Query::parse(query)).parse();
        assert_eq!(parse(""), Ok(AuditQuery::default()));
        let query =
            parse("kind=order&id=1042&actor=system:expiry&action=order.shipped&sku=85123A&from=2026-11-22").unwrap();
        assert!(matches!(query.about, Some(SubjectRef::Order(_))));
        assert_eq!(query.action, Some(Action::OrderShipped));
        assert_eq!(query.from, Some("2026-11-22T00:00:00Z".parse().unwrap()));
        assert_eq!(fields_of(parse("kind=order")), ["id"]);
        assert_eq!(fields_of(parse("id=1042")), ["kind"]);
        assert_eq!(fields_of(parse("kind=order&id=x")), ["id"]);
        assert_eq!(fields_of(parse("kind=cart")), ["kind"]);
        assert!(matches!(parse("kind=warehouse&id=MAIN").unwrap().about, Some(SubjectRef::Warehouse(_))));
        assert_eq!(fields_of(parse("kind=cart&id=1&actor=me&action=x&to=x")), ["kind", "actor", "action", "to"]);
        assert_eq!(fields_of(parse("from=2026-11-23&to=2026-11-22")), ["from"]);
    }
}
