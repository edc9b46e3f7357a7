//! What every answer tells a browser to beware of. Pages have a stricter policy of their own.

use app::ssr::credentials::Transport;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

/// Each unless the answer has its own.
const ALL: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Forms without WebAssembly are answered by a redirect to the page they came from: the browser must say
    // which.
    (REFERRER_POLICY, "same-origin"),
    // What is no page shows nothing, runs nothing and stands in no frame.
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
/// For two years, as the list that browsers ship with asks for.
const TLS_ONLY: &str = "max-age=63072000; includeSubDomains";

/// Completes an answer to a request for this path.
pub(crate) fn complete(headers: &mut HeaderMap, path: &str, transport: Transport) {
    for (name, value) in ALL {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if transport == Transport::Tls {
        headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(HeaderValue::from_static(TLS_ONLY));
    }
    let is_api = path == "/api" || path.starts_with("/api/");
    if is_api && !headers.contains_key(CACHE_CONTROL) {
        // What has a version may be kept by its caller, to be asked about by that.
        let kept = if headers.contains_key(ETAG) { "private, no-cache" } else { "no-store" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    }
}
