//! The addresses of the pages: typed in, percent-encoded out.

use domain::ids::{ProductId, ReservationId};
use domain::product::Archived;
use domain::reservation::ReservationStatus;
use domain::sku::Sku;

use crate::query::{encode, to_query};

pub(crate) const OVERVIEW: &str = "/";
pub(crate) const PRODUCTS: &str = "/products";
pub(crate) const PRODUCT_NEW: &str = "/products/new";
pub(crate) const RESERVATIONS: &str = "/reservations";

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
        let all = ReservationsAt { status: StatusTab::All, sku: "a b".into(), ..ReservationsAt::default() };
        assert_eq!(reservations(&all), "/reservations?status=all&sku=a%20b");
    }
}
