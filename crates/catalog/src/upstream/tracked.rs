//! Readings for trackers: one reading of a hashtag in a slot, from the series if it has one, else from an upstream; and
//! searches for keywords, likewise.

use super::search::fetch_of;
use super::{CallOutcome, Denied, Flight, Landed, Live};
use crate::{Catalog, CatalogError, HashtagRef};
use domain::tracking::Keyword;
use domain::{Source, TagKey, Timestamp};
use std::future::Future;
use std::time::Duration;

/// Source of the readings that upstreams bring.
pub const UPSTREAM_SOURCE: Source = Source::Contract;
/// Time limit of a call. No client waits for it.
const CALL_DEADLINE: Duration = Duration::from_secs(30);
/// Readings looked through at once.
const READINGS_PER_PAGE: u32 = 1_000;

/// Outcome of reading a hashtag for its trackers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackedRead {
    /// The series has a reading of this time.
    Read(Timestamp),
    /// The upstream does not know the hashtag.
    Missing,
    /// The upstream's calls of the day are used up.
    CallsUsedUp,
    /// It cannot be called, or did not answer in time.
    Failed {
        /// The cause, for the log.
        cause: String,
    },
    /// No upstream is configured.
    NoUpstream,
}

impl Catalog {
    /// Returns a reading of a hashtag from `since` on and before `until`: the first that the series has of an upstream, else
    /// a new one, which is stored when this returns. Concurrent callers share a call.
    pub async fn read_tracked(
        &self,
        key: &TagKey,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<TrackedRead, CatalogError> {
        if let Some(at) = self.reading_between(key, since, until).await? {
            return Ok(TrackedRead::Read(at));
        }
        let Some(live) = self.inner.live.as_ref() else { return Ok(TrackedRead::NoUpstream) };
        let reference = HashtagRef::Key(key.clone());
        let flight = Flight::Hashtag(reference.clone());
        match self.call_tracked(live, flight, |catalog| catalog.fetch_hashtag(reference)).await? {
            None => Ok(in_slot(self.reading_between(key, since, until).await?)),
            Some(failed) => Ok(failed),
        }
    }

    /// Returns a search for a keyword from `since` on and before `until`: the last one, else a new one, whose results are
    /// stored when this returns.
    pub async fn search_tracked(
        &self,
        keyword: &Keyword,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<TrackedRead, CatalogError> {
        if let Some(at) = self.search_between(keyword, since, until).await? {
            return Ok(TrackedRead::Read(at));
        }
        let Some(live) = self.inner.live.as_ref() else { return Ok(TrackedRead::NoUpstream) };
        let text = keyword.as_str().to_owned();
        let flight = Flight::Search(text.as_str().into());
        match self.call_tracked(live, flight, |catalog| catalog.fetch_search(text)).await? {
            // No result is a result.
            None | Some(TrackedRead::Missing) => {
                Ok(in_slot(self.search_between(keyword, since, until).await?))
            }
            Some(failed) => Ok(failed),
        }
    }

    /// Returns the time of the last search for a keyword at an upstream, if it is from `since` on and before `until`.
    pub async fn search_between(
        &self,
        keyword: &Keyword,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Timestamp>, CatalogError> {
        let last = self.inner.store.last_fetch(&fetch_of(keyword.as_str())).await?;
        Ok(last.map(|last| last.at).filter(|at| since <= *at && *at < until))
    }

    /// Makes a call, or joins it. `None` if its answer is stored, else the failure.
    async fn call_tracked<F>(
        &self,
        live: &Live,
        flight: Flight,
        work: impl FnOnce(Self) -> F,
    ) -> Result<Option<TrackedRead>, CatalogError>
    where
        F: Future<Output = Landed> + Send + 'static,
    {
        Ok(match self.join(live, flight, CALL_DEADLINE, work).await? {
            CallOutcome::Stored => None,
            CallOutcome::Missing => Some(TrackedRead::Missing),
            CallOutcome::NotYet => {
                Some(TrackedRead::Failed { cause: "no answer within the deadline".to_owned() })
            }
            CallOutcome::Denied(Denied::BudgetUsedUp(_)) => Some(TrackedRead::CallsUsedUp),
            CallOutcome::Denied(denied) => Some(TrackedRead::Failed { cause: denied.to_string() }),
        })
    }

    /// Returns the time of the first reading of an upstream from `since` on and before `until`. Readings of a clock that was
    /// ahead may lie in the future, so that both ends matter.
    pub async fn reading_between(
        &self,
        key: &TagKey,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Timestamp>, CatalogError> {
        let Some(hashtag) = self.inner.store.hashtag_by_key(key).await? else { return Ok(None) };
        let mut after = Timestamp::from_ms(since.as_ms().saturating_sub(1));
        loop {
            let page =
                self.inner.store.hashtag_snapshots(hashtag.row, Some(after), READINGS_PER_PAGE).await?;
            for reading in &page {
                if reading.observed_at >= until {
                    return Ok(None);
                }
                if reading.source == UPSTREAM_SOURCE {
                    return Ok(Some(reading.observed_at));
                }
            }
            match page.last() {
                Some(last) if page.len() == READINGS_PER_PAGE as usize => after = last.observed_at,
                _ => return Ok(None),
            }
        }
    }
}

/// Returns the outcome of a call whose answer is stored. It is of another slot if the call began before the slot, ended after
/// it, or if the clock was set back.
fn in_slot(read_at: Option<Timestamp>) -> TrackedRead {
    match read_at {
        Some(at) => TrackedRead::Read(at),
        None => TrackedRead::Failed { cause: "the answer is of another slot".to_owned() },
    }
}
