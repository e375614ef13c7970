//! A hashtag's own record, as fresh as it is wanted.

use super::{
    CachedResponse, CallOutcome, Denied, Flight, FreshnessRequirement, Landed, Live, late, no_answer,
};
use crate::cache::Ready;
use crate::{Catalog, CatalogError, HashtagRef, Provenance};
use domain::{Hashtag, HashtagObservation, Observation, Timestamp};
use std::sync::Arc;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};

impl Catalog {
    /// The hashtag of this id or key as bytes, from the store if that is fresh enough, else from an upstream. They are
    /// kept, so one catalog always takes the same `render`.
    pub async fn hashtag_answer(
        &self,
        reference: &HashtagRef,
        requirement: FreshnessRequirement,
        render: fn(&Hashtag) -> Vec<u8>,
    ) -> Result<Option<CachedResponse>, CatalogError> {
        let Some(live) = self.inner.live.as_ref() else {
            return Ok(self.hashtag_ready(reference, render).await?.map(CachedResponse::plain));
        };
        let stale = match self.freshen(live, reference, requirement).await? {
            Freshened::Missing => return Ok(None),
            Freshened::Held { stale } => stale,
        };
        let Some(hashtag) = self.hot(reference).await? else { return Ok(None) };
        let ready = match self.hashtag_ready(reference, render).await? {
            Some(ready) => ready,
            None => Ready::new(render(&hashtag), Provenance::of_hashtag(&hashtag)),
        };
        Ok(Some(CachedResponse { stale, ..CachedResponse::plain(ready) }))
    }

    /// The hashtag that a text means, as fresh as it is wanted if that can be had, and whether it is older than that.
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
                    Freshened::Held { stale } => stale,
                },
            };
            if let Some(hashtag) = self.hot(&reference).await? {
                return Ok(Some((Hashtag::clone(&hashtag), stale)));
            }
        }
        Ok(None)
    }

    /// Makes the stored record of a hashtag as fresh as it is wanted, if that can be done.
    pub(super) async fn freshen(
        &self,
        live: &Live,
        reference: &HashtagRef,
        requirement: FreshnessRequirement,
    ) -> Result<Freshened, CatalogError> {
        let now = self.inner.clock.now();
        let held = self.hot(reference).await?;
        let reference = &match (reference, &held) {
            // An assigned id means nothing to TikTok: the upstream is asked by name.
            (HashtagRef::Id(id), Some(hashtag)) if id.is_assigned() => {
                HashtagRef::Key(hashtag.tag.key().clone())
            }
            (HashtagRef::Id(id), None) if id.is_assigned() => return Ok(Freshened::Missing),
            (reference, _) => reference.clone(),
        };
        let read_at = held.as_ref().and_then(|hashtag| hashtag.reported_at());
        if requirement.accepts(read_at, now, live.freshness.counts) {
            return Ok(if held.is_some() { Freshened::Held { stale: false } } else { Freshened::Missing });
        }
        let ask = ask_of(reference);
        let missed_at = match self.inner.store.last_fetch(&ask).await? {
            Some(LastFetch { at, outcome: FetchOutcome::Missing, .. }) => Some(at),
            _ => None,
        };
        if requirement.accepts(missed_at, now, live.freshness.misses) {
            // Reports of other sources are still answered.
            return Ok(if held.is_some() { Freshened::Held { stale: true } } else { Freshened::Missing });
        }
        let has_stored = held.is_some();
        let patience = Self::patience(live, has_stored);
        let flight = Flight::Hashtag(reference.clone());
        let heard =
            self.hear(live, flight, patience, |catalog| catalog.fetch_hashtag(reference.clone())).await?;
        match heard {
            CallOutcome::Stored => Ok(Freshened::Held { stale: false }),
            CallOutcome::Missing if has_stored => Ok(Freshened::Held { stale: true }),
            CallOutcome::Missing => Ok(Freshened::Missing),
            CallOutcome::NotYet | CallOutcome::Denied(_) if has_stored => Ok(Freshened::Held { stale: true }),
            CallOutcome::NotYet => Err(late()),
            CallOutcome::Denied(denied) => Err(no_answer(denied)),
        }
    }

    /// Fetches a hashtag and stores the answer.
    async fn fetch_hashtag(self, reference: HashtagRef) -> Landed {
        let Some(live) = self.inner.live.as_ref() else { return Landed::Denied(Denied::BreakerOpen) };
        let asked = live.ask(|connector, at| {
            let reference = reference.clone();
            async move {
                match &reference {
                    HashtagRef::Id(id) => connector.hashtag_by_id(*id, at).await,
                    HashtagRef::Key(key) => connector.hashtag_by_name(key, at).await,
                }
            }
        });
        let told = match asked.await {
            Ok(told) => told,
            Err(denied) => return Landed::Denied(denied),
        };
        let is_missing = told.is_none();
        let stored = self.keep_hashtag(&reference, told).await;
        match stored {
            Ok(()) if is_missing => Landed::Missing,
            stored => Landed::of(stored),
        }
    }

    async fn keep_hashtag(
        &self,
        reference: &HashtagRef,
        told: Option<HashtagObservation>,
    ) -> Result<(), CatalogError> {
        let at = self.inner.clock.now();
        match told {
            None => Ok(self.inner.store.note_fetch(&ask_of(reference), missing(at)).await?),
            Some(hashtag) => {
                self.record(vec![Observation::Hashtag(Box::new(hashtag))]).await?;
                Ok(())
            }
        }
    }

    /// Returns the record stored by now, for callers that need one.
    pub(super) async fn held_now(
        &self,
        reference: &HashtagRef,
    ) -> Result<Option<Arc<Hashtag>>, CatalogError> {
        self.follow().await?;
        self.held(reference).await
    }
}

/// Outcome of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshened {
    /// The record is stored; `stale` when it is older than required.
    Held { stale: bool },
    /// There is none.
    Missing,
}

fn ask_of(reference: &HashtagRef) -> Fetch {
    match reference {
        HashtagRef::Id(id) => Fetch::new(FetchKind::InfoById, &id.to_string()),
        HashtagRef::Key(key) => Fetch::new(FetchKind::InfoByName, key.as_str()),
    }
}

fn missing(at: Timestamp) -> LastFetch {
    LastFetch { at, outcome: FetchOutcome::Missing, cursor: None, has_more: false }
}
