//! A search, with what an upstream finds taken in first.

use super::{CachedResponse, CallOutcome, Denied, Flight, FreshnessRequirement, Landed, late, no_answer};
use crate::searching::SearchPage;
use crate::{Catalog, CatalogError};
use domain::{Observation, Timestamp};
use sources::upstream::contract::COUNT_MAX;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};

/// Longest keyword sent to an upstream, in bytes.
const KEYWORD_BYTES_MAX: usize = 200;

impl Catalog {
    /// The hashtags that answer a keyword, as bytes; those that an upstream finds are among them.
    pub async fn search_answer(
        &self,
        keyword: &str,
        offset: u64,
        limit: u32,
        requirement: FreshnessRequirement,
        render: fn(&SearchPage) -> Vec<u8>,
    ) -> Result<CachedResponse, CatalogError> {
        let asked =
            if offset == 0 { self.ask_for_keyword(keyword, requirement).await? } else { Searched::NotAsked };
        let page = self.search_ready(keyword, offset, limit, render).await?;
        match asked {
            Searched::NotAsked => Ok(CachedResponse::plain(page)),
            Searched::At(at) => Ok(CachedResponse { ready: page, observed_at: Some(at), stale: false }),
            Searched::Failed(error) => {
                let held = self.search(keyword, 0, 1).await?;
                if held.hashtags.is_empty() {
                    Err(error)
                } else {
                    Ok(CachedResponse { stale: true, ..CachedResponse::plain(page) })
                }
            }
        }
    }

    async fn ask_for_keyword(
        &self,
        keyword: &str,
        requirement: FreshnessRequirement,
    ) -> Result<Searched, CatalogError> {
        let Some(live) = self.inner.live.as_ref() else { return Ok(Searched::NotAsked) };
        let keyword = keyword.trim().trim_start_matches('#').to_lowercase();
        if keyword.is_empty() || keyword.len() > KEYWORD_BYTES_MAX {
            return Ok(Searched::NotAsked);
        }
        let now = self.inner.clock.now();
        let ask = ask_of(&keyword);
        let asked_at = self.inner.store.last_fetch(&ask).await?.map(|asked| asked.at);
        if requirement.accepts(asked_at, now, live.freshness.search) {
            return Ok(asked_at.map_or(Searched::NotAsked, Searched::At));
        }
        let patience = Self::patience(live, false);
        let flight = Flight::Search(keyword.as_str().into());
        let heard =
            self.hear(live, flight, patience, |catalog| catalog.fetch_search(keyword.clone())).await?;
        Ok(match heard {
            CallOutcome::Stored | CallOutcome::Missing => Searched::At(self.inner.clock.now()),
            CallOutcome::NotYet => Searched::Failed(late()),
            CallOutcome::Denied(denied) => Searched::Failed(no_answer(denied)),
        })
    }

    async fn fetch_search(self, keyword: String) -> Landed {
        let Some(live) = self.inner.live.as_ref() else { return Landed::Denied(Denied::BreakerOpen) };
        let asked = live.ask(|connector, at| {
            let keyword = keyword.clone();
            async move { connector.search(&keyword, 0, COUNT_MAX, at).await }
        });
        match asked.await {
            Err(denied) => Landed::Denied(denied),
            Ok(page) => {
                let told = page.records.into_iter().map(|hashtag| Observation::Hashtag(Box::new(hashtag)));
                Landed::of(self.keep_search(&keyword, told.collect()).await)
            }
        }
    }

    async fn keep_search(&self, keyword: &str, told: Vec<Observation>) -> Result<(), CatalogError> {
        let at = self.inner.clock.now();
        let outcome = if told.is_empty() { FetchOutcome::Missing } else { FetchOutcome::Found };
        if !told.is_empty() {
            self.record(told).await?;
        }
        let asked = LastFetch { at, outcome, cursor: None, has_more: false };
        Ok(self.inner.store.note_fetch(&ask_of(keyword), asked).await?)
    }
}

/// Outcome of an upstream search.
enum Searched {
    /// There is none, or it need not be.
    NotAsked,
    /// Its results are stored.
    At(Timestamp),
    /// It could not be.
    Failed(CatalogError),
}

fn ask_of(keyword: &str) -> Fetch {
    Fetch::new(FetchKind::Search, keyword)
}
