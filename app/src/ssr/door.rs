//! The door of the server functions. Leptos answers every failure with 500 and sends a plain form back to
//! where it came from; here a failure gets the status of its problem, and the form goes back with what was
//! typed into it.

use axum::body::{Body, Bytes, to_bytes};
use axum::response::IntoResponse;
use domain::problem::Problem;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use server_fn::ContentType;
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER, ServerFnUrlError};
use store::{Caller, Identity};

use super::access;
use super::alone::alone;
use crate::error::{ApiError, ProblemJson};
use crate::query::Query;

/// More than any error of a server function weighs.
const ERROR_BYTES_MAX: usize = 64 * 1024;
/// How much of what was typed goes back with an error, for each field; it travels in an address.
const TYPED_CHARS_MAX: usize = 300;
const TYPED_FIELDS_MAX: usize = 12;

/// What is remembered of a request while it is answered.
struct Asked {
    path: String,
    request_id: Option<domain::ids::RequestId>,
    /// The page that a plain form is on, without the error that an earlier try left in its address.
    back_to: Option<String>,
    typed: Vec<(String, String)>,
}

/// Runs a server function on what was sent, which is read only of those who may have it, or answers why not.
/// `context` provides what the function needs: the store.
pub async fn server_function(
    context: impl Fn() + Clone + Send + 'static,
    parts: Parts,
    sent: impl Future<Output = Result<Bytes, Problem>>,
) -> Response<Body> {
    let mut asked = Asked {
        path: parts.uri.path().to_owned(),
        request_id: parts.extensions.get::<Caller>().and_then(|caller| caller.request_id),
        back_to: came_from(&parts.headers),
        typed: Vec::new(),
    };
    if let Err(problem) = admitted(&asked.path, &parts) {
        // Whoever was signed out while typing finds it again after signing in.
        if asked.back_to.is_some() && problem == Problem::Unauthenticated {
            asked.typed = typed(&sent.await.unwrap_or_default());
        }
        return asked.answered(ApiError::new(problem));
    }
    let sent = match sent.await {
        Ok(sent) => sent,
        Err(problem) => return asked.answered(ApiError::new(problem)),
    };
    if asked.back_to.is_some() {
        asked.typed = typed(&sent);
    }
    let request = Request::from_parts(parts, Body::from(sent));
    let response = alone(|| leptos_axum::handle_server_fns_with_context(context, request)).await.into_response();
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return tidied(response);
    }
    let error = to_bytes(response.into_body(), ERROR_BYTES_MAX).await.unwrap_or_default();
    asked.answered(ApiError::de(error))
}

impl Asked {
    /// The answer to a failure: back to the form, where a plain form asked, else the problem as JSON.
    fn answered(self, error: ApiError) -> Response<Body> {
        let error = ApiError { request_id: error.request_id.or(self.request_id), typed: self.typed, ..error };
        let back = self.back_to.and_then(|page| ServerFnUrlError::new(&self.path, error.clone()).to_url(&page).ok());
        let location = back.and_then(|url| HeaderValue::from_str(url.as_str()).ok());
        let mut response = Response::new(Body::from(error.ser()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(ProblemJson::CONTENT_TYPE));
        if let Some(retry_after_seconds) = error.problem.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, retry_after_seconds.into());
        }
        match location {
            Some(location) => {
                headers.insert(header::LOCATION, location);
                *response.status_mut() = StatusCode::SEE_OTHER;
            }
            None => *response.status_mut() = StatusCode::from_u16(error.problem.status()).unwrap_or_default(),
        }
        response
    }
}

/// Whether the caller may have this function, by this method. To whom it is not open, nothing more is told of it,
/// and nothing of what was sent is carried out.
fn admitted(path: &str, parts: &Parts) -> Result<(), Problem> {
    let identity = parts.extensions.get::<Identity>().copied();
    let known = server_fn::axum::server_fn_paths().filter(|(known, _)| *known == path);
    let methods: Vec<Method> = known.map(|(_, takes)| takes).collect();
    let Some(access) = access::declared(path) else {
        identity.ok_or(Problem::Unauthenticated)?;
        if methods.is_empty() {
            return Err(Problem::not_found("server function"));
        }
        tracing::error!(path, "a server function does not say whom it is open to");
        return Err(Problem::Internal);
    };
    access::admit(access, identity)?;
    if methods.contains(&parts.method) { Ok(()) } else { Err(Problem::MethodNotAllowed) }
}

/// The page that a plain form was sent from. A script asks for JSON and is answered in kind.
pub(crate) fn came_from(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    text(header::ACCEPT).filter(|accept| accept.contains("text/html"))?;
    text(header::REFERER).map(without_error)
}

fn without_error(page: &str) -> String {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let is_error = |pair: &&str| pair.starts_with("__path=") || pair.starts_with("__err=");
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_error(pair)).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// What is typed in secret, and never goes back: an address is written down in many places.
const SECRET_FIELDS: [&str; 4] = ["password", "current", "new", "link"];

/// What was typed, but for secrets. The key is not typed, and a new page brings a new one.
fn typed(body: &[u8]) -> Vec<(String, String)> {
    let fields = Query::parse(&String::from_utf8_lossy(body)).0;
    let typed = fields.into_iter().filter(|(name, _)| name != "key" && !SECRET_FIELDS.contains(&name.as_str()));
    let cut = |text: String| text.chars().take(TYPED_CHARS_MAX).collect::<String>();
    typed.take(TYPED_FIELDS_MAX).map(|(name, value)| (cut(name), cut(value))).collect()
}

/// Leptos leaves a bare `?` where it took the error of an earlier try out of the address.
fn tidied(mut response: Response<Body>) -> Response<Body> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let tidy = location.and_then(|text| text.strip_suffix('?')).and_then(|text| HeaderValue::from_str(text).ok());
    if let Some(tidy) = tidy {
        response.headers_mut().insert(header::LOCATION, tidy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_error_is_taken_out_of_the_address() {
        let cases = [
            ("http://h/products", "http://h/products"),
            ("http://h/products?q=a&__path=x&__err=y&archived=only", "http://h/products?q=a&archived=only"),
            ("http://h/products?__path=x&__err=y", "http://h/products"),
        ];
        for (page, without) in cases {
            assert_eq!(without_error(page), without);
        }
    }

    #[test]
    fn what_was_typed_goes_back_cut_and_without_key_and_secrets() {
        let body = format!("sku=a+b&name={}&key=secret&password=secret&new=secret", "x".repeat(1_000));
        let typed = typed(body.as_bytes());
        assert_eq!(typed[0], ("sku".to_owned(), "a b".to_owned()));
        assert_eq!(typed[1].1.len(), TYPED_CHARS_MAX);
        assert_eq!(typed.len(), 2);
    }
}
