//! Light or dark: a cookie says which, so that the server renders the right one at once. Without the
//! cookie the system's own choice holds.

use crate::cookie;

/// The cookie's name.
pub(crate) const COOKIE: &str = "theme";

/// A theme that somebody chose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    /// What the request's cookie says. There is no request in the browser, and no need for one: the
    /// `<html>` element is never rendered there.
    pub(crate) fn of_request() -> Option<Self> {
        cookie::of_request(COOKIE)?.parse().ok()
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}
