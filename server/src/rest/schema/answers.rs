//! What is answered. A field that is always there, though it may be `null`, is required.
//!
//! All of them stand in one file, long as it is: each is a list of fields without a line of logic, and most are made of
//! others.

use std::collections::BTreeMap;

use utoipa::ToSchema;

use super::scalar::{
    Action, Actor, AllocationReason, Currency, Cursor, Email, Id, LowStockThreshold, Name, NoteText, OrderStatus,
    Owner, Priority, Reference, ReservationStatus, Role, Sku, Strategy, SubjectKind, Time, Units, UnitsChange, Version,
    WarehouseCode,
};

/// An amount: minor units (pence, cents) of one currency.
#[derive(ToSchema)]
pub(crate) struct Money {
    #[schema(examples(1299))]
    minor: i64,
    currency: Currency,
}

/// One page of a list, with the cursors of those after and before it, where there are any.
#[derive(ToSchema)]
pub(crate) struct Page<T: ToSchema> {
    items: Vec<T>,
    #[schema(required)]
    next: Option<Cursor>,
    #[schema(required)]
    prev: Option<Cursor>,
}

/// A product with its stock, as it was at `as_of`.
#[derive(ToSchema)]
pub(crate) struct Product {
    id: Id,
    sku: Sku,
    name: Name,
    price: Money,
    archived: bool,
    #[schema(required)]
    low_stock_threshold: Option<LowStockThreshold>,
    stock: Vec<WarehouseStock>,
    /// Rises with any change of the product or of its stock.
    version: Version,
    as_of: Time,
    created_at: Time,
    /// Where its stock was asked for as of some moment: who held it then, those who had held longest first, 200 at
    /// most.
    #[schema(required = false)]
    held_by: Vec<Holder>,
}

/// Who held units of a product.
#[derive(ToSchema)]
pub(crate) struct Holder {
    /// `null` for an order that was imported and never reserved.
    #[schema(required)]
    reservation_id: Option<Id>,
    #[schema(required)]
    owner: Option<Owner>,
    /// The number of its order, if it had one by then.
    #[schema(required)]
    order: Option<i64>,
    quantity: Units,
    since: Time,
}

/// One warehouse's stock of a product: `available` is `on_hand` less `reserved`. Where the warehouse is not
/// active it can be moved and written off, not reserved.
#[derive(ToSchema)]
pub(crate) struct WarehouseStock {
    warehouse: WarehouseCode,
    on_hand: Units,
    reserved: Units,
    available: Units,
}

/// A place that holds stock. One that is not active is passed by when units are reserved, and takes none in;
/// what is on hand and reserved in it stays.
#[derive(ToSchema)]
pub(crate) struct Warehouse {
    code: WarehouseCode,
    name: Name,
    priority: Priority,
    active: bool,
}

/// Units that were moved.
#[derive(ToSchema)]
pub(crate) struct Transfer {
    /// All entries of it in the journal carry it.
    change_id: Id,
    from: WarehouseCode,
    to: WarehouseCode,
    /// The units of each product, lines of one product summed.
    lines: Vec<TransferLine>,
    at: Time,
}

/// Units of one product that were moved.
#[derive(ToSchema)]
pub(crate) struct TransferLine {
    sku: Sku,
    quantity: Units,
}

/// A product in a list, its stock summed over all warehouses; `available` over those that are active.
#[derive(ToSchema)]
pub(crate) struct ProductSummary {
    id: Id,
    sku: Sku,
    name: Name,
    price: Money,
    archived: bool,
    #[schema(required)]
    low_stock_threshold: Option<LowStockThreshold>,
    on_hand: Units,
    reserved: Units,
    available: Units,
}

/// Units held for a while. Past `expires_at` it reads as `expired`.
#[derive(ToSchema)]
pub(crate) struct Reservation {
    id: Id,
    status: ReservationStatus,
    lines: Vec<ReservationLine>,
    #[schema(required)]
    owner: Option<Owner>,
    strategy: Strategy,
    /// The order it became, which alone can end it from then on.
    #[schema(required)]
    order_id: Option<Id>,
    created_at: Time,
    expires_at: Time,
    /// What the database's clock said when this was read.
    server_time: Time,
}

/// Units of one product, and where they are taken from.
#[derive(ToSchema)]
pub(crate) struct ReservationLine {
    sku: Sku,
    product_id: Id,
    quantity: Units,
    allocations: Vec<ReservationAllocation>,
}

/// Units of a line from one warehouse, and why from there.
#[derive(ToSchema)]
pub(crate) struct ReservationAllocation {
    warehouse: WarehouseCode,
    quantity: Units,
    reason: AllocationReason,
}

/// Who bought.
#[derive(ToSchema)]
pub(crate) struct Customer {
    id: Id,
    #[schema(required)]
    email: Option<Email>,
    #[schema(required)]
    name: Option<Name>,
    /// What the shop calls the customer.
    #[schema(required)]
    reference: Option<Reference>,
}

/// An order as it reads at `server_time`.
#[derive(ToSchema)]
pub(crate) struct Order {
    id: Id,
    /// The short number that people call it by.
    #[schema(minimum = 1, examples(1042))]
    number: i64,
    status: OrderStatus,
    #[schema(required)]
    customer: Option<Customer>,
    currency: Currency,
    total: Money,
    lines: Vec<OrderLine>,
    /// `null` for an order of the past that was never reserved here.
    #[schema(required)]
    reservation_id: Option<Id>,
    /// What the shop calls the order.
    #[schema(required)]
    reference: Option<Reference>,
    notes: Vec<Note>,
    version: Version,
    placed_at: Time,
    updated_at: Time,
    /// While it is pending: when its hold ends, and it with it.
    #[schema(required)]
    expires_at: Option<Time>,
    server_time: Time,
    /// What this caller may make of it now.
    allowed_transitions: Vec<OrderStatus>,
    /// `true` in the answer that took expired units again; else it is not there.
    #[schema(required = false)]
    reacquired: bool,
}

/// Units of one product at one price, which is that of the day of sale, as is the name.
#[derive(ToSchema)]
pub(crate) struct OrderLine {
    sku: Sku,
    product_id: Id,
    name: Name,
    unit_price: Money,
    quantity: Units,
    allocations: Vec<OrderAllocation>,
}

/// Units of a line from one warehouse.
#[derive(ToSchema)]
pub(crate) struct OrderAllocation {
    warehouse: WarehouseCode,
    quantity: Units,
}

/// What somebody wrote on an order.
#[derive(ToSchema)]
pub(crate) struct Note {
    at: Time,
    actor: Actor,
    text: NoteText,
}

/// An order in a list.
#[derive(ToSchema)]
pub(crate) struct OrderSummary {
    id: Id,
    #[schema(minimum = 1, examples(1042))]
    number: i64,
    status: OrderStatus,
    #[schema(required)]
    customer: Option<Customer>,
    currency: Currency,
    total: Money,
    /// Units over all lines.
    items: Units,
    #[schema(required)]
    reservation_id: Option<Id>,
    #[schema(required)]
    reference: Option<Reference>,
    version: Version,
    placed_at: Time,
    updated_at: Time,
}

/// An entry of the journal: one stock row that a change moved, or the change itself where none moved.
#[derive(ToSchema)]
pub(crate) struct Entry {
    position: i64,
    at: Time,
    /// All entries of one change carry it.
    change_id: Id,
    actor: Actor,
    #[schema(required)]
    request_id: Option<Id>,
    action: Action,
    subject: Subject,
    #[schema(required = false)]
    sku: Sku,
    #[schema(required = false)]
    warehouse: WarehouseCode,
    on_hand_delta: UnitsChange,
    reserved_delta: UnitsChange,
    /// The stock row's version from then on.
    #[schema(required = false)]
    version: Version,
    /// The facts that changed, as they were.
    #[schema(schema_with = super::any)]
    before: Option<serde_json::Value>,
    /// The facts that changed, as they are.
    #[schema(schema_with = super::any)]
    after: Option<serde_json::Value>,
}

/// What an entry is about.
#[derive(ToSchema)]
pub(crate) struct Subject {
    kind: SubjectKind,
    id: Id,
}

/// Counts of the whole, as they were at `as_of`.
#[derive(ToSchema)]
pub(crate) struct Stats {
    as_of: Time,
    /// Products that are not archived.
    products: Units,
    on_hand: Units,
    reserved: Units,
    available: Units,
    /// Products at or below their low-stock threshold.
    low_stock: Units,
    /// What lies in each warehouse that has ever had stock, by its code.
    warehouses: BTreeMap<String, Level>,
    /// How many there are in each status, as it is stored: a hold that is overdue counts as held until it
    /// has been ended.
    reservations: BTreeMap<String, i64>,
    orders: BTreeMap<String, i64>,
}

/// Units in one place.
#[derive(ToSchema)]
pub(crate) struct Level {
    on_hand: Units,
    reserved: Units,
}

/// A person who signs in.
#[derive(ToSchema)]
pub(crate) struct User {
    id: Id,
    email: Email,
    name: Name,
    role: Role,
    /// Who is not active is not let in, and stays known.
    active: bool,
    created_at: Time,
}

/// A user as just created.
#[derive(ToSchema)]
pub(crate) struct NewUser {
    id: Id,
    email: Email,
    name: Name,
    role: Role,
    active: bool,
    created_at: Time,
    /// The path of a link that signs in once, within a day; where no password was given, in the first answer.
    #[schema(required = false)]
    sign_in_link: String,
    /// Says in a replay that the link was shown.
    #[schema(required = false)]
    notice: String,
}

/// An API key, without the key itself.
#[derive(ToSchema)]
pub(crate) struct Key {
    id: Id,
    name: Name,
    role: Role,
    created_at: Time,
    /// From then on it is refused.
    #[schema(required)]
    expires_at: Option<Time>,
    /// To the minute.
    #[schema(required)]
    last_used_at: Option<Time>,
    #[schema(required)]
    revoked_at: Option<Time>,
}

/// An API key as just created.
#[derive(ToSchema)]
pub(crate) struct NewKey {
    id: Id,
    name: Name,
    role: Role,
    created_at: Time,
    #[schema(required)]
    expires_at: Option<Time>,
    #[schema(required)]
    last_used_at: Option<Time>,
    #[schema(required)]
    revoked_at: Option<Time>,
    /// The key itself, to be sent as `Authorization: Bearer hf_...`; in the first answer only.
    #[schema(required = false, pattern = "^hf_", examples("hf_..."))]
    key: String,
    /// Says in a replay that the key was shown.
    #[schema(required = false)]
    notice: String,
}
