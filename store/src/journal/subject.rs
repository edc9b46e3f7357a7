//! What callers mean by the names of subjects.

use domain::journal::{Subject, SubjectRef};
use domain::order::OrderRef;
use domain::product::ProductRef;

use crate::error::StoreError;
use crate::orders::order_id_of;
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
                let order = OrderRef::Number(number);
                Ok(Subject::Order(self.read(async move |mut conn| order_id_of(&mut conn, order).await).await?))
            }
        }
    }
}
