//! Taking one reading of a hashtag's own record in.

use super::touched::{KnownTags, Reported, TouchedTags};
use crate::StoreError;
use crate::error::Doing;
use crate::merge::{self, Told, newest, rounded_bits, told};
use domain::observation::HashtagDetails;
use domain::{Count, HashtagObservation, Timestamp};
use rusqlite::{OptionalExtension, Row, Statement, Transaction};

/// Views, creators, videos: in the order of the table's columns.
const COLUMNS: [&str; 3] = ["views", "creators", "videos"];

/// The statements a reading needs, prepared once a transaction.
pub(super) struct HashtagStatements<'c> {
    load: Statement<'c>,
    snapshot: Statement<'c>,
    earlier: Vec<Statement<'c>>,
    untell: Vec<Statement<'c>>,
}

impl<'c> HashtagStatements<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to record hashtags");
        let each = |sql: fn(&str) -> String| -> Result<Vec<Statement<'c>>, StoreError> {
            COLUMNS.iter().map(|column| prepare(&sql(column))).collect()
        };
        Ok(Self {
            load: prepare(
                "SELECT views, creators, videos, views_at, creators_at, videos_at, rounded, description, is_pgcshow,
                        is_commerce, is_challenge, is_strong_music, kind, cover, details_at
                 FROM hashtags WHERE hashtag = ?1",
            )?,
            snapshot: prepare(
                "INSERT OR IGNORE INTO hashtag_snapshots
                    (hashtag, observed_at, source, rounded, views, creators, videos)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            earlier: each(|c| {
                format!("SELECT 1 FROM hashtag_snapshots WHERE hashtag = ?1 AND observed_at < ?2 AND {c} > 0 LIMIT 1")
            })?,
            untell: each(|c| {
                format!("UPDATE hashtag_snapshots SET {c} = NULL WHERE hashtag = ?1 AND observed_at > ?2 AND {c} = 0")
            })?,
        })
    }

    /// Takes a reading in; gives the number of snapshots that are new.
    pub(super) fn take(
        &mut self,
        tags: &mut TouchedTags<'_>,
        known: &mut KnownTags,
        reading: HashtagObservation,
    ) -> Result<u64, StoreError> {
        let row = tags.row(known, &reading.tag)?;
        if tags.entry(row).reported.is_none() {
            let held = self.load.query_row([row], reported).optional().doing("read a hashtag")?;
            tags.entry(row).reported = Some(Box::new(held.unwrap_or_default()));
        }
        let Some(held) = tags.entry(row).reported.as_deref_mut() else { return Ok(0) };
        let counts = [reading.counts.views, reading.counts.creators, reading.counts.videos];
        let kept = match reading.observed_at {
            Some(at) => self.snapshot(row, at, reading.source.number(), counts, held)?,
            None => 0,
        };
        let at = reading.observed_at;
        let after: [Option<Told>; 3] =
            std::array::from_fn(|n| newest(held.counts[n], counts[n].map(|count| Told { count, at })));
        held.is_dirty |= after != held.counts;
        held.counts = after;
        if !reading.details.is_empty() {
            describe(held, reading.details, at);
        }
        Ok(kept)
    }

    fn snapshot(
        &mut self,
        row: u32,
        at: Timestamp,
        source: u8,
        mut counts: [Option<Count>; 3],
        held: &Reported,
    ) -> Result<u64, StoreError> {
        for (n, count) in counts.iter_mut().enumerate() {
            let Some(told_now) = *count else { continue };
            let known = held.counts[n];
            let is_earlier = known.is_some_and(|k| Some(at) < k.at);
            if told_now.value() == 0 {
                let is_after =
                    known.is_some_and(|k| k.count.value() > 0 && k.at.is_none_or(|known_at| known_at < at));
                let earlier = &mut self.earlier[n];
                if is_after
                    || (is_earlier && earlier.exists((row, at.as_ms())).doing("look at earlier readings")?)
                {
                    *count = None;
                }
            } else if is_earlier {
                self.untell[n].execute((row, at.as_ms())).doing("mend later readings")?;
            }
        }
        if counts.iter().all(Option::is_none) {
            return Ok(0);
        }
        let [views, creators, videos] = counts.map(|c| c.map(merge::count_value));
        self.snapshot
            .execute((row, at.as_ms(), source, rounded_bits(counts), views, creators, videos))
            .map(|made| made as u64)
            .doing("keep a snapshot")
    }
}

/// Lays what a reading describes over what is held, or under it when the reading is older.
fn describe(held: &mut Reported, now: HashtagDetails, at: Option<Timestamp>) {
    let is_newer = at >= held.details_at;
    let before = held.details.clone();
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
    if after != before || held.details_at < at {
        held.details = after;
        held.details_at = held.details_at.max(at);
        held.is_dirty = true;
    }
}

fn reported(row: &Row<'_>) -> rusqlite::Result<Reported> {
    let rounded: i64 = row.get(6)?;
    let mut counts = [None; 3];
    for (n, count) in counts.iter_mut().enumerate() {
        *count = told(row.get(n)?, rounded >> n & 1 == 1, row.get(3 + n)?);
    }
    Ok(Reported {
        counts,
        details: details(row, 7)?,
        details_at: row.get::<_, Option<i64>>(14)?.map(Timestamp::from_ms),
        is_dirty: false,
    })
}

/// The descriptive columns, which begin at `first`.
pub(super) fn details(row: &Row<'_>, first: usize) -> rusqlite::Result<HashtagDetails> {
    Ok(HashtagDetails {
        description: row.get(first)?,
        is_pgcshow: row.get(first + 1)?,
        is_commerce: row.get(first + 2)?,
        is_challenge: row.get(first + 3)?,
        is_strong_music: row.get(first + 4)?,
        kind: row.get(first + 5)?,
        cover: row.get(first + 6)?,
    })
}
