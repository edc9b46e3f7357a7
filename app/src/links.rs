//! The addresses of the pages: typed in, percent-encoded out.

use domain::account::LocalPath;
use domain::ids::{OrderId, ProductId, ReservationId, UserId};
use domain::order::OrderNumber;
use domain::order::filter::{OrderFilterForm, OrderQuery};
use domain::product::Archived;
use domain::reservation::ReservationStatus;
use domain::sku::Sku;
use domain::warehouse::WarehouseCode;

use crate::forms::AuditForm;
use crate::query::{Query, encode, to_query};

pub(crate) const OVERVIEW: &str = "/";
pub(crate) const PRODUCTS: &str = "/products";
pub(crate) const PRODUCT_NEW: &str = "/products/new";
pub(crate) const RESERVATIONS: &str = "/reservations";
pub(crate) const ORDERS: &str = "/orders";
pub(crate) const WAREHOUSES: &str = "/warehouses";
pub(crate) const AUDIT: &str = "/audit";
pub(crate) const CHAOS: &str = "/chaos";
pub(crate) const SETTINGS: &str = "/settings";
pub(crate) const SIGN_IN: &str = "/sign-in";
const ORDERS_CSV: &str = "/api/orders.csv";

/// What the list of products shows, as its address says it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ProductsAt {
    pub(crate) q: String,
    pub(crate) archived: Archived,
    pub(crate) cursor: String,
}

/// What the list of reservations shows, as its address says it. Held ones are what one comes for, so
/// that is what no status means.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ReservationsAt {
    pub(crate) status: StatusTab,
    pub(crate) sku: String,
    pub(crate) owner: String,
    pub(crate) cursor: String,
}

/// What the list of orders shows, as its address says it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct OrdersAt {
    pub(crate) form: OrderFilterForm,
    pub(crate) cursor: String,
}

/// What the audit log shows, as its address says it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct AuditAt {
    pub(crate) form: AuditForm,
    pub(crate) cursor: String,
}

/// Which pages of its lists the settings show, as their address says it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct SettingsAt {
    /// The cursors of the lists.
    pub(crate) users: String,
    pub(crate) keys: String,
}

/// One tab of the list of reservations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StatusTab {
    All,
    One(ReservationStatus),
}

impl Default for StatusTab {
    fn default() -> Self {
        Self::One(ReservationStatus::Held)
    }
}

impl OrdersAt {
    pub(crate) fn read(query: &Query) -> Self {
        let pairs = query.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Self { form: OrderFilterForm::from_pairs(pairs), cursor: query.get("cursor").unwrap_or_default() }
    }

    /// Its query string, with the question mark where it says anything.
    fn query(&self) -> String {
        let mut pairs = self.form.pairs();
        pairs.push(("cursor", &self.cursor));
        to_query(&pairs)
    }
}

impl AuditAt {
    pub(crate) fn read(query: &Query) -> Self {
        Self { form: AuditForm::read(query), cursor: query.get("cursor").unwrap_or_default() }
    }
}

impl SettingsAt {
    pub(crate) fn read(query: &Query) -> Self {
        let text = |name| query.get(name).unwrap_or_default();
        Self { users: text("users"), keys: text("keys") }
    }

    pub(crate) fn link(&self) -> String {
        format!("{SETTINGS}{}", to_query(&[("users", &self.users), ("keys", &self.keys)]))
    }
}

impl StatusTab {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "all" => Self::All,
            text => text.parse().map_or_else(|_| Self::default(), Self::One),
        }
    }

    /// The word in the address; none for what no word means.
    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            tab if tab == Self::default() => "",
            Self::One(status) => status.as_str(),
        }
    }
}

pub(crate) fn warehouse(code: &WarehouseCode) -> String {
    format!("{WAREHOUSES}/{}", encode(code.as_str()))
}

/// A page of the list of warehouses.
pub(crate) fn warehouses(cursor: &str) -> String {
    format!("{WAREHOUSES}{}", to_query(&[("cursor", cursor)]))
}

pub(crate) fn products(at: &ProductsAt) -> String {
    let archived = match at.archived {
        Archived::Without => "",
        shown => shown.into(),
    };
    format!("{PRODUCTS}{}", to_query(&[("q", &at.q), ("archived", archived), ("cursor", &at.cursor)]))
}

pub(crate) fn reservations(at: &ReservationsAt) -> String {
    let query = [("status", at.status.word()), ("sku", &at.sku), ("owner", &at.owner), ("cursor", &at.cursor)];
    format!("{RESERVATIONS}{}", to_query(&query))
}

/// The form that makes an order of a reservation.
pub(crate) fn reservation_order(id: ReservationId) -> String {
    format!("{RESERVATIONS}/{id}#order-title")
}

pub(crate) fn orders(at: &OrdersAt) -> String {
    format!("{ORDERS}{}", at.query())
}

/// The orders of a list as a file.
pub(crate) fn orders_csv(query: &OrderQuery) -> String {
    let pairs = query.pairs();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    format!("{ORDERS_CSV}{}", to_query(&pairs))
}

pub(crate) fn order(number: OrderNumber) -> String {
    format!("{ORDERS}/{number}")
}

/// An order as it is opened from a list: its address says which list that was, so that one comes back to
/// the same page of it, whatever was done to the order on the way.
pub(crate) fn order_of_list(number: OrderNumber, list: &OrdersAt) -> String {
    format!("{}{}", order(number), to_query(&[("list", list.query().trim_start_matches('?'))]))
}

/// The list that an order was opened from.
pub(crate) fn list_of_order(query: &Query) -> String {
    let list = query.get("list").unwrap_or_default();
    orders(&OrdersAt::read(&Query::parse(&list)))
}

/// An order of which only the id is known.
pub(crate) fn order_by_id(id: OrderId) -> String {
    format!("{ORDERS}/{id}")
}

pub(crate) fn audit(at: &AuditAt) -> String {
    let mut pairs = at.form.pairs();
    pairs.push(("cursor", &at.cursor));
    format!("{AUDIT}{}", to_query(&pairs))
}

/// The audit log, narrowed so, from its beginning.
pub(crate) fn audit_of(form: AuditForm) -> String {
    audit(&AuditAt { form, cursor: String::new() })
}

/// A product by its SKU, which people can read; by its id, where the SKU would be read as something else:
/// as an id, as the page for a new product, or as an escape (browsers and routers decode `%` more than
/// once on the way).
pub(crate) fn product(sku: &Sku, id: ProductId) -> String {
    let text = sku.as_str();
    if text == "new" || text.contains(['%', '\\']) || text.parse::<ProductId>().is_ok() {
        format!("{PRODUCTS}/{id}")
    } else {
        product_by_sku(sku)
    }
}

/// A product of which only the SKU is known.
pub(crate) fn product_by_sku(sku: &Sku) -> String {
    format!("{PRODUCTS}/{}", encode(sku.as_str()))
}

pub(crate) fn product_by_id(id: ProductId) -> String {
    format!("{PRODUCTS}/{id}")
}

/// What can be done with a user.
pub(crate) fn user(id: UserId) -> String {
    format!("{SETTINGS}/users/{id}")
}

/// The page that one signs in at, to come back to a page of ours.
pub(crate) fn sign_in(next: &str) -> String {
    let next = wanted(next).filter(|next| next.as_str() != OVERVIEW);
    format!("{SIGN_IN}{}", to_query(&[("next", next.as_ref().map(LocalPath::as_str).unwrap_or_default())]))
}

/// The address, if it is that of a page that one may have wanted to see when one had to sign in first.
pub(crate) fn wanted(address: &str) -> Option<LocalPath> {
    LocalPath::new(address).filter(|_| !["/api", SIGN_IN].iter().any(|path| is_at(address, path)))
}

/// Whether an address is of this path, or of one below it.
fn is_at(address: &str, path: &str) -> bool {
    address.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

pub(crate) fn reservation(id: ReservationId) -> String {
    format!("{RESERVATIONS}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sku_has_an_address_that_means_it() {
        let id: ProductId = "019a0000-0000-7000-8000-000000000001".parse().unwrap();
        let link = |text: &str| product(&Sku::new(text).unwrap(), id);
        assert_eq!(link("85123A"), "/products/85123A");
        assert_eq!(link("a/b c?"), "/products/a%2Fb%20c%3F");
        assert_eq!(link("größe"), "/products/gr%C3%B6%C3%9Fe");
        for text in ["new", "50%25", "019a0000-0000-7000-8000-000000000002"] {
            assert_eq!(link(text), format!("/products/{id}"), "{text}");
        }
    }

    #[test]
    fn what_goes_without_saying_is_not_said() {
        assert_eq!(products(&ProductsAt::default()), "/products");
        assert_eq!(reservations(&ReservationsAt::default()), "/reservations");
        assert_eq!(orders(&OrdersAt::default()), "/orders");
        assert_eq!(audit(&AuditAt::default()), "/audit");
        let all = ReservationsAt { status: StatusTab::All, sku: "a b".into(), ..ReservationsAt::default() };
        assert_eq!(reservations(&all), "/reservations?status=all&sku=a%20b");
    }

    #[test]
    fn one_comes_back_to_pages_alone() {
        let wanted = |address| sign_in(address);
        assert_eq!(wanted("/"), "/sign-in");
        assert_eq!(wanted("/orders?status=a&x=%26"), "/sign-in?next=%2Forders%3Fstatus%3Da%26x%3D%2526");
        assert_eq!(wanted("/sign-inn"), "/sign-in?next=%2Fsign-inn");
        let others =
            ["", "orders", "//example.com", "https://example.com", "/api/orders.csv", "/sign-in", "/sign-in?link=x"];
        for address in others {
            assert_eq!(wanted(address), "/sign-in", "{address:?}");
        }
    }

    #[test]
    fn an_order_leads_back_to_the_list_it_was_opened_from() {
        let number = OrderNumber::new(1_042);
        assert_eq!(order_of_list(number, &OrdersAt::default()), "/orders/1042");
        let at = OrdersAt::read(&Query::parse("?status=shipped&status=pending&customer=a%26b%40c&cursor=x"));
        let link = order_of_list(number, &at);
        let (_, query) = link.split_once('?').unwrap();
        assert_eq!(list_of_order(&Query::parse(query)), orders(&at));
        assert_eq!(orders(&at), "/orders?status=shipped&status=pending&customer=a%26b%40c&cursor=x");
        assert_eq!(list_of_order(&Query::default()), "/orders");
    }
}
