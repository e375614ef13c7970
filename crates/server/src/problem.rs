//! Error responses: RFC 9457 `application/problem+json`, or the original's body if so configured.

use crate::errors::{ErrorCode, Legacy, SITE};
use crate::http::middleware::Call;
use crate::outage;
use axum::body::Body;
use catalog::{CatalogError, UpstreamFault};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use std::borrow::Cow;
use std::error::Error;
use utoipa::ToSchema;

/// Detail of every internal error. The cause is logged and never sent.
const INTERNAL_DETAIL: &str =
    "Something went wrong here. The server's log has the cause under this request id.";
const UNAVAILABLE_DETAIL: &str = "The server cannot answer at the moment. Try the same request again.";

/// `Retry-After` where nothing is stored and the upstream failed.
const UPSTREAM_RETRY_SECONDS: u64 = 5;

/// An error response: its code, detail and headers.
#[derive(Debug)]
pub(crate) struct Problem {
    code: ErrorCode,
    detail: Cow<'static, str>,
    param: Option<&'static str>,
    /// Name of an unknown field of the body.
    unknown_field: Option<Box<str>>,
    retry_after_seconds: Option<u64>,
    allow: Option<Box<HeaderValue>>,
    content_range: Option<Box<HeaderValue>>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// Reference to the explanation of the error.
    r#type: String,
    /// Short name of the error.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// Explains what was wrong and what would be right.
    detail: &'a str,
    /// Error code, for programs.
    code: &'a str,
    /// Same as `detail`.
    message: &'a str,
    /// The id of this request in the server's log.
    request_id: String,
    /// The invalid parameter, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    param: Option<&'a str>,
}

impl ProblemBody<'static> {
    /// Returns the example of a code in the API description.
    pub(crate) fn example(code: ErrorCode) -> Self {
        let facts = code.facts();
        Self {
            r#type: type_of(code),
            title: facts.title,
            status: facts.status.as_u16(),
            detail: facts.meaning,
            code: facts.name,
            message: facts.meaning,
            request_id: "018bcfe5-6800-7000-8000-000000000007".to_owned(),
            param: (code == ErrorCode::InvalidParameter).then_some("id"),
        }
    }
}

#[derive(Serialize)]
struct LegacyAccountBody<'a> {
    message: &'a str,
}

#[derive(Serialize)]
struct LegacyRequestBody<'a> {
    status: &'a str,
    message: &'a str,
}

/// Format of an error response.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style<'a> {
    /// RFC 9457.
    Problem,
    /// The original's format, with the site of its "sign up" text.
    Legacy(&'a str),
}

impl Problem {
    /// Creates an error response. `detail` says what was wrong and what would be right.
    pub(crate) fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self {
            code,
            detail,
            param: None,
            unknown_field: None,
            retry_after_seconds: None,
            allow: None,
            content_range: None,
            cause: None,
        }
    }

    /// Creates the response for an invalid parameter.
    pub(crate) fn parameter(param: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { param: Some(param), ..Self::new(ErrorCode::InvalidParameter, detail) }
    }

    /// Creates the response for an unknown parameter or field.
    pub(crate) fn field(name: String, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { unknown_field: Some(name.into()), ..Self::new(ErrorCode::InvalidParameter, detail) }
    }

    /// Creates the response for an internal error.
    pub(crate) fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(ErrorCode::Internal, INTERNAL_DETAIL) }
    }

    /// Creates the response for a temporary failure.
    pub(crate) fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let problem = Self::new(ErrorCode::Unavailable, UNAVAILABLE_DETAIL).retry_after(1);
        Self { cause: Some(cause.into()), ..problem }
    }

    /// Sets `Retry-After`.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// Sets the cause, which is logged and never sent.
    pub(crate) fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Sets `Allow`.
    pub(crate) fn allow(self, methods: HeaderValue) -> Self {
        Self { allow: Some(Box::new(methods)), ..self }
    }

    /// Sets `Content-Range`.
    pub(crate) fn content_range(self, value: HeaderValue) -> Self {
        Self { content_range: Some(Box::new(value)), ..self }
    }

    /// Returns the seconds of `Retry-After`.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_seconds
    }

    /// Returns the error code.
    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// Returns the name of an unknown parameter or field.
    #[cfg(test)]
    pub(crate) fn field_name(&self) -> Option<&str> {
        self.unknown_field.as_deref()
    }

    /// Returns the detail.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the name of an invalid parameter.
    #[cfg(test)]
    pub(crate) fn param(&self) -> Option<&'static str> {
        self.param
    }

    /// Builds the response. A cause is logged here, where the request id is known.
    pub(crate) fn into_response(self, call: &Call, style: Style<'_>) -> Response<Body> {
        let (facts, request_id) = (self.code.facts(), call.id);
        if let Some(cause) = &self.cause {
            let chain = chain(cause.as_ref());
            outage::failed(request_id, facts.name, chain);
        }
        let (status, content_type, body) = self.body(call, style);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(methods) = self.allow {
            headers.insert(ALLOW, *methods);
        }
        if self.code == ErrorCode::NotAcceptable {
            headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        }
        if let Some(value) = self.content_range {
            headers.insert(CONTENT_RANGE, *value);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// Returns status, content type and body.
    pub(crate) fn body(&self, call: &Call, style: Style<'_>) -> (StatusCode, &'static str, Vec<u8>) {
        let facts = self.code.facts();
        let json = "application/json";
        match (style, facts.legacy) {
            (Style::Legacy(site), Legacy::Account(text)) => {
                (StatusCode::OK, json, to_json(&LegacyAccountBody { message: &text.replace(SITE, site) }))
            }
            (Style::Legacy(_), Legacy::Request(text)) => {
                (StatusCode::OK, json, to_json(&LegacyRequestBody { status: "error", message: text }))
            }
            (Style::Legacy(_), Legacy::RequestDetail) => {
                (StatusCode::OK, json, to_json(&LegacyRequestBody { status: "error", message: &self.detail }))
            }
            _ => {
                let body = ProblemBody {
                    r#type: call.public_url.link(&type_of(self.code)),
                    title: facts.title,
                    status: facts.status.as_u16(),
                    detail: &self.detail,
                    code: facts.name,
                    message: &self.detail,
                    request_id: call.id.to_string(),
                    param: self.param.or(self.unknown_field.as_deref()),
                };
                (facts.status, "application/problem+json", to_json(&body))
            }
        }
    }
}

/// Returns the problem type of a code, a reference to its entry in the API description.
pub(crate) fn type_of(code: ErrorCode) -> String {
    format!("/openapi.json#/components/responses/{}", code.facts().name)
}

fn to_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("strings and numbers in memory are always JSON")
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

impl From<store::StoreError> for Problem {
    fn from(error: store::StoreError) -> Self {
        if error.is_passing() { Self::unavailable(error) } else { Self::internal(error) }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Store(error) => error.into(),
            CatalogError::IndexBuilding => Self::unavailable(error),
            CatalogError::Upstream { fault, cause, .. } => no_upstream(fault, cause),
            CatalogError::NotStored(error) => match &*error {
                CatalogError::Store(store) if store.is_passing() => Self::unavailable(error.to_string()),
                _ => Self::internal(error.to_string()),
            },
            other => Self::internal(other),
        }
    }
}

/// Builds the response where nothing is stored and the upstream failed. Nothing is charged.
fn no_upstream(fault: UpstreamFault, cause: String) -> Problem {
    let (code, detail) = match fault {
        UpstreamFault::Error => {
            (ErrorCode::UpstreamError, "nothing is stored for this, and the upstream's answer cannot be used")
        }
        UpstreamFault::Unavailable => (
            ErrorCode::UpstreamUnavailable,
            "nothing is stored for this, and the upstream cannot be asked at the moment",
        ),
        UpstreamFault::Timeout => (
            ErrorCode::UpstreamTimeout,
            "nothing is stored for this, and the upstream did not answer in time",
        ),
    };
    Problem::new(code, detail).retry_after(UPSTREAM_RETRY_SECONDS).because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(problem: &Problem, style: Style<'_>) -> String {
        let (status, content_type, body) = problem.body(&Call::example(), style);
        format!("{} {content_type} {}", status.as_u16(), String::from_utf8(body).expect("UTF-8"))
    }

    #[test]
    fn every_code_in_both_wordings() {
        let mut lines = String::new();
        for code in ErrorCode::ALL {
            let mut problem = Problem::new(*code, "what was wrong and what would be right");
            if *code == ErrorCode::InvalidParameter {
                problem.param = Some("id");
            }
            for style in [Style::Problem, Style::Legacy("https://example.com")] {
                lines.push_str(&body(&problem, style));
                lines.push('\n');
            }
        }
        insta::assert_snapshot!(lines);
    }

    #[test]
    fn the_cause_of_a_fault_stays_inside() {
        let problem = Problem::internal("the table is on fire");
        assert!(!body(&problem, Style::Problem).contains("fire"));
    }
}
