//! What a run is to be.

use serde::{Deserialize, Serialize};

use crate::form::{FieldErrors, Fields};
use crate::quantity::{Quantity, grouped};

/// How many buyers come, for how many units, how many of them at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChaosPlan {
    attempts: u32,
    stock: u32,
    clients: u32,
    guards: Guards,
}

/// Whether the stock is decided by Holdfast, or read and then written as naive code does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, strum::Display, strum::EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Guards {
    #[default]
    On,
    /// The negative control: it must oversell, or the test proves nothing.
    Off,
}

/// The most that may be asked of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChaosLimits {
    pub attempts_max: u32,
    pub clients_max: u32,
}

impl ChaosLimits {
    /// From a page: the run is at home in the server that serves everybody else.
    pub const PAGE: Self = Self { attempts_max: 20_000, clients_max: 200 };
    /// From a command line.
    pub const COMMAND: Self = Self { attempts_max: 100_000, clients_max: 1_000 };
}

impl ChaosPlan {
    /// # Errors
    /// One error for each of `attempts`, `stock`, `clients` that is zero or too many. There may be more
    /// units than buyers.
    pub fn new(
        attempts: u32,
        stock: u32,
        clients: u32,
        guards: Guards,
        limits: ChaosLimits,
    ) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        for (field, count, most) in [
            ("attempts", attempts, limits.attempts_max),
            ("stock", stock, limits.attempts_max),
            ("clients", clients, limits.clients_max),
        ] {
            if !(1..=most).contains(&count) {
                fields.refuse(field, format!("must be a whole number from 1 to {}", grouped(i64::from(most))));
            }
        }
        fields.finish(|| Some(Self { attempts, stock, clients, guards }))
    }

    /// How many buyers want a unit.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How many units there are.
    pub const fn stock(&self) -> u32 {
        self.stock
    }

    /// How many buyers are at it at any moment, each on a connection of its own.
    pub const fn clients(&self) -> u32 {
        self.clients
    }

    pub const fn guards(&self) -> Guards {
        self.guards
    }
}

/// The form that starts a run, as typed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChaosForm {
    pub attempts: String,
    pub stock: String,
    pub clients: String,
    /// `on`, `off`, or empty for `on`.
    pub guards: String,
}

impl ChaosForm {
    /// # Errors
    /// One error for each field: `attempts`, `stock`, `clients`, `guards`.
    pub fn parse(&self, limits: ChaosLimits) -> Result<ChaosPlan, FieldErrors> {
        let mut fields = Fields::default();
        let guards = match self.guards.as_str() {
            "" => Ok(Guards::default()),
            text => text.parse().map_err(|_| "must be on or off"),
        };
        let guards = fields.take("guards", guards).unwrap_or_default();
        // What is no number is as far outside the range as zero is.
        let count = |text: &str| Quantity::parse(text).map_or(0, |count| u32::try_from(count.get()).unwrap_or(0));
        let [attempts, stock, clients] = [&self.attempts, &self.stock, &self.clients].map(|text| count(text));
        let plan = fields.absorb(ChaosPlan::new(attempts, stock, clients, guards, limits));
        fields.finish(|| plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(attempts: &str, stock: &str, clients: &str, guards: &str) -> ChaosForm {
        let [attempts, stock, clients, guards] = [attempts, stock, clients, guards].map(str::to_owned);
        ChaosForm { attempts, stock, clients, guards }
    }

    #[test]
    fn a_form_becomes_a_plan_or_tells_all_its_errors() {
        let plan = form("1,000", "10", "50", "").parse(ChaosLimits::PAGE).unwrap();
        assert_eq!((plan.attempts(), plan.stock(), plan.clients(), plan.guards()), (1_000, 10, 50, Guards::On));
        assert_eq!(form("2", "1", "2", "off").parse(ChaosLimits::PAGE).unwrap().guards(), Guards::Off);
        let errors = form("20,001", "0", "many", "maybe").parse(ChaosLimits::PAGE).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["guards", "attempts", "stock", "clients"]);
        assert!(form("20,001", "1", "1", "").parse(ChaosLimits::COMMAND).is_ok());
    }
}
