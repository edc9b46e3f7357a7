//! Whose account a server function is about, and secrets that are shown once: without a script the form
//! that makes one is answered by a redirect, so that it travels in a cookie to the page that shows it.

use axum::http::HeaderValue;
use domain::account::{KeyCreated, ShownOnce, UserCreated};
use domain::actor::Actor;
use domain::ids::UserId;
use domain::problem::Problem;
use http::header;
use http::request::Parts;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::access::Guarded;
use super::credentials::Transport;
use super::door::came_from;
use super::{Desk, refused};
use crate::cookie;
use crate::error::ApiError;
use crate::links;
use crate::query::{Query, to_query};
use crate::shown::Shown;

/// The cookie that carries what is shown once, to the one page that shows it.
const SHOWN_COOKIE: &str = "shown_once";

impl<F: Guarded> Desk<F> {
    /// The user who asks.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where a program asks.
    pub(crate) fn user(&self) -> Result<UserId, ApiError> {
        match self.caller.actor {
            Actor::User(id) => Ok(id),
            Actor::Local | Actor::Key(_) | Actor::System(_) => Err(refused(Problem::not_found("user"))),
        }
    }

    /// Keeps a secret that was just made for the page that a plain form goes back to. A script has it in the
    /// answer already.
    pub(crate) fn show_key(&self, created: &KeyCreated) {
        let name = created.api_key.name.to_string();
        self.show(created.key.as_ref(), |secret, _| Shown::Key { name, secret: secret.to_owned() });
    }

    /// Keeps the link that was just made for a user, as [`Self::show_key`] does.
    pub(crate) fn show_link(&self, created: &UserCreated) {
        let name = created.user.name.to_string();
        self.show(created.sign_in_link.as_ref(), |path, origin| Shown::Link {
            name,
            secret: format!("{origin}{path}"),
        });
    }

    fn show(&self, secret: Option<&ShownOnce>, shown: impl FnOnce(&str, &str) -> Shown) {
        let page = use_context::<Parts>().and_then(|parts| came_from(&parts.headers));
        let (Some(secret), Some(page)) = (secret, page) else { return };
        let origin = page.find("://").and_then(|at| page[at + 3..].find('/').map(|end| &page[..at + 3 + end]));
        let shown = shown(secret.reveal(), origin.unwrap_or_default());
        set_cookie(&shown_cookie(&written(&shown), 60));
    }

    /// What [`Self::show_key`] kept; after that there is nothing.
    pub(crate) fn take_shown(&self) -> Option<Shown> {
        let shown = cookie::of_request(SHOWN_COOKIE)?;
        set_cookie(&shown_cookie("", 0));
        read(&shown)
    }
}

/// As a cookie's value.
fn written(shown: &Shown) -> String {
    let (what, name, secret) = match shown {
        Shown::Key { name, secret } => ("key", name, secret),
        Shown::Link { name, secret } => ("link", name, secret),
    };
    to_query(&[("what", what), ("name", name), ("secret", secret)]).trim_start_matches('?').to_owned()
}

fn read(text: &str) -> Option<Shown> {
    let query = Query::parse(text);
    let (name, secret) = (query.get("name")?, query.get("secret")?);
    match query.get("what")?.as_str() {
        "key" => Some(Shown::Key { name, secret }),
        "link" => Some(Shown::Link { name, secret }),
        _ => None,
    }
}

fn shown_cookie(value: &str, seconds: u32) -> String {
    let transport = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Transport>().copied());
    let secure = if transport == Some(Transport::Tls) { "; Secure" } else { "" };
    format!("{SHOWN_COOKIE}={value}; Path={}; Max-Age={seconds}; SameSite=Strict; HttpOnly{secure}", links::SETTINGS)
}

pub(super) fn set_cookie(cookie: &str) {
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(cookie)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_once_travels_in_a_cookie() {
        let shown = Shown::Link { name: "Ada; \"&=ü".to_owned(), secret: "http://h/sign-in?link=x".to_owned() };
        let text = written(&shown);
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)), "{text}");
        assert_eq!(read(&text), Some(shown.clone()));
        assert!(!format!("{shown:?}").contains("link=x"));
        assert_eq!(read("what=key&name=a"), None);
    }
}
