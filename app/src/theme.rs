//! Light or dark: a cookie says which, so that the server renders the right one at once. Without the
//! cookie the system's own choice holds.

use leptos::prelude::use_context;

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
        let parts = use_context::<http::request::Parts>()?;
        let cookies = parts.headers.get_all(http::header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| value.parse().ok())
    }

    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}
