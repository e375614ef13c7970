//! The freshness a request requires, and the headers that state an answer's age and the basis of its counts.

use crate::header_value::{Text, number};
use crate::problem::Problem;
use crate::query::Query;
use catalog::{CachedResponse, FreshnessRequirement, Provenance};
use domain::Timestamp;
use http::header::{AGE, CACHE_CONTROL};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Basis of each count of a contract answer.
pub(crate) const COUNT_BASIS: HeaderName = HeaderName::from_static("x-count-basis");
/// Time at which the answer was read at its source.
pub(crate) const OBSERVED_AT: HeaderName = HeaderName::from_static("x-observed-at");
/// Sent with an answer that is older than the request requires.
pub(crate) const STALE: HeaderName = HeaderName::from_static("x-stale");

/// Parses `fresh=true`, or `Cache-Control` with `max-age=SECONDS`, `no-cache` or `only-if-cached`. The parameter wins.
pub(crate) fn requirement(headers: &HeaderMap, query: &Query<'_>) -> Result<FreshnessRequirement, Problem> {
    if query.flag("fresh")? {
        return Ok(FreshnessRequirement::FRESH);
    }
    let mut wanted = FreshnessRequirement::default();
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or("").split(',') {
            let directive = directive.trim().to_ascii_lowercase();
            match directive.split_once('=').map_or((&*directive, ""), |(name, value)| (name.trim(), value)) {
                ("no-cache", _) => wanted.age_ms_max = Some(0),
                ("only-if-cached", _) => wanted.only_stored = true,
                ("max-age", seconds) => {
                    let seconds: Option<u64> = seconds.trim().trim_matches('"').parse().ok();
                    let age_ms = seconds.map(|seconds| seconds.saturating_mul(1000));
                    // The stricter of two wins.
                    wanted.age_ms_max = match (wanted.age_ms_max, age_ms) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                }
                _ => {}
            }
        }
    }
    Ok(wanted)
}

/// Age of an answer and basis of its counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreshnessHeaders {
    provenance: Provenance,
    observed_at: Option<Timestamp>,
    stale: bool,
}

impl FreshnessHeaders {
    pub(crate) fn of(answered: &CachedResponse) -> Self {
        let CachedResponse { ready, observed_at, stale } = answered;
        Self { provenance: ready.provenance, observed_at: *observed_at, stale: *stale }
    }

    /// Restores it from the provenance that the ledger stores with an idempotent answer.
    pub(crate) fn from_stored(provenance: Provenance) -> Self {
        Self { observed_at: provenance.read_at, provenance, stale: false }
    }

    /// Returns the provenance that the ledger stores.
    pub(crate) fn to_stored(self) -> Provenance {
        self.provenance.read_at(self.observed_at)
    }

    /// Writes the headers of a contract answer. Without a time of its own it says `X-Observed-At: unknown` and no `Age`.
    pub(crate) fn write(self, now: Timestamp, headers: &mut HeaderMap) {
        headers.insert(COUNT_BASIS, count_basis(&self.provenance));
        if let Some(at) = self.observed_at {
            let age_seconds = u64::try_from(now.as_ms().saturating_sub(at.as_ms())).unwrap_or(0) / 1000;
            headers.insert(AGE, number(age_seconds));
            headers.insert(OBSERVED_AT, Text::new().time(at).finish());
        } else {
            headers.insert(OBSERVED_AT, HeaderValue::from_static("unknown"));
        }
        if self.stale {
            headers.insert(STALE, HeaderValue::from_static("true"));
        }
    }
}

/// `view_count=reported; user_count=unknown`
fn count_basis(provenance: &Provenance) -> HeaderValue {
    let mut text = Text::new();
    for (n, (name, basis)) in provenance.counts().enumerate() {
        text.text(if n > 0 { "; " } else { "" }).text(name).text("=").text(basis.name());
    }
    text.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cache_control: &str, query: &str) -> Result<FreshnessRequirement, Problem> {
        let mut headers = HeaderMap::new();
        if !cache_control.is_empty() {
            headers.insert(CACHE_CONTROL, cache_control.parse().expect("a header value"));
        }
        requirement(&headers, &Query::new(query))
    }

    #[test]
    fn the_parameter_wins_over_the_header() {
        let of = |age_ms_max| FreshnessRequirement { age_ms_max, only_stored: false };
        for (cache_control, query, want) in [
            ("", "", of(None)),
            ("max-age=60", "", of(Some(60_000))),
            ("Max-Age=\"60\", no-transform", "fresh=false", of(Some(60_000))),
            ("max-age=60, max-age=30", "", of(Some(30_000))),
            ("max-age=x", "", of(None)),
            ("max-age=99999999999999999999", "", of(None)),
            ("max-age=18446744073709551615", "", of(Some(u64::MAX))),
            ("no-cache", "", of(Some(0))),
            ("max-age=60", "fresh=true", of(Some(0))),
            ("", "fresh=1", of(Some(0))),
        ] {
            assert_eq!(read(cache_control, query).expect("it is right"), want, "{cache_control} {query}");
        }
        assert!(read("only-if-cached", "").expect("it is right").only_stored);
        assert_eq!(read("", "fresh=maybe").expect_err("neither").param(), Some("fresh"));
    }

    #[test]
    fn an_answer_says_how_old_it_is() {
        let mut headers = HeaderMap::new();
        let at = Timestamp::from_ms(1_700_000_000_000);
        let provenance = Provenance::of_videos(&[]);
        let freshness = FreshnessHeaders { provenance, observed_at: Some(at), stale: true };
        freshness.write(Timestamp::from_ms(1_700_000_090_999), &mut headers);
        assert_eq!(headers[AGE], "90");
        assert_eq!(headers[OBSERVED_AT], "2023-11-14T22:13:20Z");
        assert_eq!(headers[STALE], "true");
        let mut headers = HeaderMap::new();
        let freshness =
            FreshnessHeaders { provenance: Provenance::of_hashtags(&[]), observed_at: None, stale: false };
        freshness.write(Timestamp::from_ms(0), &mut headers);
        assert_eq!(headers[COUNT_BASIS], "view_count=unknown; user_count=unknown");
        assert_eq!((&headers[OBSERVED_AT], headers.get(AGE)), (&HeaderValue::from_static("unknown"), None));
    }
}
