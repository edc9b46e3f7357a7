//! Who asks: whoever sends a valid API key, or has a session.

use std::net::IpAddr;

use app::ssr::credentials::Transport;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use domain::problem::Problem;
use store::accounts::{KeySecret, SessionToken};
use store::{Identity, Store, StoreError};

use crate::state::AppState;

/// What came with a request to be let in by.
enum Presented {
    Nothing,
    /// Something that can't be a key.
    Nonsense,
    Key(KeySecret),
    Session(SessionToken),
}

/// Who asks; `None` where nobody known does. Whoever is remembered is counted as such, all others by their
/// address, before the database is asked about them.
///
/// # Errors
/// [`Problem::RateLimited`], or [`Problem::Busy`] where it can't be found out.
pub(crate) async fn identity(
    state: &AppState,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<Option<Identity>, Problem> {
    let admission = &state.admission;
    let count = |identity: Identity| match state.chaos.is_own(headers) {
        true => Ok(Some(identity)),
        false => admission.count(identity.actor).map(|()| Some(identity)),
    };
    let presented = Presented::from(headers, admission.transport);
    let recalled = match &presented {
        Presented::Key(secret) => state.store.recall_key(secret),
        Presented::Session(token) => state.store.recall_session(token),
        Presented::Nothing | Presented::Nonsense => None,
    };
    if let Some(identity) = recalled {
        return count(identity);
    }
    admission.count_stranger(address)?;
    let found = match &presented {
        Presented::Key(secret) => state.store.identify_key(secret).await,
        Presented::Session(token) => state.store.identify_session(token).await,
        Presented::Nothing | Presented::Nonsense => Ok(None),
    };
    match found.map_err(|error: StoreError| error.problem())? {
        Some(identity) => count(identity),
        None => Ok(None),
    }
}

/// What somebody was let in by, kept for an answer that lasts: it may be revoked meanwhile.
pub(crate) struct Pass {
    presented: Presented,
    identity: Identity,
}

impl Pass {
    /// What a request of somebody known came with.
    pub(crate) fn of(headers: &HeaderMap, transport: Transport, identity: Identity) -> Self {
        Self { presented: Presented::from(headers, transport), identity }
    }

    /// Whether it still lets the same in. Costs no query while it is remembered, and does not count as use:
    /// an open page keeps nobody signed in. Where it can't be found out it does not hold.
    pub(crate) async fn holds(&self, store: &Store) -> bool {
        let known = match &self.presented {
            Presented::Key(secret) => store.still_identify_key(secret).await,
            Presented::Session(token) => store.still_identify_session(token).await,
            Presented::Nothing | Presented::Nonsense => Ok(None),
        };
        matches!(known, Ok(Some(known)) if known.actor == self.identity.actor)
    }
}

impl Presented {
    /// A key is meant where there is one, whatever cookies came along.
    fn from(headers: &HeaderMap, transport: Transport) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => transport.session(headers).map_or(Self::Nothing, Self::Session),
            (Some(value), None) => {
                let secret = value.to_str().ok().and_then(bearer).and_then(KeySecret::parse);
                secret.map_or(Self::Nonsense, Self::Key)
            }
            (Some(_), Some(_)) => Self::Nonsense,
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}
