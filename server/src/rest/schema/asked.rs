//! What may be asked, where one body has several forms. Bodies of one form are described where they are
//! read.

use utoipa::ToSchema;

use super::scalar::{
    Email, Id, Name, NoteText, OrderStatus, Quantity, Reference, Sku, Strategy, Version, WarehouseCode,
};

/// Units of one product, which is named by its SKU or by its id.
#[derive(ToSchema)]
#[schema(as = Line)]
#[serde(untagged)]
pub(crate) enum Line {
    Sku(LineOfSku),
    Product(LineOfProduct),
}

/// Units of a product named by its SKU.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineOfSku {
    sku: Sku,
    quantity: Quantity,
    /// Where the units are to be taken from; anywhere, if it is not said.
    warehouse: Option<WarehouseCode>,
    #[schema(schema_with = super::null)]
    product_id: Option<()>,
}

/// Units of a product named by its id.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineOfProduct {
    product_id: Id,
    quantity: Quantity,
    /// Where the units are to be taken from; anywhere, if it is not said.
    warehouse: Option<WarehouseCode>,
    #[schema(schema_with = super::null)]
    sku: Option<()>,
}

/// An order of what is reserved, or of lines that are reserved and ordered in one.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum OrderRequest {
    Reservation(OrderOfReservation),
    Lines(OrderOfLines),
}

/// An order of what is reserved.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderOfReservation {
    reservation_id: Id,
    customer: Option<CustomerRequest>,
    /// The shop's own name for the order; no two orders have the same.
    reference: Option<Reference>,
    /// Whether it is paid for: then it is confirmed at once.
    confirm: Option<bool>,
    #[schema(schema_with = super::null)]
    lines: Option<()>,
    #[schema(schema_with = super::null)]
    strategy: Option<()>,
}

/// An order of lines: all of them or none.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderOfLines {
    #[schema(min_items = 1, max_items = 1_000)]
    lines: Vec<Line>,
    strategy: Option<Strategy>,
    customer: Option<CustomerRequest>,
    /// The shop's own name for the order; no two orders have the same.
    reference: Option<Reference>,
    /// Whether it is paid for: then it is confirmed at once.
    confirm: Option<bool>,
    #[schema(schema_with = super::null)]
    reservation_id: Option<()>,
}

/// A customer, found by the email, else by the reference, or new.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum CustomerRequest {
    Email(CustomerByEmail),
    Reference(CustomerByReference),
}

/// A customer with an email.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerByEmail {
    email: Email,
    name: Option<Name>,
    reference: Option<Reference>,
}

/// A customer with nothing to be found by but the shop's own reference.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerByReference {
    reference: Reference,
    name: Option<Name>,
    #[schema(schema_with = super::null)]
    email: Option<()>,
}

/// A step, a note, or both.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum OrderChange {
    Step(OrderStep),
    Note(OrderNote),
}

/// A step of the order machine, with a note or without.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderStep {
    status: OrderStatus,
    note: Option<NoteText>,
    /// The version that was seen: where the order was changed since, nothing is done.
    version: Option<Version>,
    /// With `returned` only: whether the units go back on sale (the default) or are written off.
    restock: Option<bool>,
}

/// A note alone.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderNote {
    note: NoteText,
    /// The version that was seen: where the order was changed since, nothing is done.
    version: Option<Version>,
    #[schema(schema_with = super::null)]
    status: Option<()>,
    #[schema(schema_with = super::null)]
    restock: Option<()>,
}
