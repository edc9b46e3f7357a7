//! A secret that was just made and is shown once. Without a script the form that made it is answered by a
//! redirect, so that it travels to the page in a cookie that is taken away when the page is rendered.

use serde::{Deserialize, Serialize};

/// What was made, and for whom.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Shown {
    /// An API key.
    Key { name: String, secret: String },
    /// The address that signs a new user in once.
    Link { name: String, secret: String },
}

/// It is shown on purpose only.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key { .. } => "Shown::Key(..)",
            Self::Link { .. } => "Shown::Link(..)",
        })
    }
}
