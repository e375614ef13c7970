//! Interprets the answer to a query: data, or an error, identified by its code or, without a code, by the status, as
//! gateways send HTML pages.

use super::super::UpstreamError;
use super::super::http::{Answer, said};
use crate::json::lenient::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The content of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AnswerContent<'a> {
    /// Raw `data`.
    Data(&'a str),
    /// The access token has expired or was never valid.
    TokenRefused,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    data: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    // Some answers are the error itself.
    #[serde(default)]
    code: Text<'a>,
    #[serde(default)]
    message: Text<'a>,
}

/// Content of `error`.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ErrorBody<'a> {
    code: Text<'a>,
    message: Text<'a>,
}

impl<'a> AnswerContent<'a> {
    pub(super) fn of(answer: &'a Answer) -> Result<Self, UpstreamError> {
        let Some(envelope) = Envelope::of(&answer.body) else { return by_status(answer, "") };
        let error = envelope.error();
        match (&*error.code, answer.status, envelope.data) {
            ("ok", 200..300, Some(data)) => Ok(Self::Data(data.get())),
            ("ok", 200..300, None) => {
                Err(UpstreamError::Malformed { reason: "it is ok and holds no data".to_owned() })
            }
            ("ok" | "", ..) => by_status(answer, &error.message),
            (code, ..) => by_code(code, &error.message, answer),
        }
    }
}

impl<'a> Envelope<'a> {
    fn of(body: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()
    }

    fn error(&self) -> ErrorBody<'a> {
        let bare = |code: &Text<'a>| ErrorBody { code: code.clone(), message: self.message.clone() };
        let Some(error) = self.error else { return bare(&self.code) };
        match serde_json::from_str(error.get()) {
            // Refused tokens are reported as a string.
            Ok(code) if error.get().starts_with('"') => bare(&code),
            _ => serde_json::from_str(error.get()).unwrap_or_default(),
        }
    }
}

fn by_code<'a>(code: &str, message: &str, answer: &Answer) -> Result<AnswerContent<'a>, UpstreamError> {
    let reason = said(&if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") });
    let retry_after_ms = answer.retry_after_ms;
    Err(match code {
        "access_token_invalid" => return Ok(AnswerContent::TokenRefused),
        "scope_not_authorized" => UpstreamError::Refused {
            reason: format!(
                "this client has no access to the Research API, which TikTok grants to a project ({reason})"
            ),
        },
        "scope_permission_missed" => UpstreamError::Invalid {
            reason: format!("the client may not ask for some of the fields ({reason})"),
        },
        "rate_limit_exceeded" => UpstreamError::RateLimited { retry_after_ms },
        "daily_quota_limit_exceeded" => UpstreamError::QuotaUsedUp,
        "invalid_params" | "invalid_param" | "invalid_request" if is_not_ready(message) => {
            UpstreamError::NotReady { reason }
        }
        "invalid_params" | "invalid_param" | "invalid_request" | "invalid_file_upload" => {
            UpstreamError::Invalid { reason }
        }
        "internal_error" | "timeout" => {
            UpstreamError::Status { status: answer.status.max(500), retry_after_ms }
        }
        _ => return by_status(answer, &reason),
    })
}

/// Returns true for the two temporary refusals of a valid request: the search has not propagated yet.
fn is_not_ready(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let is_search_id = message.contains("search id") && message.contains("is invalid or expired");
    is_search_id || message.contains("invalid count or cursor")
}

fn by_status<'a>(answer: &Answer, message: &str) -> Result<AnswerContent<'a>, UpstreamError> {
    let retry_after_ms = answer.retry_after_ms;
    let reason = if message.is_empty() { format!("status {}", answer.status) } else { said(message) };
    Err(match answer.status {
        200..300 if message.is_empty() => UpstreamError::Malformed { reason: shown(&answer.body) },
        200..300 => UpstreamError::Malformed { reason },
        400 | 422 => UpstreamError::Invalid { reason },
        401 => return Ok(AnswerContent::TokenRefused),
        403 => UpstreamError::Refused { reason },
        429 => UpstreamError::RateLimited { retry_after_ms },
        status => UpstreamError::Status { status, retry_after_ms },
    })
}

/// Returns the body of an unexpected answer, for a message.
fn shown(body: &[u8]) -> String {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => "the body is empty".to_owned(),
        Some(b'<') => "an HTML page in place of data".to_owned(),
        Some(b'{') => "the JSON is cut off, broken or of another kind".to_owned(),
        Some(_) => "it is no JSON object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(status: u16, body: &str) -> Result<String, UpstreamError> {
        let answer = Answer { status, body: body.as_bytes().to_vec(), retry_after_ms: Some(3) };
        AnswerContent::of(&answer).map(|heard| format!("{heard:?}"))
    }

    fn coded(code: &str, message: &str) -> String {
        serde_json::json!({"error": {"code": code, "message": message, "log_id": "20240303"}, "data": {}})
            .to_string()
    }

    #[test]
    fn data_is_taken_only_from_a_success() {
        let body = r#"{"data":{"videos":[]},"error":{"code":"ok","message":""}}"#;
        assert_eq!(heard(200, body), Ok(r#"Data("{\"videos\":[]}")"#.to_owned()));
        for body in [
            "",
            "{",
            "[]",
            "<html>",
            "ok",
            r#"{"data":{"videos":[]}}"#,
            r#"{"error":{"code":"ok"}}"#,
            r#"{"error":null}"#,
        ] {
            assert_eq!(heard(200, body).expect_err(body).name(), "malformed", "{body}");
        }
        assert_eq!(heard(500, body).expect_err("a status").name(), "status");
    }

    #[test]
    fn errors_are_distinguished_by_their_codes() {
        for (status, code, message, name) in [
            (400, "invalid_params", "Search Id 7378809778820092971 is invalid or expired", "not_ready"),
            (400, "invalid_params", "Invalid count or cursor", "not_ready"),
            (400, "invalid_params", "no such field", "invalid"),
            (400, "scope_permission_missed", "", "invalid"),
            (401, "scope_not_authorized", "The user did not authorize the scope required", "refused"),
            (429, "rate_limit_exceeded", "", "rate_limited"),
            (429, "daily_quota_limit_exceeded", "", "quota_used_up"),
            (500, "internal_error", "Something is wrong. Please try again later.", "status"),
            (200, "internal_error", "", "status"),
            (200, "something_new", "", "malformed"),
            (503, "something_new", "", "status"),
        ] {
            assert_eq!(heard(status, &coded(code, message)).expect_err(code).name(), name, "{status} {code}");
        }
        let refused = Ok("TokenRefused".to_owned());
        assert_eq!(heard(401, &coded("access_token_invalid", "")), refused);
        assert_eq!(
            heard(401, r#"{"code":"access_token_invalid","message":"refresh","log_id":"1"}"#),
            refused
        );
        assert_eq!(heard(401, r#"{"error":"access_token_invalid","error_description":"x"}"#), refused);
        assert_eq!(heard(401, "<html>"), refused);
    }

    #[test]
    fn a_gateway_speaks_html() {
        for status in [502, 503, 504] {
            let error = heard(status, "<html><body>Gateway Time-out</body></html>").expect_err("an error");
            assert_eq!(error, UpstreamError::Status { status, retry_after_ms: Some(3) });
        }
    }
}
