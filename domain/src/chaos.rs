//! The chaos test: what a run is to be, how it stands, and what it proves.
//!
//! Many buyers want one unit each of a product that was made for the run, at the same moment and in every
//! bad way that the world has. What they were told, what the stock says and what the journal says must be
//! one story. The verdict on that is here, as a pure function; the buyers themselves are the server's.

mod ledger;
mod plan;
mod run;
mod verdict;

pub use ledger::{Ledger, Played};
pub use plan::{ChaosForm, ChaosLimits, ChaosPlan, Guards};
pub use run::{ChaosRun, Counts, LatencyBar, LatencySummary, Phase, Square, Squares};
pub use verdict::{Balance, Check, CheckKind, Evidence, Retold, Verdict, control_verdict};
