//! Parses a small JSON object as the body of a request: within limits of size and time, without unknown fields.

use crate::errors::ErrorCode;
use crate::extract::fields;
use crate::gate::AuthenticatedRequest;
use crate::http::bodies::{SMALL_BYTES_MAX, read_whole};
use crate::json::Json;
use crate::problem::Problem;
use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// Reads and deserializes the body.
///
/// # Errors
///
/// It is not a JSON object, or one of its fields is missing, unknown or has no such value.
pub(super) async fn read<T: DeserializeOwned + ToSchema>(
    request: &AuthenticatedRequest,
    body: Body,
) -> Result<T, Problem> {
    read_up_to(request, body, SMALL_BYTES_MAX).await
}

/// [`read`] of a body of at most `bytes_max` bytes.
pub(super) async fn read_up_to<T: DeserializeOwned + ToSchema>(
    request: &AuthenticatedRequest,
    body: Body,
    bytes_max: usize,
) -> Result<T, Problem> {
    refuse_other_types(&request.parts.headers)?;
    let bytes = read_whole(body, bytes_max, request.app.options.header_timeout).await?;
    fields(object(&bytes)?)
}

fn object(bytes: &[u8]) -> Result<IndexMap<String, Json>, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(fields)) => Ok(fields),
        Ok(_) => Err(Problem::new(ErrorCode::InvalidBody, "the body is JSON, but not an object")),
        Err(why) => {
            let what = if why.is_data() { "the body" } else { "the body is not JSON:" };
            Err(Problem::new(ErrorCode::InvalidBody, format!("{what} {why}")))
        }
    }
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

    #[test]
    fn only_objects_are_accepted() {
        for text in ["", "{", "[]", "1", "null", "{\"a\":1} x", "{\"a\":1,\"a\":1}"] {
            let refused = object(text.as_bytes()).expect_err(text);
            assert_eq!(refused.code(), ErrorCode::InvalidBody, "{text}");
        }
        assert!(object(b"{\"a\":1}").is_ok_and(|object| object.contains_key("a")));
    }
}
