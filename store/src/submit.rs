//! Commands on their way through the lanes: sent, waited for, and told of.

use domain::decide::{Answer, Command, CommandKind, Line, Refusal};
use domain::form::FieldError;
use domain::ids::ProductId;
use domain::problem::Problem;
use domain::product::ProductRef;
use domain::reservation::{LineRequest, ReservationStatus};
use domain::time::Timestamp;

use crate::batch::{Item, Outcome, Reply};
use crate::error::StoreError;
use crate::ids;
use crate::products::called::Called;
use crate::products::product_ids_of;
use crate::request::{Answered, Caller};
use crate::store::Store;

impl Store {
    /// Sends one command on its way and waits for its own outcome.
    pub(crate) async fn submit(&self, caller: Caller, reply: Reply, kind: CommandKind) -> Result<Answered, StoreError> {
        let command = Command { change_id: ids::change_id(), kind };
        let item = Item { command, caller, reply: Some(reply), called: Vec::new() };
        let outcome = self.lanes.submit(item).await?;
        self.answered(outcome).await?.ok_or_else(|| StoreError::Corrupt("a command called nothing by name".to_owned()))
    }

    /// As [`Self::submit`], of a command about these lines. What their products are called is remembered;
    /// should that not be so any more, they are looked up and the command is sent again.
    pub(crate) async fn submit_lines(
        &self,
        caller: Caller,
        reply: Reply,
        lines: &[LineRequest],
        kind: impl Fn(Vec<Line>) -> CommandKind,
    ) -> Result<Answered, StoreError> {
        let remembered = self.skus.resolve(lines);
        let mut looked_up = remembered.is_none();
        let mut called = match remembered {
            Some(called) => called,
            None => self.lines_look_up(lines).await?,
        };
        loop {
            let command = Command { change_id: ids::change_id(), kind: kind(called.lines) };
            let item = Item { command, caller, reply: Some(reply.clone()), called: called.products };
            let outcome = self.lanes.submit(item).await?;
            match self.answered(outcome).await? {
                Some(answered) => return Ok(answered),
                None if looked_up => return Err(Problem::Busy { retry_after_seconds: 1 }.into()),
                None => {}
            }
            called = self.lines_look_up(lines).await?;
            looked_up = true;
        }
    }

    /// `None` where a product was miscalled.
    async fn answered(&self, outcome: Outcome) -> Result<Option<Answered>, StoreError> {
        match outcome {
            Outcome::Accepted { answer, rendered: Some(rendered) } => {
                self.feeds.ring();
                if let Some(deadline) = deadline(&answer) {
                    self.deadline_set(deadline);
                }
                Ok(Some(Answered { rendered, replayed: false }))
            }
            Outcome::Replayed(rendered) => {
                // It may have been done by another server a moment ago.
                self.feeds.caught_up().await;
                Ok(Some(Answered { rendered, replayed: true }))
            }
            Outcome::Refused(Refusal::Problem(problem)) => Err(problem.into()),
            Outcome::Refused(refusal) => Err(StoreError::Corrupt(refusal.to_string())),
            Outcome::Accepted { rendered: None, .. } => Err(StoreError::Corrupt("a command got no answer".to_owned())),
            Outcome::Miscalled => Ok(None),
        }
    }

    /// Finds the product of each line, and remembers what it is called.
    async fn lines_look_up(&self, lines: &[LineRequest]) -> Result<Called, StoreError> {
        let products: Vec<ProductRef> = lines.iter().map(|line| line.product.clone()).collect();
        let found = self
            .read(async move |mut conn| {
                let found = product_ids_of(&mut conn, &products).await?;
                let missing = products.iter().enumerate().filter(|(_, product)| !found.contains_key(*product));
                let errors: Vec<FieldError> = missing.map(|(index, product)| unknown(index, product)).collect();
                if errors.is_empty() { Ok((products, found)) } else { Err(Problem::UnknownSku { errors }.into()) }
            })
            .await?;
        let (products, found) = found;
        let ids: Vec<ProductId> = products.iter().filter_map(|product| found.get(product).copied()).collect();
        let called = Called::new(lines, ids);
        self.skus.remember(&called);
        Ok(called)
    }
}

/// The deadline that the sweep has to meet because of this.
fn deadline(answer: &Answer) -> Option<Timestamp> {
    match answer {
        Answer::Reservation(view) if view.reservation.status == ReservationStatus::Held => {
            Some(view.reservation.expires_at)
        }
        Answer::Order(view) => view.expires_at,
        Answer::Reservation(_) | Answer::Product(_) | Answer::Transfer(_) => None,
    }
}

fn unknown(index: usize, product: &ProductRef) -> FieldError {
    match product {
        ProductRef::Sku(sku) => FieldError::new(format!("lines[{index}].sku"), format!("names no product: {sku}")),
        ProductRef::Id(id) => FieldError::new(format!("lines[{index}].product_id"), format!("names no product: {id}")),
    }
}
