//! Every request gets an id, and its caller a name, before anything else sees it. What became of it is one
//! line in the access log: of its address only the path, of its headers and its body nothing.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::actor::Actor;
use domain::problem::Problem;
use store::accounts::Origin;
use store::{Caller, Identity, ids};
use tracing::Instrument as _;

use crate::auth;
use crate::headers;
use crate::meters;
use crate::rest::problem::{self, ApiError};
use crate::state::AppState;
use crate::unread::Unread;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What the address and the headers of a request may weigh together.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How much of a path is logged.
const LOGGED_PATH_CHARS_MAX: usize = 300;
/// Open to all and asked for often: nobody is looked up for them, and nobody is counted.
const PLAIN: [&str; 4] = ["/healthz", "/readyz", "/favicon.svg", "/robots.txt"];

/// Puts the [`Caller`] into the request, the [`Identity`] of whoever is known, and where it comes from; the
/// id into the answer and into the body of a problem, with the headers that every answer has.
pub(crate) async fn identify(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (mut request, unread) = Unread::lend(request);
    let request_id = ids::request_id();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", %method, path = shown(&path), id = %request_id);
    let answering = async {
        let address = state.admission.address(&request);
        let identity = match admitted(&state, request.headers(), &path, head_bytes(&request), address).await {
            Ok(identity) => identity,
            Err(problem) => return (None, ApiError(problem).into_response()),
        };
        let extensions = request.extensions_mut();
        extensions.insert(state.admission.transport);
        extensions.insert(Origin { address, request_id: Some(request_id) });
        // No door through which something is changed is open to strangers, so what the journal would call
        // them does not matter.
        let actor = identity.map_or(Actor::Local, |identity| identity.actor);
        extensions.insert(Caller { actor, request_id: Some(request_id) });
        if let Some(identity) = identity {
            extensions.insert(identity);
        }
        (identity, next.run(request).await)
    };
    let (identity, response) = answering.instrument(span).await;
    if let Some(unread) = unread {
        unread.throw_away().await;
    }
    let mut response = problem::with_request_id(response, request_id);
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"holdfast\"");
        response.headers_mut().entry(WWW_AUTHENTICATE).or_insert(challenge);
    }
    headers::complete(response.headers_mut(), &path, state.admission.transport);
    meters::answered(response.status(), began.elapsed());
    tracing::info!(
        target: "access",
        %method,
        path = shown(&path),
        status = response.status().as_u16(),
        milliseconds = began.elapsed().as_micros() as f64 / 1_000.0,
        actor = identity.map(|identity| identity.actor.to_string()),
        id = %request_id,
        "answered",
    );
    response
}

async fn admitted(
    state: &AppState,
    headers: &HeaderMap,
    path: &str,
    head_bytes: usize,
    address: IpAddr,
) -> Result<Option<Identity>, Problem> {
    if head_bytes > HEAD_BYTES_MAX {
        return Err(Problem::HeadersTooLarge { max_bytes: HEAD_BYTES_MAX as u64 });
    }
    if PLAIN.contains(&path) || path.starts_with("/pkg/") {
        return Ok(None);
    }
    auth::identity(state, headers, address).await
}

fn head_bytes(request: &Request) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    headers.sum::<usize>() + request.uri().path_and_query().map_or(0, |address| address.as_str().len())
}

/// A path is ASCII: what is cut is cut between characters.
fn shown(path: &str) -> &str {
    path.get(..LOGGED_PATH_CHARS_MAX).unwrap_or(path)
}
