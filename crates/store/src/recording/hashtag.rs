//! Taking one reading of a hashtag's own record in, and writing hashtags at the end.

use super::Recording;
use super::rows::{MADE_AT_ONCE, NewHashtag, Point, Rows};
use super::touched::{Reported, Touched, TouchedTags};
use super::zeros::{FirstNonzero, StoredReadings, Times};
use crate::StoreError;
use crate::merge::{KnownCount, newest};
use crate::record::Recorded;
use domain::observation::HashtagDetails;
use domain::{HashtagId, HashtagObservation, TagKey, Timestamp};

/// The counts of a hashtag, in the order of the table's columns.
pub(crate) const HASHTAG_COLUMNS: [&str; 3] = ["views", "creators", "videos"];

impl<R: Rows> Recording<'_, R> {
    /// Takes a reading in.
    pub(super) fn hashtag(&mut self, reading: HashtagObservation) -> Result<(), StoreError> {
        let row = self.tags.row(self.rows, self.known, &reading.tag)?;
        let is_new = row >= self.tags.first();
        let touched = self.tags.entry(row);
        let reported = match &mut touched.reported {
            Some(reported) => reported,
            place @ None => {
                let stored = if is_new {
                    let first_nonzero = FirstNonzero::of_new(&[None; HASHTAG_COLUMNS.len()]);
                    Reported { first_nonzero, ..Reported::default() }
                } else {
                    self.rows.reported(row)?
                };
                place.insert(Box::new(stored))
            }
        };
        let counts = [reading.counts.views, reading.counts.creators, reading.counts.videos];
        let at = reading.observed_at;
        let stored = &mut Stored { rows: self.rows, hashtag: row };
        let settled = reported.first_nonzero.settle(stored, at, counts, &reported.counts)?;
        if let Some(point) = at.and_then(|at| Point::of(at, reading.source, settled)) {
            self.rows.write_hashtag_point(row, point)?;
        }
        let after: [Option<KnownCount>; 3] = std::array::from_fn(|n| {
            newest(reported.counts[n], counts[n].map(|count| KnownCount { count, at }))
        });
        reported.is_dirty |= after != reported.counts;
        reported.counts = after;
        let details = storable(reading.details);
        if !details.is_empty() {
            describe(reported, details, at);
        }
        Ok(())
    }
}

/// Not every database holds NUL characters in text, and nobody means them.
fn storable(details: HashtagDetails) -> HashtagDetails {
    let without_nul = |text: String| if text.contains('\0') { text.replace('\0', "") } else { text };
    HashtagDetails {
        description: details.description.map(without_nul),
        cover: details.cover.map(without_nul),
        ..details
    }
}

/// A hashtag's stored readings.
struct Stored<'a, R> {
    rows: &'a mut R,
    hashtag: u32,
}

impl<R: Rows> StoredReadings for Stored<'_, R> {
    fn first_nonzero(&mut self, n: usize) -> Result<Option<i64>, StoreError> {
        self.rows.first_nonzero_hashtag(self.hashtag, n)
    }

    fn clear_zeros(&mut self, n: usize, times: Times) -> Result<(), StoreError> {
        self.rows.clear_zeros_hashtag(self.hashtag, n, times)
    }
}

/// Lays the details of a reading over the stored ones, or under them if the reading is older.
fn describe(reported: &mut Reported, now: HashtagDetails, at: Option<Timestamp>) {
    let is_newer = at >= reported.details_at;
    let before = reported.details.clone();
    let (over, under) = if is_newer { (now, before.clone()) } else { (before.clone(), now) };
    let after = HashtagDetails {
        description: over.description.or(under.description),
        is_pgcshow: over.is_pgcshow.or(under.is_pgcshow),
        is_commerce: over.is_commerce.or(under.is_commerce),
        is_challenge: over.is_challenge.or(under.is_challenge),
        is_strong_music: over.is_strong_music.or(under.is_strong_music),
        kind: over.kind.or(under.kind),
        cover: over.cover.or(under.cover),
    };
    if after != before || reported.details_at < at {
        reported.details = after;
        reported.details_at = reported.details_at.max(at);
        reported.is_dirty = true;
    }
}

/// Writes the hashtags of a transaction; gives the rows of those that changed, ascending.
pub(super) fn write<R: Rows>(
    rows: &mut R,
    tags: TouchedTags,
    sequence: u64,
    recorded: &mut Recorded,
) -> Result<Vec<u32>, StoreError> {
    let mut hashtags = tags.in_order();
    assign(rows, &mut hashtags)?;
    let ids = claim(rows, &hashtags)?;
    let mut changed = Vec::new();
    let mut keys: Vec<(TagKey, u32)> = Vec::new();
    let mut made: Vec<NewHashtag> = Vec::with_capacity(MADE_AT_ONCE);
    for ((row, mut touched), id) in hashtags.into_iter().zip(ids) {
        if let Some((name, key)) = touched.new.take() {
            made.push(NewHashtag { row, name, id, touched });
            if made.len() == MADE_AT_ONCE {
                rows.make_hashtags(&made, sequence)?;
                made.clear();
            }
            keys.push((key, row));
            recorded.hashtags_new += 1;
            changed.push(row);
        } else if id.is_some() || touched.is_changed() {
            rows.change_hashtag(row, id, &touched, sequence)?;
            recorded.hashtags_changed += 1;
            changed.push(row);
        }
    }
    rows.make_hashtags(&made, sequence)?;
    keys.sort_unstable();
    rows.make_keys(&keys)?;
    Ok(changed)
}

/// Returns for each hashtag the first of its reported ids that leads nowhere yet. An id that leads to another hashtag
/// stays there: that one was renamed.
fn claim<R: Rows>(rows: &mut R, hashtags: &[(u32, Touched)]) -> Result<Vec<Option<HashtagId>>, StoreError> {
    let mut reported: Vec<(HashtagId, usize)> = Vec::new();
    for (place, (_, touched)) in hashtags.iter().enumerate() {
        reported.extend(touched.ids.iter().map(|id| (*id, place)));
    }
    reported.sort_unstable();
    let ids: Vec<(HashtagId, u32)> = reported.iter().map(|(id, place)| (*id, hashtags[*place].0)).collect();
    let mut claimed: Vec<Option<HashtagId>> = vec![None; hashtags.len()];
    for ((id, place), is_claimed) in reported.into_iter().zip(rows.claim_ids(&ids)?) {
        let own = &mut claimed[place];
        let rank = |id: &HashtagId| hashtags[place].1.ids.iter().position(|reported| reported == id);
        if is_claimed && own.is_none_or(|own| rank(&id) < rank(&own)) {
            *own = Some(id);
        }
    }
    Ok(claimed)
}

/// Claims an assigned id for each new hashtag, in order of the ids. Of two keys with the same id the first one to come has
/// it, in one transaction the lesser key; the other gets the one of the next attempt.
fn assign<R: Rows>(rows: &mut R, hashtags: &mut [(u32, Touched)]) -> Result<(), StoreError> {
    let reported = hashtags.iter().flat_map(|(_, touched)| touched.ids.iter().copied());
    let mut expected: Vec<HashtagId> = reported.collect();
    let mut assigned: Vec<(HashtagId, &TagKey, usize)> = Vec::new();
    for (place, (_, touched)) in hashtags.iter().enumerate() {
        if let Some((_, key)) = &touched.new {
            assigned.push((HashtagId::assigned(key, 0), key, place));
        }
    }
    assigned.sort_unstable();
    expected.extend(assigned.iter().map(|(id, ..)| *id));
    rows.expect_ids(&expected)?;
    let ids: Vec<(HashtagId, u32)> =
        assigned.iter().map(|(id, _, place)| (*id, hashtags[*place].0)).collect();
    let claimed = rows.claim_ids(&ids)?;
    let taken = assigned.into_iter().zip(claimed).filter(|(_, is_claimed)| !is_claimed);
    let taken: Vec<(TagKey, usize)> = taken.map(|((_, key, place), _)| (key.clone(), place)).collect();
    for (key, place) in taken {
        let (row, touched) = &mut hashtags[place];
        touched.assigned_id = Some(claim_assigned(rows, *row, &key)?);
    }
    Ok(())
}

/// Claims the first assigned id of a key that leads to no other hashtag. Those of attempt 0 are expected.
pub(super) fn claim_assigned<R: Rows>(rows: &mut R, row: u32, key: &TagKey) -> Result<HashtagId, StoreError> {
    let mut attempt = 0;
    loop {
        let id = HashtagId::assigned(key, attempt);
        if attempt > 0 {
            rows.expect_ids(&[id])?;
        }
        if rows.claim_id(id, row)? {
            return Ok(id);
        }
        attempt += 1;
    }
}
