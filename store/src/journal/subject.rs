//! What callers mean by the names of subjects.

use domain::journal::{Subject, SubjectRef};
use domain::order::OrderRef;
use domain::product::ProductRef;

use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// The subject of this name. One that is named by its id is not looked for.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn subject_find(&self, subject: SubjectRef) -> Result<Subject, StoreError> {
        match subject {
            SubjectRef::Id(subject) => Ok(subject),
            SubjectRef::Product(sku) => Ok(Subject::Product(self.product_fetch(&ProductRef::Sku(sku)).await?.id)),
            SubjectRef::Warehouse(code) => Ok(Subject::Warehouse(self.warehouse_id(code).await?)),
            SubjectRef::Order(number) => {
                Ok(Subject::Order(self.order_fetch(&OrderRef::Number(number)).await?.order.id))
            }
        }
    }
}
