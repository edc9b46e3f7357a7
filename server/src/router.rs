//! The whole of the HTTP surface. Tests reach this one, not a copy.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::REFERRER_POLICY;
use axum::middleware;
use axum::routing::{any, get};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::state::AppState;
use crate::{identify, pages, rest};

/// Every path that Holdfast answers on.
pub fn router(state: AppState) -> Router {
    let routes = Router::new()
        .nest("/api", rest::routes())
        .route("/healthz", get(rest::health::alive))
        .route("/readyz", get(rest::health::ready))
        .merge(pages::routes(&state))
        .fallback(pages::fallback)
        .method_not_allowed_fallback(rest::problem::method_not_allowed)
        .with_state(state.clone());
    // The pages' routes include the server functions; these stand before them.
    let doors = Router::new()
        .route("/api/fn/{*name}", any(pages::server_function))
        .with_state(state)
        .fallback_service(routes)
        .layer(CatchPanicLayer::custom(rest::problem::panicked))
        .layer(middleware::from_fn(identify::identify))
        // Forms without WebAssembly are answered by a redirect to the page they came from: the browser
        // must say which.
        .layer(SetResponseHeaderLayer::if_not_present(REFERRER_POLICY, HeaderValue::from_static("same-origin")));
    // A slash at the end is trimmed before a route is looked for, so it has to be done from outside.
    let trimmed = ServiceBuilder::new().layer(NormalizePathLayer::trim_trailing_slash()).service(doors);
    Router::new().fallback_service(trimmed)
}
