//! The pages, the server functions behind them, and their files.

use app::account::{Account, RenderedFor};
use app::app::{App, shell};
use app::ssr::alone::alone;
use app::ssr::chaos::Chaos;
use app::ssr::door;
use app::ssr::gate::{Entrance, entrance};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use domain::actor::Actor;
use domain::problem::Problem;
use leptos::context::{provide_context, use_context};
use leptos_axum::{LeptosRoutes as _, file_and_error_handler_with_context, generate_route_list};
use store::Identity;
use tower_http::compression::CompressionLayer;

use crate::body;
use crate::rest::problem::ApiError;
use crate::security;
use crate::state::AppState;

/// What a form may weigh. The longest field that is accepted has 200 characters.
const FORM_BYTES_MAX: usize = 64 << 10;

/// Pages and server functions.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let (context, options) = (page_context(state), state.leptos.clone());
    Router::new()
        .leptos_routes_with_context(state, generate_route_list(App), context, move || shell(options.clone()))
        .layer(middleware::from_fn_with_state(state.clone(), gate))
        .layer(middleware::from_fn(not_to_be_kept))
        .layer(CompressionLayer::new())
}

/// A server function. Leptos's own route to it would answer every failure with 500.
pub(crate) async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    door::server_function(context(&state), parts, body::read(body, FORM_BYTES_MAX)).await
}

/// What no route matches: a file, or nothing. Under `/api` it is a problem, elsewhere a page says so.
pub(crate) async fn fallback(State(state): State<AppState>, mut request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return ApiError(Problem::not_found("path")).into_response();
    }
    let hashed = path.starts_with("/pkg/");
    if !hashed {
        recognise(&state, &mut request).await;
    }
    let serve = file_and_error_handler_with_context::<AppState, _>(page_context(&state), shell);
    let mut response = alone(|| serve(request.uri().clone(), State(state), request)).await;
    if hashed && response.status().is_success() {
        // The names of these files change with their content.
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(CACHE_CONTROL, forever);
    } else if !response.status().is_success() {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Sends whoever is not known to the sign-in page, and tells the pages whom they are rendered for.
async fn gate(State(state): State<AppState>, pattern: MatchedPath, mut request: Request, next: Next) -> Response {
    let identity = request.extensions().get::<Identity>().copied();
    let entrance = entrance(pattern.as_str(), request.uri(), identity);
    if let Entrance::Elsewhere(address) = entrance {
        return Redirect::to(&address).into_response();
    }
    recognise(&state, &mut request).await;
    let mut response = next.run(request).await;
    if let Entrance::Closed(problem) = entrance {
        // The page says the same in words.
        *response.status_mut() = StatusCode::from_u16(problem.status()).unwrap_or_default();
    }
    response
}

/// Finds out what whoever is signed in is called.
async fn recognise(state: &AppState, request: &mut Request) {
    let Some(Identity { actor, role }) = request.extensions().get().copied() else { return };
    let account = match actor {
        Actor::User(id) => state.store.user_fetch(id).await.map(|user| Account {
            name: user.name.to_string(),
            email: user.email.to_string(),
            role,
        }),
        // A program that reads pages sees what people of its role see.
        Actor::Key(_) | Actor::Local | Actor::System(_) => {
            Ok(Account { name: "API key".to_owned(), email: String::new(), role })
        }
    };
    match account {
        Ok(account) => _ = request.extensions_mut().insert(account),
        Err(error) => tracing::warn!(%error, "a page is shown without the name of who is signed in"),
    }
}

fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let (store, chaos) = (state.store.clone(), Chaos(state.chaos.clone()));
    move || {
        provide_context(store.clone());
        provide_context(chaos.clone());
    }
}

fn page_context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let context = context(state);
    move || {
        context();
        let account = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Account>().cloned());
        provide_context(RenderedFor(account));
        security::restrict_page();
    }
}

/// Pages show what is true now: going back to one asks again.
async fn not_to_be_kept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use app::ssr::gate;

    use super::*;

    #[tokio::test]
    async fn every_page_says_whom_it_is_open_to() {
        let exist: BTreeSet<String> = generate_route_list(App).iter().map(|page| page.path().to_owned()).collect();
        let listed: BTreeSet<String> = gate::pages().map(|(pattern, _)| pattern.to_owned()).collect();
        assert_eq!(exist, listed);
    }
}
