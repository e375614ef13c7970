//! The first step: finds the API key of a request, its account, and its place in the rate limit.

use super::keys::{Keys, KnownKey};
use super::limit::{Denied, RateLimitState};
use crate::errors::ErrorCode;
use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::api_key::KeyError;
use domain::{ApiKey, KeyScope};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use std::sync::Arc;

/// The header of the contract.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The holder of a valid key.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) key: Arc<KnownKey>,
    /// State of the key's rate limit after this request; `None` for a key without limit.
    pub(crate) rate_limit: Option<RateLimitState>,
}

/// Returns the key of a request, without counting the request against its limit.
///
/// # Errors
///
/// The key is missing, malformed, unknown or revoked, or the request carries two different ones.
pub(crate) async fn identify(headers: &HeaderMap, keys: &Keys) -> Result<Arc<KnownKey>, Problem> {
    let key = presented_key(headers)?;
    let unknown = || Problem::new(ErrorCode::InvalidApiKey, "this key is unknown or was revoked");
    keys.find(&key).await?.ok_or_else(unknown)
}

/// Returns the key that a request carries, known or not.
pub(crate) fn presented_key(headers: &HeaderMap) -> Result<ApiKey, Problem> {
    let text = presented(headers)?;
    ApiKey::parse(text.trim()).map_err(|why| Problem::new(ErrorCode::InvalidApiKey, why.to_string()))
}

impl Caller {
    /// Counts the request against the key's rate limit.
    pub(crate) fn admit(key: Arc<KnownKey>) -> Result<Self, Denied> {
        let rate_limit = key.limiter.as_ref().map(|limiter| limiter.check()).transpose()?;
        Ok(Self { key, rate_limit })
    }

    /// Refuses a call that needs a wider scope than the key has.
    pub(crate) fn allow(&self, needed: KeyScope) -> Result<(), Problem> {
        let granted = self.key.scope;
        if granted.covers(needed) {
            return Ok(());
        }
        let detail = format!(
            "this needs a key of the scope `{needed}`, this one has `{granted}`; the server's owner can create one"
        );
        Err(Problem::new(ErrorCode::Forbidden, detail))
    }
}

/// Builds the 429 response.
pub(crate) fn too_many(denied: Denied) -> Problem {
    let seconds = denied.retry_after_seconds;
    let detail = format!("this key has made too many requests; there is room again in {seconds} s");
    Problem::new(ErrorCode::RateLimited, detail).retry_after(seconds)
}

/// Returns the one key that a request carries: in `X-Api-Key`, as `Authorization: Bearer`, or as the password of
/// `Authorization: Basic`, whose user name does not matter. The same key in several places is one key.
fn presented(headers: &HeaderMap) -> Result<Cow<'_, str>, Problem> {
    let named = headers.get_all(X_API_KEY).iter().filter(|value| !value.is_empty()).map(text);
    let authorized = headers.get_all(AUTHORIZATION).iter().filter_map(|value| credentials(value).transpose());
    let mut keys = named.chain(authorized);
    let Some(first) = keys.next() else {
        return Err(Problem::new(
            ErrorCode::MissingApiKey,
            "send your API key in the header X-Api-Key, as Authorization: Bearer, or as the password of Authorization: Basic",
        ));
    };
    for other in keys {
        if first.as_ref().ok() != other.as_ref().ok() {
            let detail = "the request carries two different API keys (X-Api-Key, Authorization); send one";
            return Err(Problem::new(ErrorCode::ConflictingApiKeys, detail));
        }
    }
    first
}

fn text(value: &HeaderValue) -> Result<Cow<'_, str>, Problem> {
    value.to_str().map(|text| Cow::Borrowed(text.trim())).map_err(|_| unreadable())
}

fn unreadable() -> Problem {
    Problem::new(ErrorCode::InvalidApiKey, KeyError::Malformed.to_string())
}

/// Returns the key in an `Authorization` header, or `None` if its scheme carries none.
fn credentials(value: &HeaderValue) -> Result<Option<Cow<'_, str>>, Problem> {
    let Cow::Borrowed(text) = text(value)? else { return Ok(None) };
    let Some((scheme, rest)) = text.split_once(' ') else { return Ok(None) };
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok((!rest.is_empty()).then_some(Cow::Borrowed(rest)));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let decoded = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((_, password)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
        let detail =
            "Authorization: Basic is not base64 of `user:password`; send the API key as the password";
        return Err(Problem::new(ErrorCode::InvalidApiKey, detail));
    };
    let password = password.trim();
    Ok((!password.is_empty()).then(|| Cow::Owned(password.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(all: &[(&'static str, &str)]) -> Result<String, ErrorCode> {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.append(*name, value.parse().expect("a header value"));
        }
        presented(&headers).map(Cow::into_owned).map_err(|problem| problem.code())
    }

    #[test]
    fn a_key_travels_in_either_header() {
        // `me:k`, `:k` and `k`.
        for (name, value) in [
            ("x-api-key", "k"),
            ("authorization", "Bearer k"),
            ("authorization", "bEARER  k"),
            ("authorization", "Basic bWU6aw=="),
            ("authorization", "basic Oms="),
        ] {
            assert_eq!(sent(&[(name, value)]).as_deref(), Ok("k"), "{name}: {value}");
        }
        // `me:` and schemes that carry no key.
        for (name, value) in [
            ("x-api-key", ""),
            ("authorization", "Basic bWU6"),
            ("authorization", "Bearer "),
            ("authorization", "Digest k"),
            ("authorization", "k"),
            ("x-other", "k"),
        ] {
            assert_eq!(sent(&[(name, value)]), Err(ErrorCode::MissingApiKey), "{name}: {value}");
        }
        for value in ["Basic k", "Basic aw==", "Basic /w=="] {
            assert_eq!(sent(&[("authorization", value)]), Err(ErrorCode::InvalidApiKey), "{value}");
        }
    }

    #[test]
    fn one_key_may_be_sent_twice_and_two_keys_may_not() {
        let (bearer, basic, header) =
            (("authorization", "Bearer k"), ("authorization", "Basic Oms="), ("x-api-key", "k"));
        for same in [&[header, bearer][..], &[header, header], &[bearer, basic, header]] {
            assert_eq!(sent(same).as_deref(), Ok("k"), "{same:?}");
        }
        for other in [
            ("authorization", "Bearer l"),
            ("authorization", "Basic Omw="),
            ("authorization", "Basic !"),
            ("x-api-key", "l"),
        ] {
            for first in [header, bearer, basic] {
                assert_eq!(sent(&[first, other]), Err(ErrorCode::ConflictingApiKeys), "{first:?} {other:?}");
            }
        }
        assert_eq!(sent(&[header, ("authorization", "Digest l")]).as_deref(), Ok("k"));
    }
}
