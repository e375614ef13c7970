//! Interprets the answers of a contract server. The original reports most errors with status 200 and a message; tikwm
//! and others wrap everything in `{code,msg,data}`; Tagmeter uses HTTP statuses.

use super::super::UpstreamError;
use super::super::http::{Answer, said};
use crate::json::lenient::Text;
use crate::json::number::Number;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An answer that is not an error.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened<'a> {
    /// The requested object, without its envelope.
    Record(&'a str),
    /// The hashtag does not exist.
    Missing,
}

/// The fields that identify errors and envelopes.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(default, borrow)]
    code: Option<&'a RawValue>,
    #[serde(default, borrow)]
    msg: Option<Text<'a>>,
    #[serde(default, borrow)]
    message: Option<Text<'a>>,
    #[serde(default, borrow)]
    detail: Option<Text<'a>>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

impl<'a> Opened<'a> {
    pub(super) fn of(answer: &'a Answer) -> Result<Self, UpstreamError> {
        let text = std::str::from_utf8(&answer.body).unwrap_or_default();
        let text = text.trim_start_matches('\u{feff}').trim();
        let head: Option<Head<'_>> = text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
        if !(200..300).contains(&answer.status) {
            return by_status(answer, head.as_ref());
        }
        let head = head.ok_or_else(|| malformed(answer))?;
        if let (Some(code), Some(data)) = (head.number(), head.data) {
            return match code {
                0 => Ok(Self::Record(data.get())),
                _ => by_message(&head, answer),
            };
        }
        // Hashtags and pages never have a message, and errors always do.
        let is_error = head.message.is_some() || (head.number().is_some_and(|code| code != 0));
        if is_error { by_message(&head, answer) } else { Ok(Self::Record(text)) }
    }
}

impl Head<'_> {
    /// Returns the numeric code of an envelope; that of a problem is text.
    fn number(&self) -> Option<i64> {
        serde_json::from_str::<Number>(self.code?.get()).ok()?.int()
    }

    fn word(&self) -> Option<&str> {
        serde_json::from_str(self.code?.get()).ok()
    }

    fn text(&self) -> &str {
        [&self.message, &self.msg, &self.detail]
            .into_iter()
            .flatten()
            .map(|text| &**text)
            .next()
            .unwrap_or("")
    }
}

fn malformed(answer: &Answer) -> UpstreamError {
    let beginning = &answer.body[..answer.body.len().min(80)];
    let beginning = said(&String::from_utf8_lossy(beginning));
    let reason = match beginning.chars().next() {
        None => "the body is empty".to_owned(),
        Some('<') => "an HTML page in place of data".to_owned(),
        Some('{') => "the JSON is cut off or broken".to_owned(),
        Some(_) => format!("no JSON object: {beginning:?}"),
    };
    UpstreamError::Malformed { reason }
}

fn by_status<'a>(answer: &Answer, head: Option<&Head<'_>>) -> Result<Opened<'a>, UpstreamError> {
    let text = head.map_or("", Head::text);
    let reason = if text.is_empty() { format!("status {}", answer.status) } else { said(text) };
    let is_missing = head.and_then(Head::word) == Some("hashtag_not_found") || is_not_found(text);
    Err(match answer.status {
        // A missing path is not a missing hashtag.
        404 if is_missing => return Ok(Opened::Missing),
        401 | 403 => UpstreamError::Refused { reason },
        402 => UpstreamError::OutOfCredits,
        400 | 422 => UpstreamError::Invalid { reason },
        429 => UpstreamError::RateLimited { retry_after_ms: answer.retry_after_ms },
        status => UpstreamError::Status { status, retry_after_ms: answer.retry_after_ms },
    })
}

fn is_not_found(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("not found") && !text.contains("page") && !text.contains("path")
}

/// Recognises errors by the original's messages, which its clients also match.
fn by_message<'a>(head: &Head<'_>, answer: &Answer) -> Result<Opened<'a>, UpstreamError> {
    let text = head.text();
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["api key", "api-key", "api_key", "apikey", "sign up", "unauthor"]) {
        return Err(UpstreamError::Refused { reason: said(text) });
    }
    if has(&["balance", "exhausted", "purchase", "credit"]) {
        return Err(UpstreamError::OutOfCredits);
    }
    if has(&["quota"]) {
        return Err(UpstreamError::QuotaUsedUp);
    }
    if has(&["limit", "too many", "too fast"]) {
        return Err(UpstreamError::RateLimited { retry_after_ms: answer.retry_after_ms });
    }
    if is_not_found(text) {
        return Ok(Opened::Missing);
    }
    Err(UpstreamError::Invalid {
        reason: said(if text.is_empty() { "an error without a text" } else { text }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.as_bytes().to_vec(), retry_after_ms: Some(7) }
    }

    fn error(status: u16, body: &str) -> &'static str {
        Opened::of(&answer(status, body)).expect_err(body).name()
    }

    #[test]
    fn records_are_taken_out_of_their_envelopes() {
        for body in [
            r#"{"id":"1","cha_name":"cat"}"#,
            r#"{"code":0,"msg":"success","data":{"id":"1","cha_name":"cat"}}"#,
            "\u{feff} {\"code\":\"0\",\"data\":{\"id\":\"1\",\"cha_name\":\"cat\"}}",
        ] {
            let answer = answer(200, body);
            let Ok(Opened::Record(raw)) = Opened::of(&answer) else { panic!("{body}") };
            assert_eq!(raw, r#"{"id":"1","cha_name":"cat"}"#);
        }
    }

    #[test]
    fn the_original_s_errors_in_a_200_are_errors() {
        for (body, name) in [
            (r#"{"message":"Please sign up to example.com"}"#, "refused"),
            (r#"{"message":"Api-Key is not available"}"#, "refused"),
            (
                r#"{"message":"Your credit balance is exhausted. Please purchase more credits."}"#,
                "out_of_credits",
            ),
            (r#"{"code":-1,"msg":"Free Api Limit: 1 request/second.","processed_time":0.1}"#, "rate_limited"),
            (r#"{"status":"error","message":"challenge_id is required"}"#, "invalid"),
            (r#"{"code":-1,"msg":"Url parsing is failed!","data":null}"#, "invalid"),
        ] {
            assert_eq!(error(200, body), name, "{body}");
        }
        for body in [
            r#"{"status":"error","message":"Not found challenge"}"#,
            r#"{"code":-1,"msg":"challenge not found"}"#,
        ] {
            assert_eq!(Opened::of(&answer(200, body)), Ok(Opened::Missing), "{body}");
        }
    }

    #[test]
    fn honest_statuses_are_taken_as_they_are() {
        let problem =
            r#"{"type":"x","title":"Unknown hashtag","status":404,"code":"hashtag_not_found","message":"m"}"#;
        assert_eq!(Opened::of(&answer(404, problem)), Ok(Opened::Missing));
        for (status, body, name) in [
            (404, "<html>", "status"),
            (404, r#"{"code":"unknown_path","detail":"there is nothing at this path"}"#, "status"),
            (301, "", "status"),
            (401, "", "refused"),
            (402, "{}", "out_of_credits"),
            (422, r#"{"code":"invalid_parameter"}"#, "invalid"),
            (429, "", "rate_limited"),
            (503, "{", "status"),
        ] {
            assert_eq!(error(status, body), name, "{status} {body}");
        }
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        for body in ["", "<!doctype html>", "{\"id\":\"1\"", "[1]", "ok", "\u{0}", "{\"a\":\"\u{1}\"}"] {
            assert_eq!(error(200, body), "malformed", "{body:?}");
        }
        assert_eq!(error(200, r#"{"message":null,"code":5}"#), "invalid");
    }
}
