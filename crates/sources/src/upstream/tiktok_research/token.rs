//! The access token: errors are recognised by the body alone, since they come with status 200, 400 and 401 alike.

use super::super::http::{Answer, said};
use super::super::{UpstreamError, setting};
use crate::json::lenient::Text;
use crate::json::number::Number;
use domain::Timestamp;
use reqwest::header::HeaderValue;
use serde::Deserialize;

/// A token is renewed this many milliseconds before it expires.
const SPARE_MS: i64 = 60_000;
/// Longest plausible lifetime, in seconds.
const LIFE_SECONDS_MAX: u64 = 24 * 3600;

/// A token in use.
#[derive(Debug)]
pub(super) struct Token {
    /// The header to send it in.
    pub(super) bearer: HeaderValue,
    good_until: Timestamp,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Body<'a> {
    access_token: Text<'a>,
    expires_in: Number,
    error: Text<'a>,
    error_description: Text<'a>,
}

impl Token {
    pub(super) fn is_good(&self, at: Timestamp) -> bool {
        at < self.good_until
    }

    pub(super) fn of(answer: &Answer, at: Timestamp) -> Result<Self, UpstreamError> {
        let body: Option<Body<'_>> = serde_json::from_slice(&answer.body).ok();
        let Some(body) = body.filter(|body| !body.access_token.is_empty() || !body.error.is_empty()) else {
            return Err(match answer.status {
                200..300 => {
                    UpstreamError::Malformed { reason: "neither an access token nor an error".to_owned() }
                }
                401 | 403 => {
                    UpstreamError::Refused { reason: format!("status {} to key and secret", answer.status) }
                }
                429 => UpstreamError::RateLimited { retry_after_ms: answer.retry_after_ms },
                status => UpstreamError::Status { status, retry_after_ms: answer.retry_after_ms },
            });
        };
        if body.access_token.is_empty() {
            return Err(refusal(&body.error, &body.error_description, answer));
        }
        let malformed =
            |_| UpstreamError::Malformed { reason: "the access token cannot be sent in a header".to_owned() };
        let bearer =
            setting::secret_header("access_token", "Bearer ", &body.access_token).map_err(malformed)?;
        // Without a stated lifetime it is used for this call only.
        let life_ms =
            i64::try_from(body.expires_in.whole().unwrap_or(0).min(LIFE_SECONDS_MAX)).unwrap_or(0) * 1000;
        Ok(Self { bearer, good_until: Timestamp::from_ms(at.as_ms().saturating_add(life_ms - SPARE_MS)) })
    }
}

fn refusal(error: &str, description: &str, answer: &Answer) -> UpstreamError {
    let reason =
        said(&if description.is_empty() { error.to_owned() } else { format!("{error}: {description}") });
    match error {
        "access_denied" | "invalid_client" | "invalid_grant" | "invalid_scope" | "unauthorized_client" => {
            UpstreamError::Refused { reason }
        }
        "invalid_request" | "unsupported_grant_type" | "unsupported_response_type" => {
            UpstreamError::Invalid { reason }
        }
        "rate_limit_exceeded" => UpstreamError::RateLimited { retry_after_ms: answer.retry_after_ms },
        _ if answer.status >= 500 => {
            UpstreamError::Status { status: answer.status, retry_after_ms: answer.retry_after_ms }
        }
        _ if answer.status == 429 => UpstreamError::RateLimited { retry_after_ms: answer.retry_after_ms },
        _ => UpstreamError::Malformed { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn of(status: u16, body: &str) -> Result<Token, UpstreamError> {
        Token::of(&Answer { status, body: body.as_bytes().to_vec(), retry_after_ms: None }, AT)
    }

    #[test]
    fn a_token_is_good_until_a_minute_before_its_end() {
        let token =
            of(200, r#"{"access_token":"clt.x","expires_in":7200,"token_type":"Bearer"}"#).expect("a token");
        assert_eq!(token.bearer.to_str().ok(), Some("Bearer clt.x"));
        assert!(token.is_good(Timestamp::from_ms(AT.as_ms() + 7_139_999)));
        assert!(!token.is_good(Timestamp::from_ms(AT.as_ms() + 7_140_000)));
        for expires in ["null", "-5", "\"soon\"", "1e300"] {
            let body = format!(r#"{{"access_token":"clt.x","expires_in":{expires}}}"#);
            assert!(!of(200, &body).expect("a token").is_good(AT), "{expires}");
        }
    }

    #[test]
    fn errors_are_recognised_by_the_body_whatever_the_status() {
        let client = r#"{"error":"invalid_client","error_description":"Client key or secret is incorrect.","log_id":"1"}"#;
        for status in [200, 400, 401] {
            let error = of(status, client).expect_err("an error");
            assert!(
                matches!(&error, UpstreamError::Refused { reason } if reason.contains("incorrect")),
                "{error:?}"
            );
        }
        for (status, body, name) in [
            (200, r#"{"error":"invalid_request"}"#, "invalid"),
            (200, r#"{"error":"something new"}"#, "malformed"),
            (200, "{}", "malformed"),
            (200, r#"{"access_token":"a\nb"}"#, "malformed"),
            (200, r#"{"access_token":null}"#, "malformed"),
            (502, "<html>", "status"),
            (429, "", "rate_limited"),
            (403, "<html>", "refused"),
        ] {
            assert_eq!(of(status, body).expect_err(body).name(), name, "{status} {body}");
        }
    }
}
