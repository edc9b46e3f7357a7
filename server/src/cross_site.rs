//! No other site's page changes anything here with the session of whoever looks at it.

use app::ssr::credentials::Transport;
use axum::response::{IntoResponse as _, Response};
use domain::problem::Problem;
use tower_http::csrf::{CsrfLayer, ProtectionError};

use crate::admission::Admission;
use crate::rest::problem::ApiError;

/// Refuses what a browser says was sent from another site. Programs send no such word and pass: they have no
/// session that could be abused.
pub(crate) fn layer(admission: &Admission) -> CsrfLayer<fn(ProtectionError) -> Response> {
    let refuse: fn(ProtectionError) -> Response = |_| ApiError(Problem::CrossSite).into_response();
    let layer = CsrfLayer::new().with_rejection_response(refuse);
    // A proxy that ends TLS may call the server by another name than browsers do.
    match &admission.public_origin {
        Some(origin) if admission.transport == Transport::Tls => {
            layer.clone().add_trusted_origin(origin).unwrap_or(layer)
        }
        _ => layer,
    }
}
