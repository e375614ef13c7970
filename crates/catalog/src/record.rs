//! Recording: prepares observations for the store.

use crate::{Catalog, CatalogError};
use domain::observation::VideoObservation;
use domain::{Clock, Handle, Observation, fragment};
use sources::files::is_ahead;
use store::record::{Prepared, PreparedRemoval, PreparedVideo, Recorded};

impl Catalog {
    /// Records observations in one transaction.
    ///
    /// Readings more than an hour ahead of the clock are left out.
    pub async fn record(&self, observations: Vec<Observation>) -> Result<Recorded, CatalogError> {
        let (now, given) = (self.inner.clock.now(), observations.len());
        let is_ahead =
            |observation: &Observation| observation.observed_at().is_some_and(|at| is_ahead(at, now));
        let prepared: Vec<Prepared> = observations
            .into_iter()
            .filter(|observation| !is_ahead(observation))
            .map(|observation| prepare(observation, &*self.inner.clock))
            .collect();
        if prepared.len() < given {
            tracing::warn!(readings = given - prepared.len(), "readings from the future were left out");
        }
        let recorded = self.inner.store.record_at(prepared, now).await?;
        self.follow().await?;
        self.nudge_followers();
        Ok(recorded)
    }
}

/// Does all expensive work that needs no database.
pub(crate) fn prepare(observation: Observation, clock: &dyn Clock) -> Prepared {
    match observation {
        Observation::Hashtag(hashtag) => Prepared::Hashtag(hashtag),
        Observation::Video(video) => Prepared::Video(Box::new(prepare_video(*video))),
        Observation::Window(window) => Prepared::Window(window),
        Observation::Removed(removed) => Prepared::Removed(PreparedRemoval {
            id: removed.id,
            at: removed.observed_at.unwrap_or_else(|| clock.now()),
            is_timed: removed.observed_at.is_some(),
        }),
    }
}

fn prepare_video(observation: VideoObservation) -> PreparedVideo {
    let VideoObservation { id, source, observed_at, author, tags, has_caption_tags, counts, details, digest } =
        observation;
    PreparedVideo {
        id,
        digest,
        source,
        observed_at,
        author,
        handle: Handle::new(&details.author.unique_id),
        create_time: details.create_time,
        region: details.region,
        tags,
        has_caption_tags,
        counts,
        packed: fragment::pack(id, &details, &counts),
    }
}
