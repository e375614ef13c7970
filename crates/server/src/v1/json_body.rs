//! Parses a small JSON object as the body of a request: within limits of size and time, without unknown fields.

use super::strict_json::StrictValue;
use crate::errors::ErrorCode;
use crate::gate::AuthenticatedRequest;
use crate::http::bodies::read_small;
use crate::problem::Problem;
use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

/// The fields of a body that are still to be taken.
#[derive(Debug)]
pub(super) struct Fields {
    fields: Map<String, Value>,
    known: &'static [&'static str],
}

impl Fields {
    /// Reads the body, whose fields must be among `known`.
    pub(super) async fn read(
        request: &AuthenticatedRequest,
        body: Body,
        known: &'static [&'static str],
    ) -> Result<Self, Problem> {
        refuse_other_types(&request.parts.headers)?;
        let bytes = read_small(body, request.app.options.header_timeout).await?;
        Self::parse(&bytes, known)
    }

    fn parse(bytes: &[u8], known: &'static [&'static str]) -> Result<Self, Problem> {
        let StrictValue(value) = serde_json::from_slice(bytes).map_err(|why| {
            let what = if why.is_data() { "the body" } else { "the body is not JSON:" };
            Problem::new(ErrorCode::InvalidBody, format!("{what} {why}"))
        })?;
        let Value::Object(fields) = value else {
            return Err(Problem::new(ErrorCode::InvalidBody, "the body is JSON, but not an object"));
        };
        let unknown = fields.keys().find(|field| !known.contains(&field.as_str()));
        if let Some(unknown) = unknown {
            let shown: String = unknown.chars().take(40).collect();
            let detail = format!("there is no field {shown:?}; the fields are {}", known.join(", "));
            return Err(Problem::field(shown, detail));
        }
        Ok(Self { fields, known })
    }

    /// Takes a text; `None` if it is absent or `null`.
    pub(super) fn text(&mut self, field: &'static str) -> Result<Option<String>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(field, "a text", &other)),
        }
    }

    /// Takes a whole number from 1 on; `None` if it is absent or `null`.
    pub(super) fn positive(&mut self, field: &'static str) -> Result<Option<u64>, Problem> {
        match self.take(field) {
            None => Ok(None),
            Some(value) => match whole(&value).filter(|number| *number > 0) {
                Some(number) => Ok(Some(number)),
                None => Err(wrong(field, "a whole number from 1 on", &value)),
            },
        }
    }

    /// Takes a flag; false if it is absent or `null`.
    pub(super) fn flag(&mut self, field: &'static str) -> Result<bool, Problem> {
        match self.take(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(wrong(field, "true or false", &other)),
        }
    }

    fn take(&mut self, field: &'static str) -> Option<Value> {
        debug_assert!(self.known.contains(&field), "{field} is read but not known");
        self.fields.remove(field).filter(|value| !value.is_null())
    }
}

/// Largest whole number up to which all are exact as doubles.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Returns a whole number, also one with a fraction of 0: `310.0` is an integer by JSON Schema.
fn whole(value: &Value) -> Option<u64> {
    let real = || value.as_f64().filter(|real| real.fract() == 0.0 && (0.0..=EXACT_MAX).contains(real));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and not negative"
    )]
    value.as_u64().or_else(|| real().map(|real| real as u64))
}

fn wrong(field: &'static str, expected: &str, value: &Value) -> Problem {
    let shown: String = value.to_string().chars().take(40).collect();
    Problem::parameter(field, format!("{field} is {shown}; give {expected}"))
}

fn refuse_other_types(headers: &HeaderMap) -> Result<(), Problem> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = text.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let detail = "send the body as JSON, with Content-Type: application/json";
    Err(Problem::new(ErrorCode::UnsupportedMediaType, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["a", "b", "c"];

    fn refused(text: &str) -> ErrorCode {
        Fields::parse(text.as_bytes(), KNOWN).expect_err("a refusal").code()
    }

    #[test]
    fn only_objects_of_known_fields_are_accepted() {
        for text in ["", "{", "[]", "1", "null", "{\"a\":1} x"] {
            assert_eq!(refused(text), ErrorCode::InvalidBody, "{text}");
        }
        assert_eq!(refused("{\"d\":1}"), ErrorCode::InvalidParameter);
    }

    #[test]
    fn fields_are_of_their_types_and_null_is_absent() {
        let mut fields = Fields::parse(br#"{"a":"cat","b":5,"c":null}"#, KNOWN).expect("fields");
        assert_eq!(fields.text("a").expect("a text").as_deref(), Some("cat"));
        assert_eq!(fields.positive("b").expect("a number"), Some(5));
        assert!(!fields.flag("c").expect("a flag"));
        let wrong = || Fields::parse(br#"{"a":5,"b":0,"c":"yes"}"#, KNOWN).expect("fields");
        assert_eq!(wrong().text("a").expect_err("no text").param(), Some("a"));
        assert_eq!(wrong().positive("b").expect_err("0").param(), Some("b"));
        assert_eq!(wrong().flag("c").expect_err("no flag").param(), Some("c"));
    }
}
