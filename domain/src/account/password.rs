//! Passwords, which never print themselves.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::form::{FieldErrors, Fields};

/// A password as a person typed it: compared character by character, no character is refused.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text can't be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("is required")]
    Empty,
    #[error("must have at least {min} characters, this has {actual}")]
    TooShort { min: usize, actual: usize },
    #[error("may have at most {max} characters, this has {actual}")]
    TooLong { max: usize, actual: usize },
    #[error("is too easily guessed: use several words, or let a password manager make one")]
    TooCommon,
}

impl Password {
    pub const MIN_CHARS: usize = 12;
    /// What is longer takes longer to hash, and nobody types it.
    pub const MAX_CHARS: usize = 128;
    /// A password of fewer different characters is one of a few that everybody tries.
    const DIFFERENT_CHARS_MIN: usize = 5;

    /// A password that is to be set. Whether it is among the common ones the store says, where the lists
    /// are: they are too long for a browser.
    ///
    /// # Errors
    /// [`PasswordError`] says what is wrong with it.
    pub fn new(text: impl Into<String>) -> Result<Self, PasswordError> {
        let password = Self::typed(text)?;
        let actual = password.0.chars().count();
        if actual < Self::MIN_CHARS {
            return Err(PasswordError::TooShort { min: Self::MIN_CHARS, actual });
        }
        let mut different: Vec<char> = password.0.chars().collect();
        different.sort_unstable();
        different.dedup();
        if different.len() < Self::DIFFERENT_CHARS_MIN { Err(PasswordError::TooCommon) } else { Ok(password) }
    }

    /// What somebody typed to be let in: only its length is bounded.
    ///
    /// # Errors
    /// [`PasswordError::Empty`] or [`PasswordError::TooLong`].
    pub fn typed(text: impl Into<String>) -> Result<Self, PasswordError> {
        let text = text.into();
        match text.chars().count() {
            0 => Err(PasswordError::Empty),
            actual if actual > Self::MAX_CHARS => Err(PasswordError::TooLong { max: Self::MAX_CHARS, actual }),
            _ => Ok(Self(text)),
        }
    }

    /// The password itself, for what hashes it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// That there is one, not which: commands are serialised for their fingerprint, which is kept, and a quick
/// hash of a password is as good as the password.
impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(a password)")
    }
}

/// A user's own password, to be changed by whoever knows the present one.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// None where none was set yet: an invited user is let in by a link at first.
    current: Option<Password>,
    new: Password,
}

impl PasswordChange {
    /// # Errors
    /// One error for each field that is not acceptable: `current`, `new`.
    pub fn new(current: &str, new: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let current = match current {
            "" => Some(None),
            current => fields.take("current", Password::typed(current)).map(Some),
        };
        let new = fields.take("new", Password::new(new));
        fields.finish(|| Some(Self { current: current?, new: new? }))
    }

    pub fn current(&self) -> Option<&Password> {
        self.current.as_ref()
    }

    pub fn new_password(&self) -> &Password {
        &self.new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_twelve_characters_of_any_kind_or_more() {
        for text in ["correct horse", "пароль длинный", "\0 \u{202E} tab\t quote' ü", &"aB3$e".repeat(25)]
        {
            assert!(Password::new(text).is_ok(), "{text:?}");
        }
        let refused = [
            ("", PasswordError::Empty),
            ("elevenchars", PasswordError::TooShort { min: 12, actual: 11 }),
            ("abababababababab", PasswordError::TooCommon),
        ];
        for (text, error) in refused {
            assert_eq!(Password::new(text), Err(error), "{text:?}");
        }
        assert_eq!(Password::new("abcde".repeat(26)), Err(PasswordError::TooLong { max: 128, actual: 130 }));
    }

    #[test]
    fn it_prints_nothing_of_itself() {
        let change = PasswordChange::new("the one before", "the one that follows").unwrap();
        let printed = format!("{change:?} {}", serde_json::to_string(change.new_password()).unwrap());
        assert!(!printed.contains("before") && !printed.contains("follows"), "{printed}");
    }
}
