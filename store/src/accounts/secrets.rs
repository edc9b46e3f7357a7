//! Secrets that let somebody in. Each has 256 bits of chance; the database keeps its SHA-256, and none of
//! them prints itself.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::KeyId;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What is kept of a secret.
pub(crate) type Hash = [u8; 32];

/// 32 bytes in base64.
const CHANCE_CHARS: usize = 43;

macro_rules! token {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            pub(crate) fn fresh() -> Self {
                Self(chance())
            }

            /// `None` where the text can't be one.
            pub fn parse(text: &str) -> Option<Self> {
                is_chance(text).then(|| Self(text.to_owned()))
            }

            /// The secret itself, for the one it is meant for.
            pub fn reveal(&self) -> &str {
                &self.0
            }

            pub(crate) fn hash(&self) -> Hash {
                hash(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

token!(
    /// What a signed-in browser's cookie holds.
    SessionToken
);
token!(
    /// What a link that signs in once ends with.
    LinkToken
);

/// An API key: `hf_`, the id under which it is listed, `_`, and its chance. The id tells whoever finds a
/// leaked key which one to revoke; it lets nobody in.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret(String);

impl KeySecret {
    const PREFIX: &str = "hf_";
    const ID_CHARS: usize = 32;

    pub(crate) fn fresh(id: KeyId) -> Self {
        Self(format!("{}{}_{}", Self::PREFIX, id.as_uuid().simple(), chance()))
    }

    /// `None` where the text can't be a key: nobody has to be asked about it then.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, chance) = text.strip_prefix(Self::PREFIX)?.split_at_checked(Self::ID_CHARS)?;
        let is_id = Uuid::try_parse(id).is_ok();
        (is_id && chance.strip_prefix('_').is_some_and(is_chance)).then(|| Self(text.to_owned()))
    }

    /// The key itself, for the one it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> Hash {
        hash(&self.0)
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(..)")
    }
}

fn chance() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn is_chance(text: &str) -> bool {
    text.len() == CHANCE_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_prints_nothing_of_itself() {
        let key = KeySecret::fresh(crate::ids::key_id());
        assert_eq!(KeySecret::parse(key.reveal()), Some(key.clone()));
        let (token, link) = (SessionToken::fresh(), LinkToken::fresh());
        assert_eq!(SessionToken::parse(token.reveal()), Some(token.clone()));
        let printed = format!("{key:?} {token:?} {link:?}");
        for secret in [key.reveal(), token.reveal(), link.reveal()] {
            assert!(!printed.contains(secret));
        }
        assert_ne!(key.hash(), KeySecret::fresh(crate::ids::key_id()).hash());
    }

    #[test]
    fn what_has_not_the_form_of_a_secret_is_none() {
        let key = KeySecret::fresh(crate::ids::key_id());
        let cut = &key.reveal()[..key.reveal().len() - 1];
        let padded = format!("{} ", key.reveal());
        for text in ["", "hf_", "hf_1_2", cut, &padded, "Bearer x", "\u{1F511}", &"hf_".repeat(30)] {
            assert_eq!(KeySecret::parse(text), None, "{text:?}");
            assert_eq!(SessionToken::parse(text), None, "{text:?}");
        }
    }
}
