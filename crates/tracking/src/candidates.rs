//! Candidates: hashtags that a tracker's keyword finds and that it does not have yet.

use crate::{Tracking, TrackingError};
use catalog::CatalogError;
use domain::{AccountId, Count, Hashtag, TrackerId};
use serde::Serialize;
use store::trackers::TrackerSettings;
use utoipa::ToSchema;

/// Hashtags that a keyword finds, at most.
pub const FOUND_MAX: u32 = 50;

/// A hashtag that a keyword finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackerCandidate)]
pub struct CandidateView {
    /// Name, without `#`.
    #[schema(example = "streetfood")]
    pub hashtag: String,
    /// Views as reported; `null` if unknown.
    pub views: Option<u64>,
    /// Rounding step of the views: the true number is within half a step. 1 if exact.
    pub views_step: Option<u64>,
}

impl Tracking {
    /// Returns the hashtags that the keyword of a tracker finds among those stored, best match first, without those that
    /// the tracker has.
    pub async fn candidates(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<Vec<CandidateView>, TrackingError> {
        let tracker = self.store().tracker(account_id, id).await?.ok_or(TrackingError::NotFound)?;
        let mut candidates = Vec::new();
        for hashtag in self.found_by(&tracker.settings).await? {
            let key = hashtag.tag.key().into();
            if self.store().tracked_hashtag(account_id, id, &key).await?.is_none() {
                let views = hashtag.reported.views;
                candidates.push(CandidateView {
                    hashtag: hashtag.tag.name().to_owned(),
                    views: views.map(Count::value),
                    views_step: views.map(Count::resolution),
                });
            }
        }
        Ok(candidates)
    }

    /// Returns the stored hashtags that match the keyword; none while the search index is being built.
    pub(crate) async fn found_by(&self, settings: &TrackerSettings) -> Result<Vec<Hashtag>, TrackingError> {
        let Some(keyword) = &settings.keyword else { return Ok(Vec::new()) };
        match self.catalog.search(keyword.as_str(), 0, FOUND_MAX).await {
            Ok(page) => Ok(page.hashtags),
            Err(CatalogError::IndexBuilding) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}
