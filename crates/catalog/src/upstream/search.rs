//! A search, with the results of an upstream recorded first.

use super::{CachedResponse, CallOutcome, Denied, Flight, FreshnessRequirement, Landed, late, no_answer};
use crate::{Answers, Catalog, CatalogError};
use domain::{Observation, Timestamp};
use sources::upstream::contract::COUNT_MAX;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};

/// Longest keyword sent to an upstream, in bytes.
const KEYWORD_BYTES_MAX: usize = 200;

impl Answers {
    /// Returns the hashtags that match a keyword, as bytes, including those that an upstream finds.
    pub async fn search(
        &self,
        keyword: &str,
        offset: u64,
        limit: u32,
        requirement: FreshnessRequirement,
    ) -> Result<CachedResponse, CatalogError> {
        let searched = if offset == 0 {
            Box::pin(self.catalog.fetch_keyword(keyword, requirement)).await?
        } else {
            Searched::NotNeeded
        };
        let page = Box::pin(self.search_ready(keyword, offset, limit)).await?;
        match searched {
            Searched::NotNeeded => Ok(CachedResponse::plain(page)),
            Searched::At(at) => Ok(CachedResponse { ready: page, observed_at: Some(at), stale: false }),
            Searched::Failed(error) => {
                let stored = Box::pin(self.catalog.search(keyword, 0, 1)).await?;
                if stored.hashtags.is_empty() {
                    Err(error)
                } else {
                    Ok(CachedResponse { stale: true, ..CachedResponse::plain(page) })
                }
            }
        }
    }
}

impl Catalog {
    async fn fetch_keyword(
        &self,
        keyword: &str,
        requirement: FreshnessRequirement,
    ) -> Result<Searched, CatalogError> {
        let Some(live) = self.inner.live.as_ref() else { return Ok(Searched::NotNeeded) };
        let keyword = keyword.trim().trim_start_matches('#').to_lowercase();
        if keyword.is_empty() || keyword.len() > KEYWORD_BYTES_MAX {
            return Ok(Searched::NotNeeded);
        }
        let now = self.inner.clock.now();
        let fetch = fetch_of(&keyword);
        let fetched_at = self.inner.store.last_fetch(&fetch).await?.map(|last| last.at);
        if requirement.accepts(fetched_at, now, live.freshness.search) {
            return Ok(fetched_at.map_or(Searched::NotNeeded, Searched::At));
        }
        let patience = Self::patience(live, false);
        let flight = Flight::Search(keyword.as_str().into());
        let outcome =
            self.join(live, flight, patience, |catalog| catalog.fetch_search(keyword.clone())).await?;
        Ok(match outcome {
            CallOutcome::Stored | CallOutcome::Missing => Searched::At(self.inner.clock.now()),
            CallOutcome::NotYet => Searched::Failed(late()),
            CallOutcome::Denied(denied) => Searched::Failed(no_answer(denied)),
        })
    }

    pub(super) async fn fetch_search(self, keyword: String) -> Landed {
        let Some(live) = self.inner.live.as_ref() else { return Landed::Denied(Denied::BreakerOpen) };
        let called = live.call(|connector, at| {
            let keyword = keyword.clone();
            async move { connector.search(&keyword, 0, COUNT_MAX, at).await }
        });
        match called.await {
            Err(denied) => Landed::Denied(denied),
            Ok(page) => {
                let observations =
                    page.records.into_iter().map(|hashtag| Observation::Hashtag(Box::new(hashtag)));
                Landed::of(self.write_search(&keyword, observations.collect()).await)
            }
        }
    }

    async fn write_search(&self, keyword: &str, observations: Vec<Observation>) -> Result<(), CatalogError> {
        let at = self.inner.clock.now();
        let outcome = if observations.is_empty() { FetchOutcome::Missing } else { FetchOutcome::Found };
        if !observations.is_empty() {
            self.record(observations).await?;
        }
        let fetched = LastFetch { at, outcome, cursor: None, has_more: false };
        Ok(self.inner.store.note_fetch(&fetch_of(keyword), fetched).await?)
    }
}

/// Outcome of an upstream search.
enum Searched {
    /// There is no upstream, or it is not needed.
    NotNeeded,
    /// Its results are stored.
    At(Timestamp),
    /// It failed.
    Failed(CatalogError),
}

pub(super) fn fetch_of(keyword: &str) -> Fetch {
    Fetch::new(FetchKind::Search, keyword)
}
