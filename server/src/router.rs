//! The whole of the HTTP surface. Tests reach this one, not a copy.

use axum::Router;
use axum::middleware;
use axum::routing::any;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::normalize_path::NormalizePathLayer;

use crate::state::AppState;
use crate::{cross_site, headers, identify, pages, rest, strangers};

/// Every path that Holdfast answers on.
pub fn router(state: AppState) -> Router {
    let routes = Router::new()
        .merge(rest::router())
        .merge(pages::routes(&state))
        .fallback(pages::fallback)
        .method_not_allowed_fallback(rest::problem::method_not_allowed)
        .with_state(state.clone());
    // The pages' routes include the server functions; these stand before them.
    let doors = Router::new()
        .route("/api/fn/{*name}", any(pages::server_function))
        .with_state(state.clone())
        .fallback_service(routes)
        .layer(middleware::from_fn(strangers::keep_out))
        .layer(cross_site::layer(&state.admission))
        .layer(CatchPanicLayer::custom(rest::problem::panicked))
        .layer(middleware::from_fn_with_state(state.clone(), identify::identify))
        .layer(middleware::from_fn_with_state(state, headers::guard));
    // A slash at the end is trimmed before a route is looked for, so it has to be done from outside.
    let trimmed = ServiceBuilder::new().layer(NormalizePathLayer::trim_trailing_slash()).service(doors);
    Router::new().fallback_service(trimmed)
}
