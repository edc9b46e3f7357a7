//! The one error of the server functions: a [`Problem`] and what a page needs to show it well.

use domain::ids::RequestId;
use domain::problem::Problem;
use leptos::prelude::is_server;
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

/// Why a server function did not do what it was asked to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{problem}")]
pub struct ApiError {
    #[serde(flatten)]
    pub problem: Problem,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// What had been typed into the form, for the page that shows it again without JavaScript.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<(String, String)>,
}

impl ApiError {
    pub fn new(problem: Problem) -> Self {
        Self { problem, request_id: None, typed: Vec::new() }
    }

    /// Whether the same request may well succeed in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(self.problem, Problem::Busy { .. } | Problem::OutcomeUnknown | Problem::Internal)
    }
}

impl FromServerFnError for ApiError {
    type Encoder = ProblemJson;

    /// What went wrong around a server function: in reading its arguments, or on the way between
    /// browser and server. An answer that can't be read is one that was not received.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self::new(match error {
            ServerFnErrorErr::Args(detail) | ServerFnErrorErr::MissingArg(detail) => Problem::malformed(detail),
            ServerFnErrorErr::Deserialization(detail) if is_server() => Problem::malformed(detail),
            ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::Request(_) => Problem::OutcomeUnknown,
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::Response(_) => Problem::Internal,
        })
    }
}

/// `application/problem+json` (RFC 9457), as the REST interface answers it too.
#[derive(Debug)]
pub struct ProblemJson;

#[derive(Serialize)]
struct OnTheWire<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(flatten)]
    error: &'a ApiError,
}

impl ContentType for ProblemJson {
    const CONTENT_TYPE: &'static str = "application/problem+json";
}

impl FormatType for ProblemJson {
    const FORMAT_TYPE: Format = Format::Text;
}

impl Encodes<ApiError> for ProblemJson {
    type Error = serde_json::Error;

    fn encode(error: &ApiError) -> Result<Bytes, serde_json::Error> {
        let problem = &error.problem;
        let wire = OnTheWire {
            r#type: format!("urn:holdfast:problem:{}", problem.code()),
            title: problem.title(),
            status: problem.status(),
            detail: problem.to_string(),
            error,
        };
        serde_json::to_vec(&wire).map(Bytes::from)
    }
}

impl Decodes<ApiError> for ProblemJson {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<ApiError, serde_json::Error> {
        serde_json::from_slice(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_back_from_the_wire() {
        for problem in [Problem::Internal, Problem::field("sku", "is required"), Problem::not_found("product")] {
            let error = ApiError { typed: vec![("sku".into(), "85123A".into())], ..ApiError::new(problem) };
            let bytes = ProblemJson::encode(&error).unwrap();
            let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(json["status"], error.problem.status());
            assert_eq!(json["code"], error.problem.code());
            assert_eq!(ApiError::de(bytes), error);
        }
    }
}
