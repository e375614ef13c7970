//! A hashtag's record, as fresh as required.

use super::{
    CachedResponse, CallOutcome, Denied, Flight, FreshnessRequirement, Landed, Live, late, no_answer,
};
use crate::{Answers, Catalog, CatalogError, HashtagRef};
use domain::{Hashtag, HashtagObservation, Observation, Timestamp};
use std::sync::Arc;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};

impl Answers {
    /// Returns the hashtag of this id or key as bytes, from the store if that is fresh enough, else from an
    /// upstream.
    pub async fn hashtag(
        &self,
        reference: &HashtagRef,
        requirement: FreshnessRequirement,
    ) -> Result<Option<CachedResponse>, CatalogError> {
        match self.catalog.inner.live.as_ref() {
            Some(live) => Box::pin(self.fresh_hashtag(live, reference, requirement)).await,
            None => Ok(self.hashtag_ready(reference).await?.map(CachedResponse::plain)),
        }
    }

    async fn fresh_hashtag(
        &self,
        live: &Live,
        reference: &HashtagRef,
        requirement: FreshnessRequirement,
    ) -> Result<Option<CachedResponse>, CatalogError> {
        let stale = match self.catalog.freshen(live, reference, requirement).await? {
            Freshened::Missing => return Ok(None),
            Freshened::Stored { stale } => stale,
        };
        let Some(hashtag) = self.catalog.hot(reference).await? else { return Ok(None) };
        let ready = self.hashtag_ready(reference).await?.unwrap_or_else(|| self.render_hashtag(&hashtag));
        Ok(Some(CachedResponse { stale, ..CachedResponse::plain(ready) }))
    }
}

impl Catalog {
    /// Returns the hashtag of a typed text, as fresh as required if possible, and true if it is older than
    /// that.
    pub async fn fresh_hashtag(
        &self,
        text: &str,
        requirement: FreshnessRequirement,
    ) -> Result<Option<(Hashtag, bool)>, CatalogError> {
        for reference in HashtagRef::candidates(text)? {
            let stale = match self.inner.live.as_ref() {
                None => false,
                Some(live) => match self.freshen(live, &reference, requirement).await? {
                    Freshened::Missing => continue,
                    Freshened::Stored { stale } => stale,
                },
            };
            if let Some(hashtag) = self.hot(&reference).await? {
                return Ok(Some((Hashtag::clone(&hashtag), stale)));
            }
        }
        Ok(None)
    }

    /// Refreshes the stored record of a hashtag as required, if possible.
    pub(super) async fn freshen(
        &self,
        live: &Live,
        reference: &HashtagRef,
        requirement: FreshnessRequirement,
    ) -> Result<Freshened, CatalogError> {
        let now = self.inner.clock.now();
        let known = self.hot(reference).await?;
        let reference = &match (reference, &known) {
            // An assigned id means nothing to TikTok: the upstream is called by name.
            (HashtagRef::Id(id), Some(hashtag)) if id.is_assigned() => {
                HashtagRef::Key(hashtag.tag.key().clone())
            }
            (HashtagRef::Id(id), None) if id.is_assigned() => return Ok(Freshened::Missing),
            (reference, _) => reference.clone(),
        };
        let read_at = known.as_ref().and_then(|hashtag| hashtag.reported_at());
        if requirement.accepts(read_at, now, live.freshness.counts) {
            return Ok(if known.is_some() { Freshened::Stored { stale: false } } else { Freshened::Missing });
        }
        let fetch = fetch_of(reference);
        let missed_at = match self.inner.store.last_fetch(&fetch).await? {
            Some(LastFetch { at, outcome: FetchOutcome::Missing, .. }) => Some(at),
            _ => None,
        };
        if requirement.accepts(missed_at, now, live.freshness.misses) {
            // Reports of other sources are still answered.
            return Ok(if known.is_some() { Freshened::Stored { stale: true } } else { Freshened::Missing });
        }
        let has_stored = known.is_some();
        let patience = Self::patience(live, has_stored);
        let flight = Flight::Hashtag(reference.clone());
        let outcome =
            self.join(live, flight, patience, |catalog| catalog.fetch_hashtag(reference.clone())).await?;
        match outcome {
            CallOutcome::Stored => Ok(Freshened::Stored { stale: false }),
            CallOutcome::Missing if has_stored => Ok(Freshened::Stored { stale: true }),
            CallOutcome::Missing => Ok(Freshened::Missing),
            CallOutcome::NotYet | CallOutcome::Denied(_) if has_stored => {
                Ok(Freshened::Stored { stale: true })
            }
            CallOutcome::NotYet => Err(late()),
            CallOutcome::Denied(denied) => Err(no_answer(denied)),
        }
    }

    /// Fetches a hashtag and stores the answer.
    pub(super) async fn fetch_hashtag(self, reference: HashtagRef) -> Landed {
        let Some(live) = self.inner.live.as_ref() else { return Landed::Denied(Denied::BreakerOpen) };
        let called = live.call(|connector, at| {
            let reference = reference.clone();
            async move {
                match &reference {
                    HashtagRef::Id(id) => connector.hashtag_by_id(*id, at).await,
                    HashtagRef::Key(key) => connector.hashtag_by_name(key, at).await,
                }
            }
        });
        let observation = match called.await {
            Ok(observation) => observation,
            Err(denied) => return Landed::Denied(denied),
        };
        let is_missing = observation.is_none();
        let stored = self.write_hashtag(&reference, observation).await;
        match stored {
            Ok(()) if is_missing => Landed::Missing,
            stored => Landed::of(stored),
        }
    }

    async fn write_hashtag(
        &self,
        reference: &HashtagRef,
        observation: Option<HashtagObservation>,
    ) -> Result<(), CatalogError> {
        let at = self.inner.clock.now();
        match observation {
            None => Ok(self.inner.store.note_fetch(&fetch_of(reference), missing(at)).await?),
            Some(hashtag) => {
                self.record(vec![Observation::Hashtag(Box::new(hashtag))]).await?;
                Ok(())
            }
        }
    }

    /// Returns the current stored record.
    pub(super) async fn stored_now(
        &self,
        reference: &HashtagRef,
    ) -> Result<Option<Arc<Hashtag>>, CatalogError> {
        self.follow().await?;
        self.cached(reference).await
    }
}

/// Outcome of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshened {
    /// The record is stored; `stale` if it is older than required.
    Stored { stale: bool },
    /// There is none.
    Missing,
}

fn fetch_of(reference: &HashtagRef) -> Fetch {
    match reference {
        HashtagRef::Id(id) => Fetch::new(FetchKind::InfoById, &id.to_string()),
        HashtagRef::Key(key) => Fetch::new(FetchKind::InfoByName, key.as_str()),
    }
}

fn missing(at: Timestamp) -> LastFetch {
    LastFetch { at, outcome: FetchOutcome::Missing, cursor: None, has_more: false }
}
