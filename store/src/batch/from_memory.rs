//! New holds, decided on what is remembered as they come. One statement compares that as it locks the stock, and writes; or
//! compares it where all are refused, and nothing is written: one way to the database and back, where the long way takes
//! three.

use std::time::Instant;

use domain::decide::{CommandKind, Decision, Refusal, State};
use domain::time::Timestamp;

use super::in_the_way::{InTheWay, short_products, unproven};
use super::item::render;
use super::memory::Memory;
use super::named::touched;
use super::places::is_miscalled;
use super::statement::Statement;
use super::write::{Winner, Writing, Written};
use super::{Again, Decided, Item, Lookup, Outcome, caught, decided};
use crate::availability::Committed;
use crate::error::StoreError;
use crate::idempotency::Standing;
use crate::link::Link;
use crate::meters;
use crate::request::Rendered;

/// New holds that are decided, and of which nothing is written yet: all are accepted, or all refused.
#[derive(Debug)]
pub(crate) struct Draft {
    /// What they leave behind.
    state: State,
    decisions: Vec<Result<Decision, Refusal>>,
    rendered: Vec<Option<Rendered>>,
}

/// A draft in the words of a statement, and what to tell of it once that has been carried out.
#[derive(Debug)]
pub(crate) struct Closed {
    statement: Words,
    decided: Decided,
}

#[derive(Debug)]
enum Words {
    Write(Writing),
    Ask(Statement<InTheWay>),
}

/// What came of a draft.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The database's clock was read shortly before, where it was.
    Done(Decided, Option<Timestamp>),
    /// Nothing was written, unless it is [`StoreError::CommitLost`]. It has to be decided on what is read, after this.
    Undone(Option<Result<Again, StoreError>>),
}

impl Draft {
    /// An empty one. `None` where too little is remembered for any.
    pub(crate) fn begin(memory: &Memory) -> Option<Self> {
        let state = memory.begin()?;
        Some(Self { state, decisions: Vec::new(), rendered: Vec::new() })
    }

    /// Decides these after the others. `None` where that is not for the memory to say: with anything but new holds, with a
    /// key that came before, and where some holds are refused and others not. So no two of a draft have the same key.
    pub(crate) fn with(mut self, memory: &Memory, items: &[&Item]) -> Option<Self> {
        if !items.iter().all(|item| is_new_hold(item)) {
            return None;
        }
        memory.recall(&touched(items, &[], &[]), &mut self.state)?;
        if items.iter().any(|item| is_miscalled(item, &self.state)) {
            return None;
        }
        let decisions = decided(&mut self.state, items.iter().map(|item| &item.command)).ok()?;
        let rendered = items.iter().zip(&decisions).map(|(item, decision)| render(item, decision.as_ref().ok()?));
        caught(|| self.rendered.extend(rendered)).ok()?;
        self.decisions.extend(decisions);
        let refused = self.decisions.iter().filter(|decision| decision.is_err()).count();
        (refused == 0 || refused == self.decisions.len()).then_some(self)
    }

    /// Puts it into words, where all of it rests on what was seen on the link's connection, and remembers it as if that had
    /// been written: what is remembered need not be true. `items` are those that were decided.
    pub(crate) fn close(self, link: &Link, memory: &mut Memory, items: &[&Item]) -> Option<Closed> {
        if self.decisions.is_empty() || !memory.is_of(link.connection()?) {
            return None;
        }
        caught(|| self.in_words(memory, items)).ok()?
    }

    fn in_words(self, memory: &mut Memory, items: &[&Item]) -> Option<Closed> {
        let Self { state, decisions, rendered } = self;
        let recalled = memory.recalled(state.products.keys())?;
        if decisions.iter().all(Result::is_err) {
            let claims = unproven(items.iter().copied().zip(&decisions), Lookup::Seen, false);
            let ask = InTheWay::of_remembered(&claims, &short_products(&decisions, &state), &recalled);
            let outcomes = decisions.into_iter().filter_map(Result::err).map(Outcome::Refused).collect();
            let decided = Decided { outcomes, committed: Committed::default() };
            return Some(Closed { statement: Words::Ask(ask), decided });
        }
        let decisions: Vec<Decision> = decisions.into_iter().collect::<Result<_, _>>().ok()?;
        let winners: Vec<Winner<'_>> = items
            .iter()
            .zip(&decisions)
            .zip(&rendered)
            .filter_map(|((item, decision), rendered)| Winner::new(item, decision, rendered.as_ref()))
            .collect();
        let writing = Writing::holds(&state, &winners, &recalled);
        let committed = Committed::of(winners.iter().flat_map(|winner| &winner.decision.drafts), &state);
        memory.left(&committed);
        let outcomes = decisions
            .into_iter()
            .zip(rendered)
            .map(|(decision, rendered)| Outcome::Accepted { answer: Box::new(decision.answer), rendered })
            .collect();
        Some(Closed { statement: Words::Write(writing), decided: Decided { outcomes, committed } })
    }
}

impl Closed {
    /// Has it carried out, and commits it.
    pub(crate) async fn send(self, link: &mut Link) -> Sent {
        let Self { statement, decided } = self;
        let sent = match statement {
            Words::Write(writing) => write(link, writing, decided).await,
            Words::Ask(question) => ask(link, question, decided).await,
        };
        let sent = sent.unwrap_or_else(|error| Sent::Undone(Some(Err(error))));
        match &sent {
            Sent::Done(..) => meters::from_memory(),
            Sent::Undone(None) => meters::repeated("outdated"),
            Sent::Undone(Some(_)) => {}
        }
        sent
    }
}

async fn write(link: &mut Link, writing: Writing, decided: Decided) -> Result<Sent, StoreError> {
    let mut single = link.single().await?;
    match writing.write(single.conn()).await {
        Ok(Written::Done(now)) => {
            let ends_another = single.ends_another();
            let began = Instant::now();
            single.commit().await?;
            if ends_another {
                meters::committed(began.elapsed());
            }
            Ok(Sent::Done(decided, Some(now)))
        }
        Ok(Written::Claimed) => {
            single.rollback().await?;
            Ok(Sent::Undone(Some(Ok(Again::Claimed))))
        }
        Ok(Written::Outdated) => {
            single.rollback().await?;
            Ok(Sent::Undone(None))
        }
        Err(error) => {
            let error = single.error(error);
            // As with any other transaction: its locks are not to be left standing.
            if let Err(cause) = single.rollback().await {
                tracing::debug!(%cause, "a failed statement could not be rolled back");
            }
            Err(error)
        }
    }
}

async fn ask(link: &mut Link, question: Statement<InTheWay>, decided: Decided) -> Result<Sent, StoreError> {
    let found = question.ask(link.conn().await?).await?;
    if !found.is_so {
        return Ok(Sent::Undone(None));
    }
    Ok(match found.again() {
        Some(again) => Sent::Undone(Some(Ok(again))),
        None => Sent::Done(decided, None),
    })
}

fn is_new_hold(item: &Item) -> bool {
    matches!(item.command.kind, CommandKind::Hold { .. })
        && item.reply.as_ref().is_none_or(|reply| reply.claim.standing != Standing::Seen)
}
