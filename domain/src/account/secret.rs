//! A secret on its way to the one who asked for it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A secret that is shown once: a new API key, a one-time link. It is in the first answer and nowhere else,
/// so it never prints itself by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShownOnce(String);

impl ShownOnce {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for whoever shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShownOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownOnce(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sent_and_not_printed() {
        let secret = ShownOnce::new("hf_secret");
        assert_eq!(serde_json::to_value(&secret).unwrap(), "hf_secret");
        assert!(!format!("{secret:?}").contains("hf_secret"));
    }
}
