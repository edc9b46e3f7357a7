//! What products are called, remembered so that a hold need not ask. It decides nothing: a batch compares
//! it with what it reads under its locks ([`crate::batch::Item::called`]).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use domain::decide::Line;
use domain::ids::ProductId;
use domain::product::ProductRef;
use domain::reservation::LineRequest;
use domain::sku::Sku;

/// How many SKUs are remembered; with more than that it begins anew.
const SKUS_MAX: usize = 200_000;

/// Lines whose products are known, and what those were called.
#[derive(Clone, Debug)]
pub(crate) struct Called {
    pub(crate) lines: Vec<Line>,
    pub(crate) products: Vec<(ProductId, ProductRef)>,
}

/// The ids of SKUs that were asked for.
#[derive(Default, Debug)]
pub(crate) struct Skus {
    ids: RwLock<HashMap<Sku, ProductId>>,
}

impl Skus {
    /// The lines with their products, where all are remembered. An id is taken at its word.
    pub(crate) fn resolve(&self, lines: &[LineRequest]) -> Option<Called> {
        let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
        let found = lines.iter().map(|line| match &line.product {
            ProductRef::Id(id) => Some(*id),
            ProductRef::Sku(sku) => ids.get(sku).copied(),
        });
        let found: Vec<ProductId> = found.collect::<Option<_>>()?;
        Some(Called::new(lines, found))
    }

    pub(crate) fn remember(&self, called: &Called) {
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        if ids.len() + called.products.len() > SKUS_MAX {
            ids.clear();
        }
        for (id, product) in &called.products {
            if let ProductRef::Sku(sku) = product {
                ids.insert(sku.clone(), *id);
            }
        }
    }
}

impl Called {
    /// The products stand in the order of the lines.
    pub(crate) fn new(lines: &[LineRequest], products: Vec<ProductId>) -> Self {
        let called = lines.iter().zip(&products).map(|(line, id)| (*id, line.product.clone())).collect();
        let lines = lines.iter().zip(products).map(|(line, product_id)| Line {
            product_id,
            quantity: line.quantity,
            warehouse: line.warehouse.clone(),
        });
        Self { lines: lines.collect(), products: called }
    }
}
