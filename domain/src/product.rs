//! Products: what a shop sells, without the count of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::form::{FieldErrors, Fields};
use crate::ids::{ChangeId, ProductId};
use crate::journal::{Action, ChangeDraft, EntryDraft, Subject};
use crate::money::Money;
use crate::sku::Sku;
use crate::stock::{StockLevel, StockRow};
use crate::text::Name;
use crate::time::Timestamp;
use crate::warehouse::WarehouseCode;

/// The highest price of one unit, in minor units.
pub const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;
/// The highest threshold under which a product counts as nearly sold out.
pub const LOW_STOCK_THRESHOLD_MAX: i64 = 1_000_000_000_000;

/// A product's own facts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Product {
    pub id: ProductId,
    pub sku: Sku,
    pub name: Name,
    pub price: Money,
    pub archived: bool,
    /// At or below this many available units it counts as nearly sold out.
    pub low_stock_threshold: Option<i64>,
    /// Rises with every change of these facts.
    pub version: i64,
    pub created_at: Timestamp,
}

/// A product with its stock, as it was at `as_of`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductView {
    pub id: ProductId,
    pub sku: Sku,
    pub name: Name,
    pub price: Money,
    pub archived: bool,
    pub low_stock_threshold: Option<i64>,
    pub stock: Vec<WarehouseStock>,
    /// Rises with any change of the product or of its stock.
    pub version: i64,
    pub as_of: Timestamp,
    pub created_at: Timestamp,
}

/// One warehouse's stock of a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WarehouseStock {
    pub warehouse: WarehouseCode,
    pub on_hand: i64,
    pub reserved: i64,
    pub available: i64,
}

/// A product in a list: its stock summed over all warehouses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductSummary {
    pub id: ProductId,
    pub sku: Sku,
    pub name: Name,
    pub price: Money,
    pub archived: bool,
    pub low_stock_threshold: Option<i64>,
    pub on_hand: i64,
    pub reserved: i64,
    pub available: i64,
}

impl ProductView {
    pub fn new(product: Product, stock: impl IntoIterator<Item = (WarehouseCode, StockRow)>, as_of: Timestamp) -> Self {
        let rows: Vec<(WarehouseCode, StockRow)> = stock.into_iter().collect();
        let version = product.version + rows.iter().map(|(_, row)| row.version).sum::<i64>();
        let stock = rows.into_iter().map(|(warehouse, row)| WarehouseStock::new(warehouse, row.level)).collect();
        Self {
            id: product.id,
            sku: product.sku,
            name: product.name,
            price: product.price,
            archived: product.archived,
            low_stock_threshold: product.low_stock_threshold,
            stock,
            version,
            as_of,
            created_at: product.created_at,
        }
    }

    /// The level over all warehouses.
    pub fn total(&self) -> StockLevel {
        self.total_in(|_| true)
    }

    /// The level over the warehouses that `counts`.
    pub fn total_in(&self, counts: impl Fn(&WarehouseCode) -> bool) -> StockLevel {
        let counted = self.stock.iter().filter(|stock| counts(&stock.warehouse));
        counted.fold(StockLevel::default(), |sum, stock| StockLevel {
            on_hand: sum.on_hand.saturating_add(stock.on_hand),
            reserved: sum.reserved.saturating_add(stock.reserved),
        })
    }
}

impl WarehouseStock {
    pub fn new(warehouse: WarehouseCode, level: StockLevel) -> Self {
        Self { warehouse, on_hand: level.on_hand, reserved: level.reserved, available: level.available() }
    }
}

/// Which products a list shows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProductFilter {
    /// Words of which each must begin a word of the SKU or the name; empty for all.
    pub query: String,
    pub archived: Archived,
}

/// Whether archived products are shown.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Archived {
    /// Only those on sale.
    #[default]
    Without,
    /// Only those archived.
    Only,
    /// Both.
    With,
}

/// How a caller names a product: by its id, or by its SKU.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductRef {
    Id(ProductId),
    Sku(Sku),
}

impl ProductRef {
    /// Reads a path segment: what has the form of an id is one, all else is a SKU. `None` where it can
    /// be neither, so that no product can be meant.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().map(Self::Id).ok().or_else(|| Sku::new(text).map(Self::Sku).ok())
    }
}

/// A product to be created.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NewProduct {
    sku: Sku,
    name: Name,
    price: Money,
}

impl NewProduct {
    /// # Errors
    /// One error for each field that is not acceptable: `sku`, `name`, `price`.
    pub fn new(sku: &str, name: &str, price: Money) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let sku = fields.take("sku", Sku::new(sku));
        let name = fields.take("name", Name::new(name));
        let price = fields.take("price", checked_price(price));
        fields.finish(|| Some(Self { sku: sku?, name: name?, price: price? }))
    }

    pub fn sku(&self) -> &Sku {
        &self.sku
    }

    pub fn name(&self) -> &Name {
        &self.name
    }

    pub fn price(&self) -> Money {
        self.price
    }
}

/// What to change of a product; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ProductPatch {
    name: Option<Name>,
    price: Option<Money>,
    archived: Option<bool>,
    /// `Some(None)` takes the threshold away.
    low_stock_threshold: Option<Option<i64>>,
}

impl ProductPatch {
    /// # Errors
    /// One error for each field that is not acceptable.
    pub fn new(
        name: Option<&str>,
        price: Option<Money>,
        archived: Option<bool>,
        low_stock_threshold: Option<Option<i64>>,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let name = name.map(|name| fields.take("name", Name::new(name)));
        let price = price.map(|price| fields.take("price", checked_price(price)));
        if let Some(Some(units)) = low_stock_threshold
            && !(0..=LOW_STOCK_THRESHOLD_MAX).contains(&units)
        {
            fields.refuse("low_stock_threshold", "must be a whole number from 0 to 1,000,000,000,000");
        }
        fields.finish(|| Some(Self { name: name.flatten(), price: price.flatten(), archived, low_stock_threshold }))
    }

    /// The product as it is after the patch; its version rises by one if that changed anything.
    pub fn apply(&self, product: &Product) -> Product {
        let mut after = product.clone();
        if let Some(name) = &self.name {
            after.name = name.clone();
        }
        if let Some(price) = self.price {
            after.price = price;
        }
        if let Some(archived) = self.archived {
            after.archived = archived;
        }
        if let Some(threshold) = self.low_stock_threshold {
            after.low_stock_threshold = threshold;
        }
        if after != *product {
            after.version += 1;
        }
        after
    }
}

/// What the journal tells of a new product.
pub fn created(change_id: ChangeId, product: &Product) -> ChangeDraft {
    draft(change_id, Action::ProductCreated, product.id, None, Some(facts(product)))
}

/// What the journal tells of a change; `None` where nothing changed.
pub fn changed(change_id: ChangeId, before: &Product, after: &Product) -> Option<ChangeDraft> {
    let action = match (before.archived, after.archived) {
        _ if before == after => return None,
        (false, true) => Action::ProductArchived,
        (true, false) => Action::ProductRestored,
        (true, true) | (false, false) => Action::ProductChanged,
    };
    Some(draft(change_id, action, after.id, Some(facts(before)), Some(facts(after))))
}

fn draft(
    change_id: ChangeId,
    action: Action,
    id: ProductId,
    before: Option<Value>,
    after: Option<Value>,
) -> ChangeDraft {
    let entries = vec![EntryDraft { stock: None, before, after }];
    ChangeDraft { change_id, action, subject: Subject::Product(id), entries }
}

fn facts(product: &Product) -> Value {
    json!({
        "sku": product.sku,
        "name": product.name,
        "price": product.price,
        "archived": product.archived,
        "low_stock_threshold": product.low_stock_threshold,
    })
}

/// The words by whose beginnings a product is found: those of its SKU and name in lower case, and the
/// whole SKU.
pub fn search_words(sku: &Sku, name: &Name) -> Vec<String> {
    let mut words: Vec<String> = query_words(sku.as_str()).chain(query_words(name.as_str())).collect();
    words.push(sku.as_str().to_lowercase());
    words.sort_unstable();
    words.dedup();
    words
}

/// The words of a search, in lower case: every run of letters and digits.
pub fn query_words(query: &str) -> impl Iterator<Item = String> {
    query.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A price that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be from 0 to 1,000,000,000,000 minor units")]
pub struct PriceError;

fn checked_price(price: Money) -> Result<Money, PriceError> {
    if (0..=PRICE_MINOR_MAX).contains(&price.minor) { Ok(price) } else { Err(PriceError) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::currency::Currency;

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let errors = NewProduct::new("", "a\0", Money::new(-1, Currency::GBP)).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["sku", "name", "price"]);
    }

    #[test]
    fn words_are_found_whatever_their_case_and_punctuation() {
        let words = search_words(&Sku::new("AB-1/c").unwrap(), &Name::new("T-Light HOLDER, big").unwrap());
        assert_eq!(words, ["1", "ab", "ab-1/c", "big", "c", "holder", "light", "t"]);
        assert_eq!(query_words("  white HANG' ").collect::<Vec<_>>(), ["white", "hang"]);
        assert_eq!(query_words("'&|!:*").count(), 0);
    }

    #[test]
    fn a_path_names_a_product_by_id_or_sku() {
        let id = "019a0000-0000-7000-8000-000000000001";
        assert_eq!(ProductRef::parse(id), id.parse().ok().map(ProductRef::Id));
        assert!(matches!(ProductRef::parse("85123A"), Some(ProductRef::Sku(_))));
        assert_eq!(ProductRef::parse("\0"), None);
    }
}
