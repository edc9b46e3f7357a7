//! The chaos test, as the server brings it: it is an HTTP client, and so no matter of the pages or the
//! store. The server provides one of these as context.

use std::fmt;
use std::sync::Arc;

use domain::chaos::{ChaosPlan, ChaosRun};
use domain::problem::Problem;

/// Headers of the request that starts a run, for the run to ask with: it does what its starter may do, and
/// the journal names them.
pub type StarterHeaders = Vec<(&'static str, String)>;

/// Runs chaos tests, one at a time.
pub trait ChaosRunner: Send + Sync {
    /// Starts a run and comes back at once. Under the key of the run that is under way it is that run.
    ///
    /// # Errors
    /// [`Problem::ChaosUnderWay`] while another one goes on.
    fn start(&self, plan: ChaosPlan, key: &str, headers: StarterHeaders) -> Result<(), Problem>;

    /// Tells the run to stop, where one is under way. It puts its things away first.
    fn stop(&self);

    /// The run that is under way, or the last one since the server started.
    fn current(&self) -> Option<ChaosRun>;
}

/// What the server provides as context.
#[derive(Clone)]
pub struct Chaos(pub Arc<dyn ChaosRunner>);

impl fmt::Debug for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chaos")
    }
}
