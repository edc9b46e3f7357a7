//! The order machine, declared once: what may follow what, who may do it, and what it does to the units.
//! The server's check, `allowed_transitions`, the buttons, the diagrams and the exhaustive test are all
//! derived from [`TRANSITIONS`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::account::Role;

/// Where an order stands.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, not paid for: its hold goes on ticking.
    Pending,
    /// Paid for: its units are its own.
    Confirmed,
    /// Being picked and packed.
    Processing,
    /// Handed over to be delivered.
    Shipped,
    /// With the customer.
    Delivered,
    /// Called off before it was shipped.
    Cancelled,
    /// Not paid for in time.
    Expired,
    /// Came back.
    Returned,
}

/// What people's steps ask of who takes them.
pub const STEPS_NEED: Role = Role::Operator;

/// Who may take a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Operators, and shops through the API.
    People,
    /// Holdfast itself, when a deadline passes.
    System,
}

/// What a step does to the units of the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The hold becomes firm: the units stay reserved, and never expire.
    MakeFirm,
    /// The units are no longer reserved.
    GiveBack,
    /// Nothing.
    None,
    /// The units leave the warehouse.
    Ship,
    /// The units come back, or are written off.
    TakeBack,
    /// The units are reserved again, if they are free: the late payer's.
    TakeAgain,
}

/// One step of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transition {
    pub from: OrderStatus,
    pub to: OrderStatus,
    pub by: By,
    pub effect: Effect,
}

const fn step(from: OrderStatus, to: OrderStatus, by: By, effect: Effect) -> Transition {
    Transition { from, to, by, effect }
}

/// Every step there is, in the order in which a person would think of them.
pub const TRANSITIONS: [Transition; 11] = {
    use By::{People, System};
    use OrderStatus::{Cancelled, Confirmed, Delivered, Expired, Pending, Processing, Returned, Shipped};
    [
        step(Pending, Confirmed, People, Effect::MakeFirm),
        step(Pending, Cancelled, People, Effect::GiveBack),
        step(Pending, Expired, System, Effect::GiveBack),
        step(Confirmed, Processing, People, Effect::None),
        step(Confirmed, Cancelled, People, Effect::GiveBack),
        step(Processing, Shipped, People, Effect::Ship),
        step(Processing, Cancelled, People, Effect::GiveBack),
        step(Shipped, Delivered, People, Effect::None),
        step(Shipped, Returned, People, Effect::TakeBack),
        step(Delivered, Returned, People, Effect::TakeBack),
        step(Expired, Confirmed, People, Effect::TakeAgain),
    ]
};

impl OrderStatus {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The step from here to `to`, if the machine has it.
    pub fn transition(self, to: Self) -> Option<Transition> {
        TRANSITIONS.into_iter().find(|step| step.from == self && step.to == to)
    }

    /// What people may make of an order that stands here.
    pub fn allowed(self) -> Vec<Self> {
        let steps = TRANSITIONS.into_iter().filter(|step| step.from == self && step.by == By::People);
        steps.map(|step| step.to).collect()
    }

    /// Whether nothing follows.
    pub fn is_final(self) -> bool {
        TRANSITIONS.iter().all(|step| step.from != self)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Effect {
    /// What the step does to the stock, in words for a table.
    pub const fn words(self) -> &'static str {
        match self {
            Self::MakeFirm => "the hold becomes firm",
            Self::GiveBack => "units back on sale",
            Self::None => "none",
            Self::Ship => "units leave the warehouse",
            Self::TakeBack => "units come back, or are written off",
            Self::TakeAgain => "units taken again, if they are free",
        }
    }
}

/// The machine as a diagram in the Mermaid language, for documents.
pub fn mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> pending\n");
    for Transition { from, to, by, effect } in TRANSITIONS {
        let who = match by {
            By::People => "",
            By::System => " (by itself)",
        };
        let what = match effect {
            Effect::None => String::new(),
            effect => format!(": {}{who}", effect.words()),
        };
        text.push_str(&format!("    {from} --> {to}{what}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn no_step_is_declared_twice_and_cancelled_and_returned_are_final() {
        for (index, step) in TRANSITIONS.iter().enumerate() {
            assert!(TRANSITIONS.iter().skip(index + 1).all(|other| (other.from, other.to) != (step.from, step.to)));
        }
        let last: Vec<OrderStatus> = OrderStatus::VARIANTS.iter().copied().filter(|status| status.is_final()).collect();
        assert_eq!(last, [OrderStatus::Cancelled, OrderStatus::Returned]);
    }

    #[test]
    fn only_the_system_lets_an_order_expire() {
        for status in OrderStatus::VARIANTS {
            assert!(!status.allowed().contains(&OrderStatus::Expired));
        }
        assert_eq!(OrderStatus::Pending.transition(OrderStatus::Expired).map(|step| step.by), Some(By::System));
    }
}
