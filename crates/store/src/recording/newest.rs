//! The newest reading of each source in a transaction.

use crate::record::Prepared;
use domain::{Source, Timestamp};
use std::collections::BTreeMap;

/// Milliseconds since 1970 of the newest reading, by the number of its source.
#[derive(Debug, Default)]
pub(super) struct NewestReadings(BTreeMap<u8, i64>);

impl NewestReadings {
    pub(super) fn see(&mut self, record: &Prepared) {
        let (source, at): (Source, Option<Timestamp>) = match record {
            Prepared::Video(video) => (video.source, video.observed_at),
            Prepared::Hashtag(hashtag) => (hashtag.source, hashtag.observed_at),
            Prepared::Window(window) => (window.source, Some(window.observed_at)),
            Prepared::Removed(_) => return,
        };
        if let Some(at) = at {
            let newest = self.0.entry(source.number()).or_insert(i64::MIN);
            *newest = at.as_ms().max(*newest);
        }
    }

    /// Returns them by the number of the source.
    pub(super) fn into_list(self) -> Vec<(u8, i64)> {
        self.0.into_iter().collect()
    }
}
