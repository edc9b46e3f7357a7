//! Signing in, and where one goes from there.

use std::fmt;

use serde_json::json;

use super::Password;
use crate::form::{FieldErrors, Fields};
use crate::ids::{ChangeId, UserId};
use crate::journal::{Action, ChangeDraft, EntryDraft, Subject};
use crate::text::Email;

/// A session ends when it was not used for so long (12 hours) ...
pub const SESSION_IDLE_SECONDS: i64 = 12 * 60 * 60;
/// ... and in any case so long after it was opened (7 days).
pub const SESSION_LIFE_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Somebody who wants to be let in by a password.
#[derive(Clone, Debug)]
pub struct SignIn {
    email: Email,
    password: Password,
}

impl SignIn {
    /// # Errors
    /// One error for each field that is not acceptable: `email`, `password`.
    pub fn new(email: &str, password: &str) -> Result<Self, FieldErrors> {
        let mut fields = Fields::default();
        let email = fields.take("email", Email::new(email.trim()));
        let password = fields.take("password", Password::typed(password));
        fields.finish(|| Some(Self { email: email?, password: password? }))
    }

    pub fn email(&self) -> &Email {
        &self.email
    }

    pub fn password(&self) -> &Password {
        &self.password
    }
}

/// By what somebody was let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, strum::Display)]
#[strum(serialize_all = "snake_case")]
pub enum SignedInBy {
    Password,
    /// A link that works once.
    Link,
}

/// What the journal tells of a session that was opened. Of those who were not let in it tells nothing:
/// a list that only grows is not for strangers to write to.
pub fn session_opened(change_id: ChangeId, user: UserId, by: SignedInBy) -> ChangeDraft {
    let entry = EntryDraft { stock: None, before: None, after: Some(json!({"by": by.to_string()})) };
    ChangeDraft { change_id, action: Action::SessionOpened, subject: Subject::User(user), entries: vec![entry] }
}

/// What the journal tells of a session that its user ended.
pub fn session_closed(change_id: ChangeId, user: UserId) -> ChangeDraft {
    let entry = EntryDraft { stock: None, before: None, after: None };
    ChangeDraft { change_id, action: Action::SessionClosed, subject: Subject::User(user), entries: vec![entry] }
}

/// The path of a link that signs in once. Its page asks before it spends the link, so that whatever looks
/// links up in advance does not.
pub fn link_path(token: &str) -> String {
    format!("/sign-in?link={token}")
}

/// Where to go after signing in: a path of this server, with its query, and nothing that a browser could
/// take for another place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalPath(String);

impl LocalPath {
    const MAX_CHARS: usize = 2_000;

    /// The path, or the overview where the text is not one.
    pub fn or_overview(text: &str) -> Self {
        Self::new(text).unwrap_or_else(|| Self("/".to_owned()))
    }

    /// `None` where the text is no local path: one that begins with two slashes names another host, and
    /// browsers read a backslash as a slash and leave out line ends and tabs.
    pub fn new(text: &str) -> Option<Self> {
        let is_path = text.starts_with('/') && !text.starts_with("//") && text.len() <= Self::MAX_CHARS;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        (is_path && is_plain).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_takes_any_password_and_names_what_is_missing() {
        assert!(SignIn::new(" Ada@Example.com ", "short").is_ok());
        let errors = SignIn::new("", "").unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["email", "password"]);
    }

    #[test]
    fn one_is_only_sent_to_a_path_of_this_server() {
        for path in ["/", "/orders?status=shipped&sort=highest", "/products/WHITE%2FRED"] {
            assert_eq!(LocalPath::or_overview(path).as_str(), path);
        }
        let elsewhere = [
            "",
            "orders",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /orders",
            "javascript:alert(1)",
            "/ü",
        ];
        for text in elsewhere {
            assert_eq!(LocalPath::or_overview(text).as_str(), "/", "{text:?}");
        }
    }
}
