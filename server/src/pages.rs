//! The pages, the server functions behind them, and their files.

use app::app::{App, shell};
use app::ssr::door;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use leptos::context::provide_context;
use leptos_axum::{LeptosRoutes as _, file_and_error_handler_with_context, generate_route_list};
use tower_http::compression::CompressionLayer;

use crate::rest::problem::ApiError;
use crate::state::AppState;

/// Pages and server functions.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let (context, options) = (context(state), state.leptos.clone());
    Router::new()
        .leptos_routes_with_context(state, generate_route_list(App), context, move || shell(options.clone()))
        .layer(middleware::from_fn(not_to_be_kept))
        .layer(CompressionLayer::new())
}

/// A server function. Leptos's own route to it would answer every failure with 500.
pub(crate) async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    door::server_function(context(&state), request).await
}

/// What no route matches: a file, or nothing. Under `/api` it is a problem, elsewhere a page says so.
pub(crate) async fn fallback(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return ApiError(Problem::not_found("path")).into_response();
    }
    let hashed = path.starts_with("/pkg/");
    let serve = file_and_error_handler_with_context::<AppState, _>(context(&state), shell);
    let mut response = serve(request.uri().clone(), State(state), request).await;
    if hashed && response.status().is_success() {
        // The names of these files change with their content.
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(CACHE_CONTROL, forever);
    }
    response
}

fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let store = state.store.clone();
    move || provide_context(store.clone())
}

/// Pages show what is true now: going back to one asks again.
async fn not_to_be_kept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
