//! Who did something.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{KeyId, UserId};

/// Who changed the state. People appear by id only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// Whoever sat at the machine, before there was sign-in.
    Local,
    User(UserId),
    Key(KeyId),
    System(SystemActor),
}

/// The parts of Holdfast that act by themselves or for a command line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, strum::Display, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum SystemActor {
    /// Ends what is overdue.
    Expiry,
    /// Reads files for an operator.
    Import,
    /// Makes up a shop's past.
    Demo,
    /// Does what is asked for at a shell.
    Cli,
    /// Makes the first user of an empty database.
    Setup,
}

/// The text names no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be local, user:ID, key:ID or system:NAME")]
pub struct ActorError;

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::System(part) => write!(f, "system:{part}"),
        }
    }
}

impl FromStr for Actor {
    type Err = ActorError;

    fn from_str(text: &str) -> Result<Self, ActorError> {
        match text.split_once(':') {
            None if text == "local" => Ok(Self::Local),
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| ActorError),
            Some(("key", id)) => id.parse().map(Self::Key).map_err(|_| ActorError),
            Some(("system", part)) => part.parse().map(Self::System).map_err(|_| ActorError),
            _ => Err(ActorError),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = ActorError;

    fn try_from(text: String) -> Result<Self, ActorError> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_reads_back_as_written() {
        let actors = ["local", "user:019a0000-0000-7000-8000-000000000001", "system:expiry", "system:import"];
        for text in actors.into_iter().chain(["system:demo", "system:cli", "system:setup"]) {
            assert_eq!(text.parse::<Actor>().unwrap().to_string(), text);
        }
        for text in ["", "Local", "user:", "user:1", "system:", "robot:1"] {
            assert_eq!(text.parse::<Actor>(), Err(ActorError), "{text:?}");
        }
    }
}
