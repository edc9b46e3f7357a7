//! What is asked for when an order is to be made or changed, checked field by field.

use serde::Serialize;

use super::OrderStatus;
use crate::allocation::Strategy;
use crate::decide::{Confirm, Restock};
use crate::form::{FieldErrors, Fields};
use crate::ids::ReservationId;
use crate::reservation::{HoldRequest, LineInput, LineRequest};
use crate::text::{Email, Name, NoteText, Reference};

/// A customer as a caller names one: found by the email or the reference, or new.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize)]
pub struct CustomerRequest {
    pub email: Option<Email>,
    pub name: Option<Name>,
    pub reference: Option<Reference>,
}

impl CustomerRequest {
    /// # Errors
    /// One error for each field that is not acceptable; `customer` where there is neither an email nor a
    /// reference to find the customer by.
    pub fn new(email: Option<&str>, name: Option<&str>, reference: Option<&str>) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let email = email.map(|email| fields.take("customer.email", Email::new(email)));
        let name = name.map(|name| fields.take("customer.name", Name::new(name)));
        let reference = reference.map(|reference| fields.take("customer.reference", Reference::new(reference)));
        if email.is_none() && reference.is_none() {
            fields.refuse("customer", "must have an email or a reference to be found by");
        }
        fields.finish(|| Some(Self { email: email.flatten(), name: name.flatten(), reference: reference.flatten() }))
    }
}

/// A request for an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OrderRequest {
    pub source: OrderSource,
    pub customer: Option<CustomerRequest>,
    pub reference: Option<Reference>,
    pub confirm: Confirm,
}

/// What an order is to be made of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderSource {
    Reservation(ReservationId),
    /// Lines that are reserved and ordered in one.
    Lines {
        lines: Vec<LineRequest>,
        strategy: Strategy,
    },
}

impl OrderRequest {
    /// An order of a reservation, or of lines: one of the two.
    ///
    /// # Errors
    /// One error for each field that is not acceptable.
    pub fn new(
        reservation_id: Option<&str>,
        lines: Option<&[LineInput]>,
        strategy: Option<&str>,
        customer: Option<Result<CustomerRequest, FieldErrors>>,
        reference: Option<&str>,
        confirm: Confirm,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let source = match (reservation_id, lines) {
            (Some(id), None) => {
                if strategy.is_some() {
                    fields.refuse("strategy", "goes with lines, not with a reservation that has its units already");
                }
                fields.take("reservation_id", id.parse()).map(OrderSource::Reservation)
            }
            (None, Some(lines)) => {
                let hold = fields.absorb(HoldRequest::new(lines, strategy, None, None));
                hold.map(|hold| OrderSource::Lines { lines: hold.lines, strategy: hold.strategy })
            }
            (Some(_), Some(_)) | (None, None) => {
                fields.refuse("reservation_id", "or lines are required, one of them");
                None
            }
        };
        let customer = customer.map(|customer| fields.absorb(customer));
        let reference = reference.map(|reference| fields.take("reference", Reference::new(reference)));
        fields.finish(|| {
            Some(Self { source: source?, customer: customer.flatten(), reference: reference.flatten(), confirm })
        })
    }
}

/// A change that is asked of an order: a step, a note, or both.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OrderChange {
    pub to: Option<OrderStatus>,
    /// The version that the caller saw; `None` takes any.
    pub version: Option<i64>,
    pub note: Option<NoteText>,
    pub restock: Restock,
}

impl OrderChange {
    /// # Errors
    /// One error for each field that is not acceptable; `status` where nothing is asked for.
    pub fn new(
        status: Option<&str>,
        version: Option<i64>,
        note: Option<&str>,
        restock: Option<bool>,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let rule = "must be confirmed, processing, shipped, delivered, cancelled or returned";
        let to = status.map(|status| fields.take("status", status.parse::<OrderStatus>().map_err(|_| rule)));
        let note = note.map(|note| fields.take("note", NoteText::new(note)));
        if to.is_none() && note.is_none() {
            fields.refuse("status", "or a note is required");
        }
        if version.is_some_and(|version| version < 1) {
            fields.refuse("version", "must be the version of the order, 1 or more");
        }
        if restock.is_some() && to != Some(Some(OrderStatus::Returned)) {
            fields.refuse("restock", "goes with the status returned");
        }
        let restock = if restock == Some(false) { Restock::No } else { Restock::Yes };
        fields.finish(|| Some(Self { to: to.flatten(), version, note: note.flatten(), restock }))
    }
}
