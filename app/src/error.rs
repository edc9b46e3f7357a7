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
        matches!(
            self.problem,
            Problem::Busy { .. } | Problem::RateLimited { .. } | Problem::OutcomeUnknown | Problem::Internal
        )
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
        // The standard members stand beside the problem's own, of which one may have the same name.
        let mut wire = serde_json::to_value(error)?;
        wire["type"] = format!("urn:holdfast:problem:{}", problem.code()).into();
        wire["title"] = problem.title().into();
        wire["status"] = problem.status().into();
        wire["detail"] = problem.to_string().into();
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
    use domain::reservation::ReservationStatus;

    use super::*;

    #[test]
    fn an_error_reads_back_from_the_wire() {
        let problems = [
            Problem::Internal,
            Problem::malformed("no"),
            Problem::field("sku", "is required"),
            Problem::not_found("product"),
            Problem::NotHeld { reservation_status: ReservationStatus::Released },
        ];
        for problem in problems {
            let error = ApiError { typed: vec![("sku".into(), "85123A".into())], ..ApiError::new(problem) };
            let bytes = ProblemJson::encode(&error).unwrap();
            let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(json["status"], error.problem.status());
            assert_eq!(json["code"], error.problem.code());
            assert_eq!(ApiError::de(bytes), error);
        }
    }
}
