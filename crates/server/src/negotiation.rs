//! Checks the `Accept` header against the media types of a path. Paths with several formats choose one in
//! `v1::measured`.

use crate::errors::ErrorCode;
use crate::problem::Problem;
use crate::query::shown;
use http::HeaderMap;
use http::header::ACCEPT;
use std::borrow::Cow;
use tables::{Accept, Preference};

/// Rule for refusing `Accept` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Refuses headers that name none of the media types.
    Named,
    /// Refuses only an explicit weight of 0: clients of the contract and of health checks send anything.
    Excluded,
}

/// Returns the `Accept` header, its lines joined, if there is one.
pub(crate) fn accept(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut lines = headers.get_all(ACCEPT).iter().map(|line| line.to_str().unwrap_or(""));
    let first = lines.next()?;
    let rest: Vec<&str> = lines.collect();
    Some(if rest.is_empty() {
        Cow::Borrowed(first)
    } else {
        Cow::Owned(format!("{first},{}", rest.join(",")))
    })
}

/// Refuses a request whose `Accept` accepts none of the media types of the path.
pub(crate) fn check(
    headers: &HeaderMap,
    media_types: &[&str],
    strictness: Strictness,
) -> Result<(), Problem> {
    let Some(header) = accept(headers).filter(|_| !media_types.is_empty()) else { return Ok(()) };
    let accept = Accept::parse(&header);
    let takes = |media_type: &&str| match strictness {
        Strictness::Named => accept.takes(media_type),
        Strictness::Excluded => !accept.weigh(media_type).is_some_and(Preference::is_refusal),
    };
    if media_types.iter().any(takes) { Ok(()) } else { Err(not_acceptable(&header, media_types)) }
}

/// Builds the response for an `Accept` header that accepts none of the media types.
pub(crate) fn not_acceptable(header: &str, media_types: &[&str]) -> Problem {
    let detail = format!("Accept is {}; this path answers {}", shown(header), media_types.join(", "));
    Problem::new(ErrorCode::NotAcceptable, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_weights_of_0_refuse() {
        let mut headers = HeaderMap::new();
        let is_taken =
            |headers: &HeaderMap, strictness| check(headers, &["application/json"], strictness).is_ok();
        assert!(is_taken(&headers, Strictness::Named));
        headers.append(ACCEPT, "text/html".parse().expect("a header"));
        assert!(!is_taken(&headers, Strictness::Named) && is_taken(&headers, Strictness::Excluded));
        headers.append(ACCEPT, "*/*;q=0.1".parse().expect("a header"));
        assert!(is_taken(&headers, Strictness::Named));
        headers.append(ACCEPT, "application/json;q=0".parse().expect("a header"));
        assert!(!is_taken(&headers, Strictness::Named) && !is_taken(&headers, Strictness::Excluded));
    }
}
