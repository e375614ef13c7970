//! The one way in: observations are made ready here and stored by the store.

use crate::{Catalog, CatalogError};
use domain::observation::VideoObservation;
use domain::{Handle, Observation, fragment};
use store::record::{Prepared, PreparedVideo, Recorded};

impl Catalog {
    /// Records observations in one transaction.
    pub async fn record(&self, observations: Vec<Observation>) -> Result<Recorded, CatalogError> {
        let prepared = observations.into_iter().map(prepare).collect();
        let recorded = self.inner.store.record_all(prepared).await?;
        self.follow().await?;
        self.nudge_trends();
        Ok(recorded)
    }
}

/// Does all that costs time and needs no database.
pub(crate) fn prepare(observation: Observation) -> Prepared {
    match observation {
        Observation::Hashtag(hashtag) => Prepared::Hashtag(hashtag),
        Observation::Video(video) => Prepared::Video(Box::new(prepare_video(*video))),
        Observation::Window(window) => Prepared::Window(window),
    }
}

fn prepare_video(observation: VideoObservation) -> PreparedVideo {
    let VideoObservation { id, source, observed_at, author, tags, counts, details, digest } = observation;
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
        counts,
        packed: fragment::pack(id, &details, &counts),
    }
}
