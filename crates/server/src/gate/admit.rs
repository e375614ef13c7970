//! The first step: which key a request carries, whose it is, and whether it has been used too often this minute.

use super::keys::{Keys, KnownKey};
use super::limit::{Denied, Standing};
use crate::errors::ErrorCode;
use crate::problem::Problem;
use domain::ApiKey;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::sync::Arc;

/// The header of the contract.
const X_API_KEY: &str = "x-api-key";

/// Someone with a valid key.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) key: Arc<KnownKey>,
    /// `None` when there is no limit.
    pub(crate) standing: Option<Standing>,
}

/// Who it is. Says nothing of whether the request is within the limit.
pub(crate) async fn identify(headers: &HeaderMap, keys: &Keys) -> Result<Arc<KnownKey>, Problem> {
    let text = presented(headers)?;
    let key =
        ApiKey::parse(text.trim()).map_err(|why| Problem::new(ErrorCode::InvalidApiKey, why.to_string()))?;
    let unknown = || Problem::new(ErrorCode::InvalidApiKey, "this key is unknown or was revoked");
    keys.find(&key).await?.ok_or_else(unknown)
}

impl Caller {
    /// Counts the request against the key's limit.
    pub(crate) fn admit(key: Arc<KnownKey>) -> Result<Self, Denied> {
        let standing = key.limiter.as_ref().map(|limiter| limiter.check()).transpose()?;
        Ok(Self { key, standing })
    }
}

/// What a caller that was denied is told.
pub(crate) fn too_many(denied: Denied) -> Problem {
    let seconds = denied.retry_after_seconds;
    let detail = format!("this key has made too many requests; there is room again in {seconds} s");
    Problem::new(ErrorCode::RateLimited, detail).retry_after(seconds)
}

/// The key as it was sent: `X-Api-Key`, or `Authorization: Bearer`.
fn presented(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || {
        Problem::new(
            ErrorCode::MissingApiKey,
            "send your API key in the header X-Api-Key or as Authorization: Bearer",
        )
    };
    let unreadable = |_| Problem::new(ErrorCode::InvalidApiKey, domain::api_key::KeyError.to_string());
    if let Some(value) = headers.get(X_API_KEY).filter(|value| !value.is_empty()) {
        return value.to_str().map_err(unreadable);
    }
    let text = headers.get(AUTHORIZATION).ok_or_else(missing)?.to_str().map_err(unreadable)?;
    let (scheme, key) = text.trim().split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(key) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: &'static str, value: &str) -> Result<String, ErrorCode> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header value"));
        presented(&headers).map(str::to_owned).map_err(|problem| problem.code())
    }

    #[test]
    fn a_key_travels_in_either_header() {
        assert_eq!(sent("x-api-key", "k").as_deref(), Ok("k"));
        assert_eq!(sent("authorization", "Bearer k").as_deref(), Ok("k"));
        assert_eq!(sent("authorization", "bEARER k").as_deref(), Ok("k"));
        for (name, value) in
            [("x-api-key", ""), ("authorization", "Basic k"), ("authorization", "k"), ("x-other", "k")]
        {
            assert_eq!(sent(name, value), Err(ErrorCode::MissingApiKey), "{name}: {value}");
        }
    }
}
