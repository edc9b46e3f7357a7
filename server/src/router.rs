//! The whole of the HTTP surface. Tests reach this one, not a copy.

use axum::Router;
use axum::middleware;
use axum::routing::any;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::normalize_path::NormalizePathLayer;

use crate::state::AppState;
use crate::{cross_site, identify, pages, rest, strangers};

/// Every path that Holdfast answers on.
pub fn router(state: AppState) -> Router {
    let routes = Router::new()
        .merge(rest::router())
        .merge(pages::routes(&state))
        .fallback(pages::fallback)
        .method_not_allowed_fallback(rest::problem::method_not_allowed)
        .with_state(state.clone());
    // One stack of layers rather than one after the other: the router would box each by itself, and a request
    // would pay for that. What stands above sees a request first and its answer last.
    let entrance = ServiceBuilder::new()
        // A slash at the end is trimmed before a route is looked for, which the routes inside do.
        .layer(NormalizePathLayer::trim_trailing_slash())
        .layer(middleware::from_fn_with_state(state.clone(), identify::identify))
        .layer(CatchPanicLayer::custom(rest::problem::panicked))
        .layer(cross_site::layer(&state.admission))
        .layer(middleware::from_fn(strangers::keep_out));
    // The pages' routes include the server functions; this one stands before them.
    Router::new()
        .route("/api/fn/{*name}", any(pages::server_function))
        .with_state(state)
        .fallback_service(routes)
        .layer(entrance)
}
