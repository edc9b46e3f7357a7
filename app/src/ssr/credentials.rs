//! The cookie that a signed-in browser holds, and what the server's door puts into a request about it: the
//! session that came along, where the caller comes from, and how cookies are to be sent.

use domain::account::SESSION_LIFE_SECONDS;
use domain::problem::Problem;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use store::accounts::{OpenedSession, Origin, SessionToken};

use super::refused;
use crate::error::ApiError;

/// How a browser reaches the server, and so what its cookie is like. The door puts it into every request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// By TLS. The cookie's name begins with `__Host-`: no other host and no plain HTTP can have set it.
    Tls,
    /// Plain HTTP, as on the machine itself: browsers take no `__Host-` cookie from there.
    Plain,
}

impl Transport {
    pub const fn cookie_name(self) -> &'static str {
        match self {
            Self::Tls => "__Host-holdfast",
            Self::Plain => "holdfast",
        }
    }

    /// The session that came along, if what came has the form of one.
    pub fn session(self, headers: &HeaderMap) -> Option<SessionToken> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.cookie_name()).and_then(|(_, value)| SessionToken::parse(value))
    }

    fn cookie(self, value: &str, seconds: i64) -> String {
        let secure = match self {
            Self::Tls => "; Secure",
            Self::Plain => "",
        };
        format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.cookie_name())
    }
}

/// Where the caller comes from.
///
/// # Errors
/// [`Problem::Internal`] where the server is wired wrongly.
pub fn origin() -> Result<Origin, ApiError> {
    let origin = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Origin>().copied());
    origin.ok_or_else(|| {
        tracing::error!("a server function was called without its caller's address");
        refused(Problem::Internal)
    })
}

/// The session that came with the request, valid or not: signing in replaces it, signing out ends it.
pub fn session() -> Option<SessionToken> {
    let parts = use_context::<Parts>()?;
    transport(&parts)?.session(&parts.headers)
}

/// Gives the browser its session.
pub fn let_in(opened: &OpenedSession) {
    set(|transport| transport.cookie(opened.token.reveal(), SESSION_LIFE_SECONDS));
}

/// Takes it away.
pub fn let_out() {
    set(|transport| transport.cookie("", 0));
}

fn set(cookie: impl FnOnce(Transport) -> String) {
    let transport = use_context::<Parts>().and_then(|parts| transport(&parts));
    let (Some(transport), Some(response)) = (transport, use_context::<ResponseOptions>()) else { return };
    if let Ok(cookie) = HeaderValue::from_str(&cookie(transport)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}

fn transport(parts: &Parts) -> Option<Transport> {
    parts.extensions.get::<Transport>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_host_alone_and_for_no_script() {
        let cookie = Transport::Tls.cookie("token", 60);
        assert_eq!(cookie, "__Host-holdfast=token; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert!(!Transport::Plain.cookie("token", 60).contains("Secure"));
    }

    #[test]
    fn only_the_cookie_of_the_way_it_came_counts() {
        let token = "A".repeat(43);
        let mut headers = HeaderMap::new();
        let cookies = format!("theme=dark; holdfast={token}; other=1");
        headers.insert(header::COOKIE, HeaderValue::from_str(&cookies).unwrap());
        assert_eq!(Transport::Plain.session(&headers), SessionToken::parse(&token));
        assert_eq!(Transport::Tls.session(&headers), None);
        headers.insert(header::COOKIE, HeaderValue::from_static("holdfast=short"));
        assert_eq!(Transport::Plain.session(&headers), None);
    }
}
