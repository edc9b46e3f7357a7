//! What text may be: printable, and no longer than its place allows.

use std::fmt;

use serde::Deserialize;
use smol_str::SmolStr;

/// Why a text is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("is required")]
    Empty,
    #[error("may have at most {max} characters, this has {actual}")]
    TooLong { max: usize, actual: usize },
    #[error("may not contain control characters")]
    Control,
    #[error("may not contain invisible characters or line breaks")]
    Invisible,
    #[error("may not begin or end with a space")]
    Padded,
    #[error("must be an address such as name@example.com")]
    NotAnEmail,
    #[error("must be something else: paths give this text another meaning")]
    PathSegment,
}

/// A product's name as people read it: 1 to 200 characters, emoji and all scripts included.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(SmolStr);

impl Name {
    pub const MAX_CHARS: usize = 200;

    /// # Errors
    /// [`TextError`] says what is wrong with the text.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        checked(text.into(), Self::MAX_CHARS).map(|text| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom a reservation is for, in the caller's own words (a cart, a session): 1 to 200 characters. A
/// label to find it by, never a right to it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Owner(SmolStr);

impl Owner {
    pub const MAX_CHARS: usize = 200;

    /// # Errors
    /// [`TextError`] says what is wrong with the text.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        checked(text.into(), Self::MAX_CHARS).map(|text| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address to write to: 3 to 254 characters around one `@`, without spaces. Whether somebody reads
/// there only a letter can tell.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Email(SmolStr);

impl Email {
    pub const MAX_CHARS: usize = 254;

    /// Kept in lower case: two spellings of one address are one customer.
    ///
    /// # Errors
    /// [`TextError`] says what is wrong with the text.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = checked(text.into(), Self::MAX_CHARS)?.to_lowercase();
        if text.chars().any(|char| char.is_whitespace() || is_invisible(char)) {
            return Err(TextError::Invisible);
        }
        match text.split_once('@') {
            Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
                Ok(Self(text.into()))
            }
            _ => Err(TextError::NotAnEmail),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a shop calls its own order or customer: 1 to 100 printable characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference(SmolStr);

impl Reference {
    pub const MAX_CHARS: usize = 100;

    /// # Errors
    /// [`TextError`] says what is wrong with the text.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = checked(text.into(), Self::MAX_CHARS)?;
        if text.chars().any(is_invisible) { Err(TextError::Invisible) } else { Ok(Self(text.into())) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A note on an order: 1 to 2,000 characters, in one line or several.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct NoteText(SmolStr);

impl NoteText {
    pub const MAX_CHARS: usize = 2_000;

    /// Line ends are kept as `\n`, whatever they came as.
    ///
    /// # Errors
    /// [`TextError`] says what is wrong with the text.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into().replace("\r\n", "\n").trim().to_owned();
        let actual = text.chars().count();
        match actual {
            0 => Err(TextError::Empty),
            _ if actual > Self::MAX_CHARS => Err(TextError::TooLong { max: Self::MAX_CHARS, actual }),
            _ if text.chars().any(|char| char.is_control() && char != '\n' && char != '\t') => Err(TextError::Control),
            _ => Ok(Self(text.into())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_conversions {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0.into()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
text_conversions!(Name);
text_conversions!(Owner);
text_conversions!(Email);
text_conversions!(Reference);
text_conversions!(NoteText);
pub(crate) use text_conversions;

/// Text of 1 to `max` characters that starts and ends with something to see.
pub(crate) fn checked(text: String, max: usize) -> Result<String, TextError> {
    if text.trim().is_empty() && !text.chars().any(char::is_control) {
        return Err(TextError::Empty);
    }
    let actual = text.chars().count();
    if actual > max {
        return Err(TextError::TooLong { max, actual });
    }
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    if text.chars().any(|char| matches!(char, '\u{2028}' | '\u{2029}')) {
        return Err(TextError::Invisible);
    }
    if text.trim() != text {
        return Err(TextError::Padded);
    }
    Ok(text)
}

/// Characters that show nothing, or change how what stands beside them is shown: in a code that people
/// compare by eye, two that look alike must be alike.
pub(crate) fn is_invisible(char: char) -> bool {
    let code = u32::from(char);
    (char.is_whitespace() && char != ' ')
        || matches!(char, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{FEFF}' | '\u{115F}' | '\u{1160}' | '\u{3164}')
        || (0x200B..=0x200F).contains(&code)
        || (0x2028..=0x202E).contains(&code)
        || (0x2060..=0x206F).contains(&code)
        || (0xFE00..=0xFE0F).contains(&code)
        || (0xFFF0..=0xFFFB).contains(&code)
        || (0xE0000..=0xE0FFF).contains(&code)
        || code & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_every_script_and_emoji() {
        for text in ["WHITE HANGING HEART T-LIGHT HOLDER", "Familie 👨‍👩‍👧 ❤️", "שלום", "a"] {
            assert!(Name::new(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn an_email_has_one_at_and_one_spelling() {
        assert_eq!(Email::new("Name@Example.COM").unwrap().as_str(), "name@example.com");
        for text in ["", "name", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\u{200B}"] {
            assert!(Email::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_note_may_have_lines() {
        assert_eq!(NoteText::new(" one\r\ntwo ").unwrap().as_str(), "one\ntwo");
        assert_eq!(NoteText::new("a\0b"), Err(TextError::Control));
        assert_eq!(NoteText::new(" \n "), Err(TextError::Empty));
    }

    #[test]
    fn names_refuse_what_can_not_be_shown() {
        let cases = [
            ("", TextError::Empty),
            ("   ", TextError::Empty),
            ("a\0b", TextError::Control),
            ("a\r\nb", TextError::Control),
            ("\n", TextError::Control),
            (" a", TextError::Padded),
            ("a\u{2028}b", TextError::Invisible),
        ];
        for (text, error) in cases {
            assert_eq!(Name::new(text), Err(error), "{text:?}");
        }
        assert_eq!(Name::new("x".repeat(201)), Err(TextError::TooLong { max: 200, actual: 201 }));
    }
}
