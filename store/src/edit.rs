//! A change of plain facts: products, users, keys. It moves no stock, so it takes no part in a batch: one
//! transaction with the change, its journal entry, and its answer under the key of the request.

use domain::journal::ChangeDraft;
use domain::time::Timestamp;
use sqlx::{PgConnection, PgPool};

use crate::error::StoreError;
use crate::idempotency::{Claim, Claimed, idempotency_fetch_in_tx, idempotency_insert_in_tx};
use crate::journal::journal_append_in_tx;
use crate::request::{Answered, Rendered, Request};
use crate::tx;

/// What is to be done, as often as it has to be run again.
pub(crate) trait Edit: Send + Sync + 'static {
    /// What the answer is rendered from.
    type View: Send + Sync + 'static;

    /// Does it, and reads back what came of it.
    fn apply(&self, conn: &mut PgConnection) -> impl Future<Output = Result<Edited<Self::View>, StoreError>> + Send;

    /// What came of it, where an earlier run of this very edit did it and the answer to its commit was lost.
    /// For edits whose first answer has a secret in it, which the kept one has not.
    fn done(&self, _: &mut PgConnection) -> impl Future<Output = Result<Option<Self::View>, StoreError>> + Send {
        async { Ok(None) }
    }

    /// Called when it is done, or may be.
    fn after(&self) {}
}

/// What came of an edit.
#[derive(Debug)]
pub(crate) struct Edited<T> {
    pub(crate) view: T,
    /// The view as it is kept under the key, where it differs from what is answered: without its secret.
    pub(crate) kept: Option<T>,
    /// `None` where there was nothing to change.
    pub(crate) draft: Option<ChangeDraft>,
    pub(crate) at: Timestamp,
}

/// Carries the edit out once for its key.
pub(crate) async fn edit<E: Edit>(pool: &PgPool, request: Request<E::View>, edit: E) -> Result<Answered, StoreError> {
    let (pool, claim) = (pool.clone(), Claim::of(&request));
    tx::detached(async move {
        let answered = loop {
            // What was claimed meanwhile is found under its key the next time round.
            match tx::retrying(|| attempt(&pool, &request, &claim, &edit)).await {
                Ok(Ok(answered)) => break Ok(answered),
                Ok(Err(Claimed)) => {}
                Err(error) => break Err(error),
            }
        };
        edit.after();
        answered
    })
    .await
}

async fn attempt<E: Edit>(
    pool: &PgPool,
    request: &Request<E::View>,
    claim: &Claim,
    edit: &E,
) -> Result<Result<Answered, Claimed>, StoreError> {
    let mut tx = pool.begin().await?;
    if let Some(rendered) = idempotency_fetch_in_tx(&mut tx, claim).await? {
        return Ok(Ok(match edit.done(&mut tx).await? {
            Some(view) => Answered { rendered: (request.render)(&view), replayed: false },
            None => Answered { rendered, replayed: true },
        }));
    }
    let Edited { view, kept, draft, at } = match edit.apply(&mut tx).await {
        Ok(edited) => edited,
        Err(StoreError::Refused(problem)) => {
            tx.rollback().await?;
            let rendered: Rendered = kept_by_twin(pool, claim).await?.ok_or(problem)?;
            return Ok(Ok(Answered { rendered, replayed: true }));
        }
        Err(error) => return Err(error),
    };
    let rendered = (request.render)(&view);
    let Some(draft) = draft else {
        tx.rollback().await?;
        let (rendered, replayed) = match kept_by_twin(pool, claim).await? {
            Some(kept) => (kept, true),
            None => (rendered, false),
        };
        return Ok(Ok(Answered { rendered, replayed }));
    };
    journal_append_in_tx(&mut tx, &[(request.caller, &draft)], at).await?;
    let to_keep = kept.map_or_else(|| rendered.clone(), |kept| (request.render)(&kept));
    if let Err(Claimed) = idempotency_insert_in_tx(&mut tx, &[(claim, &to_keep)], at).await? {
        tx.rollback().await?;
        return Ok(Err(Claimed));
    }
    tx::commit(tx).await?;
    Ok(Ok(Answered { rendered, replayed: false }))
}

/// A twin may have done just this a moment ago, so that it is refused now or leaves nothing to change:
/// then the twin's answer is the answer.
async fn kept_by_twin(pool: &PgPool, claim: &Claim) -> Result<Option<Rendered>, StoreError> {
    idempotency_fetch_in_tx(&mut *pool.acquire().await?, claim).await
}
