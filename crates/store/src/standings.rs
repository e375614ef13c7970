//! The totals that count (standings): a hashtag's newest reading after the repair of its series. Only those
//! that differ from the newest reading are stored, by the computation of trends ([`Store::write_standings`]). If
//! a hashtag changed since, its series is read and repaired here, so that every answer agrees with its history.

use crate::snapshots::readings_of;
use crate::trends::HashtagReadings;
use crate::{Store, StoreError};
use domain::hashtag::{AsRead, AsReadCounts};
use domain::metrics::Series;
use domain::observation::HashtagCounts;
use domain::{Count, Hashtag, HashtagRow, Timestamp};
use std::collections::HashMap;

/// Readings read at once.
const READINGS_MAX: u32 = 50_000;
/// Bytes of a count: its number, a flag for rounding, and four integers.
const COUNT_BYTES: usize = 2 + 4 * 8;

/// A count of a hashtag that differs from the newest reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    count: Count,
    at: Timestamp,
    read: u64,
    read_at: Timestamp,
}

/// The counts of a hashtag that differ from the newest reading, in the order views, creators, videos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standings([Option<Standing>; 3]);

/// The standings of a hashtag; empty if all counts are the newest reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashtagStandings {
    /// The hashtag.
    pub hashtag: HashtagRow,
    /// The standings.
    pub standings: Standings,
}

impl Standings {
    /// Returns the counts from the repaired series of views, creators and videos.
    pub fn of(series: [&Series; 3]) -> Self {
        Self(series.map(standing))
    }

    /// Computes the counts from all readings of a hashtag.
    pub fn of_readings(readings: &HashtagReadings) -> Self {
        const COUNTS: [fn(&HashtagCounts) -> Option<Count>; 3] =
            [|counts| counts.views, |counts| counts.creators, |counts| counts.videos];
        let series = COUNTS.map(|count| Series::repaired(&readings_of(&readings.snapshots, count)));
        Self::of(series.each_ref())
    }

    /// Returns true if all counts are the newest reading.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Encodes for the database: for each count its number, a flag for rounding, its value, its time, the
    /// newest reading and its time, little-endian.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, standing) in (0_u8..).zip(self.0) {
            let Some(Standing { count, at, read, read_at }) = standing else { continue };
            bytes.extend([number, u8::from(count.is_rounded())]);
            bytes.extend(count.value().to_le_bytes());
            bytes.extend(at.as_ms().to_le_bytes());
            bytes.extend(read.to_le_bytes());
            bytes.extend(read_at.as_ms().to_le_bytes());
        }
        bytes
    }

    /// Decodes [`Self::to_bytes`]; `None` if the bytes are damaged.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut standings = Self::default();
        let (counts, rest) = bytes.as_chunks::<COUNT_BYTES>();
        for [number, is_rounded, numbers @ ..] in counts {
            let (numbers, _) = numbers.as_chunks::<8>();
            let [value, at, read, read_at] = *numbers else { return None };
            let value = u64::from_le_bytes(value);
            let count = if *is_rounded == 1 { Count::rounded(value) } else { Count::exact(value) };
            let time = |bytes| Timestamp::from_ms(i64::from_le_bytes(bytes));
            *standings.0.get_mut(usize::from(*number))? = Some(Standing {
                count: count?,
                at: time(at),
                read: u64::from_le_bytes(read),
                read_at: time(read_at),
            });
        }
        rest.is_empty().then_some(standings)
    }

    /// Replaces the newest reading by the counts. Returns `false` and changes nothing if one of them was
    /// computed for another reading than the hashtag's newest.
    fn apply(&self, hashtag: &mut Hashtag) -> bool {
        let HashtagCounts { views, creators, videos } = hashtag.reported;
        let read = [views, creators, videos];
        let is_of = |(standing, read): (&Option<Standing>, &Option<Count>)| {
            standing.is_none_or(|standing| read.is_some_and(|read| read.value() == standing.read))
        };
        if !self.0.iter().zip(&read).all(is_of) {
            return false;
        }
        self.put(hashtag, read);
        true
    }

    pub(crate) fn put(&self, hashtag: &mut Hashtag, read: [Option<Count>; 3]) {
        let mut counted = read.map(|count| count.map(Count::on_step));
        let mut as_read = [None; 3];
        for (n, count) in read.into_iter().enumerate() {
            let Some(count) = count else { continue };
            if let Some(standing) = self.0[n] {
                counted[n] = Some(standing.count);
                let is_other = standing.count.value() != count.value();
                as_read[n] =
                    is_other.then_some(AsRead { count, at: standing.read_at, counted_at: standing.at });
            } else if let Some(at) = hashtag.reported_at()
                && counted[n] != Some(count)
            {
                as_read[n] = Some(AsRead { count, at, counted_at: at });
            }
        }
        let [views, creators, videos] = counted;
        hashtag.reported = HashtagCounts { views, creators, videos };
        let [views, creators, videos] = as_read;
        hashtag.as_read = AsReadCounts { views, creators, videos };
    }
}

/// Returns the count of a repaired series; `None` if the newest reading counts, at most raised to its step.
fn standing(series: &Series) -> Option<Standing> {
    let (last, newest) = (series.last()?, series.as_read()?);
    let count = if last.step > 1 { Count::rounded(last.value) } else { Count::exact(last.value) }?;
    let as_reported =
        if newest.step > 1 { Count::rounded(newest.observed) } else { Count::exact(newest.observed) };
    let differs = as_reported.map(Count::on_step) != Some(count);
    differs.then_some(Standing { count, at: last.at, read: newest.observed, read_at: newest.at })
}

/// Decodes the standings of a row.
pub(crate) fn read(hashtag: HashtagRow, bytes: &[u8]) -> Result<Standings, StoreError> {
    Standings::from_bytes(bytes).ok_or_else(|| StoreError::Inconsistent {
        table: "standings",
        column: "counts",
        row: hashtag.0.to_string(),
    })
}

impl Store {
    /// Stores the standings of hashtags as of a change sequence of the catalog, in place of earlier ones. Those
    /// of a later sequence stay.
    pub async fn write_standings(
        &self,
        sequence: u64,
        hashtags: Vec<HashtagStandings>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.write_standings(sequence, hashtags).await,
            Self::Postgres(postgres) => postgres.write_standings(sequence, &hashtags).await,
        }
    }

    pub(crate) async fn counted(&self, hashtag: Option<Hashtag>) -> Result<Option<Hashtag>, StoreError> {
        match hashtag {
            Some(hashtag) => Ok(self.counted_all(vec![hashtag]).await?.pop()),
            None => Ok(None),
        }
    }

    /// Returns these hashtags with the totals that count.
    pub(crate) async fn counted_all(&self, mut hashtags: Vec<Hashtag>) -> Result<Vec<Hashtag>, StoreError> {
        // Without a time there is no series.
        let read = || |hashtag: &&mut Hashtag| hashtag.reported_at().is_some();
        let Some(changed) = hashtags.iter_mut().filter(read()).map(|hashtag| hashtag.changed).max() else {
            return Ok(hashtags);
        };
        let settled = self.settled(changed).await?;
        let rows: Vec<HashtagRow> =
            hashtags.iter_mut().filter(read()).filter(|h| h.changed <= settled).map(|h| h.row).collect();
        let known = match self {
            _ if rows.is_empty() => HashMap::new(),
            Self::Sqlite(sqlite) => sqlite.walks.standings_of(&rows)?,
            Self::Postgres(postgres) => postgres.standings_of(&rows).await?,
        };
        let mut unsettled: HashMap<HashtagRow, &mut Hashtag> = HashMap::new();
        for hashtag in hashtags.iter_mut().filter(read()) {
            let standings = known.get(&hashtag.row).copied().unwrap_or_default();
            if hashtag.changed > settled || !standings.apply(hashtag) {
                unsettled.insert(hashtag.row, hashtag);
            }
        }
        self.settle(unsettled).await?;
        Ok(hashtags)
    }

    /// Computes the standings of hashtags from their series.
    async fn settle(&self, mut hashtags: HashMap<HashtagRow, &mut Hashtag>) -> Result<(), StoreError> {
        let mut rows: Vec<HashtagRow> = hashtags.keys().copied().collect();
        rows.sort_unstable();
        let mut left = &rows[..];
        while !left.is_empty() {
            let found = self.hashtags_readings(left, READINGS_MAX).await?;
            left = &left[found.len().clamp(1, left.len())..];
            for readings in found {
                let Some(hashtag) = hashtags.get_mut(&readings.hashtag) else { continue };
                let HashtagCounts { views, creators, videos } = hashtag.reported;
                Standings::of_readings(&readings).put(hashtag, [views, creators, videos]);
            }
        }
        Ok(())
    }

    /// Returns the change sequence up to which standings are stored, at least `wanted` if they are. It only
    /// grows, so that it is cached.
    async fn settled(&self, wanted: u64) -> Result<u64, StoreError> {
        let known = match self {
            Self::Sqlite(sqlite) => &sqlite.settled,
            Self::Postgres(postgres) => &postgres.settled,
        };
        let settled = known.load(std::sync::atomic::Ordering::SeqCst);
        if wanted <= settled {
            return Ok(settled);
        }
        let now = self.trend_state().await?.sequence;
        known.fetch_max(now, std::sync::atomic::Ordering::SeqCst);
        Ok(now.max(settled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decoding_returns_what_was_encoded(
            counts in prop::array::uniform3(prop::option::of((0..u64::MAX / 4, any::<bool>(), 0..i64::MAX, 0..u64::MAX))),
        ) {
            let standings = Standings(counts.map(|count| {
                let (value, is_rounded, ms, read) = count?;
                let count = if is_rounded { Count::rounded(value) } else { Count::exact(value) }?;
                let at = Timestamp::from_ms(ms);
                Some(Standing { count, at, read, read_at: at })
            }));
            let bytes = standings.to_bytes();
            prop_assert_eq!(Standings::from_bytes(&bytes), Some(standings));
            prop_assert_eq!(bytes.is_empty(), standings.is_empty());
            if let Some((_, cut)) = bytes.split_first() {
                prop_assert_eq!(Standings::from_bytes(cut), None);
            }
        }
    }
}
