//! Moving units between warehouses.

use domain::decide::{CommandKind, Transfer};
use domain::transfer::{TransferRequest, TransferView};

use crate::batch::{Render, Reply};
use crate::error::StoreError;
use crate::idempotency::Claim;
use crate::request::{Answered, Request};
use crate::store::Store;

impl Store {
    /// Moves the units of all lines from one warehouse to another, or none.
    ///
    /// # Errors
    /// `insufficient_stock` where less is available than is to leave, `unknown_sku`, `warehouse_inactive` for
    /// the warehouse that they are to come into, `invalid_input` for one that does not exist.
    pub async fn stock_transfer(
        &self,
        request: Request<TransferView>,
        transfer: TransferRequest,
    ) -> Result<Answered, StoreError> {
        let (from, to, lines) = transfer.into_parts();
        let reply = Reply { claim: Claim::of(&request), render: Render::Transfer(request.render) };
        let kind = |lines| CommandKind::Transfer(Transfer { from: from.clone(), to: to.clone(), lines });
        self.submit_lines(request.caller, reply, &lines, kind).await
    }
}
