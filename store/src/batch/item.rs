//! What goes into a batch, and what comes of it.

use domain::decide::{Answer, Command, Decision, Refusal};
use domain::ids::ProductId;
use domain::order::OrderView;
use domain::product::{ProductRef, ProductView};
use domain::reservation::ReservationView;
use domain::transfer::TransferView;

use crate::idempotency::Claim;
use crate::request::{Caller, Rendered};

/// A command, and what is needed to tell of it and to answer.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) command: Command,
    pub(crate) caller: Caller,
    /// `None` for what nobody waits for: the sweep.
    pub(crate) reply: Option<Reply>,
    /// What the caller called the products of the command, where that is from memory: it is compared with
    /// what the batch reads.
    pub(crate) called: Vec<(ProductId, ProductRef)>,
}

/// The key under which an answer is kept, and how it is rendered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) claim: Claim,
    pub(crate) render: Render,
}

/// How the answer to a command is rendered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Render {
    Reservation(fn(&ReservationView) -> Rendered),
    Product(fn(&ProductView) -> Rendered),
    Order(fn(&OrderView) -> Rendered),
    Transfer(fn(&TransferView) -> Rendered),
}

/// What became of one command.
#[derive(Debug)]
pub(crate) enum Outcome {
    Accepted {
        answer: Box<Answer>,
        rendered: Option<Rendered>,
    },
    Replayed(Rendered),
    Refused(Refusal),
    /// A product is not what it was called ([`Item::called`]). Nothing was changed.
    Miscalled,
}

impl Outcome {
    /// What a twin in the same batch is told: one effect, and the same answer.
    pub(super) fn to_twin(&self) -> Self {
        match self {
            Self::Accepted { rendered: Some(rendered), .. } | Self::Replayed(rendered) => {
                Self::Replayed(rendered.clone())
            }
            Self::Accepted { rendered: None, answer } => Self::Accepted { rendered: None, answer: answer.clone() },
            Self::Refused(refusal) => Self::Refused(refusal.clone()),
            Self::Miscalled => Self::Miscalled,
        }
    }
}

/// The answer to an accepted command, where somebody waits for it.
pub(super) fn render(item: &Item, decision: &Decision) -> Option<Rendered> {
    match (&item.reply.as_ref()?.render, &decision.answer) {
        (Render::Reservation(render), Answer::Reservation(view)) => Some(render(view)),
        (Render::Product(render), Answer::Product(view)) => Some(render(view)),
        (Render::Order(render), Answer::Order(view)) => Some(render(view)),
        (Render::Transfer(render), Answer::Transfer(view)) => Some(render(view)),
        (Render::Reservation(_) | Render::Product(_) | Render::Order(_) | Render::Transfer(_), _) => None,
    }
}
