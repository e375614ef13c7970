//! Hashtags while observations are taken in: those that a group of records asks for, and those that wait to be written.

use super::record::PostgresRows;
use super::record_copy::{CopyRows, Staged, Staging};
use super::record_nonzero::EarliestNonzero;
use super::record_runs;
use super::record_snapshots::Flushed;
use crate::StoreError;
use crate::error::Doing;
use crate::merge::{self, rounded_bits};
use crate::record::Prepared;
use crate::recording::{
    HASHTAG_COLUMNS, HashtagRows, KnownTags, NewHashtag, Point, Reported, ReportedColumns, Times, Touched,
    Waiting, reported_columns, sums,
};
use crate::row;
use domain::{HashtagId, TagKey, Timestamp};
use std::collections::{HashMap, HashSet};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const REPORTED: i16 = 15;
const MAKE: &str = concat!(
    "COPY tagmeter.hashtags (hashtag, name, id, changed, held_videos, held_views, held_creators, held_sources, ",
    "held_caveats, held_by_handle, held_at, assigned_id, ",
    reported_columns!(),
    ") FROM STDIN (FORMAT binary)"
);
const MAKE_IDS: &str = "COPY tagmeter.hashtag_ids (id, hashtag) FROM STDIN (FORMAT binary)";
const MAKE_KEYS: &str = "COPY tagmeter.hashtag_keys (key, hashtag) FROM STDIN (FORMAT binary)";
const MOVED: &str = "hashtag, id, changed, more_videos, more_views, more_creators, more_sources, more_caveats, more_by_handle, \
     read_at";
/// Columns in [`MOVED`].
const MOVED_COLUMNS: i16 = 10;
const SET_REPORTED: &str =
    ", views = s.views, creators = s.creators, videos = s.videos, views_at = s.views_at,
    creators_at = s.creators_at, videos_at = s.videos_at, rounded = s.rounded, description = s.description,
    is_pgcshow = s.is_pgcshow, is_commerce = s.is_commerce, is_challenge = s.is_challenge,
    is_strong_music = s.is_strong_music, kind = s.kind, cover = s.cover, details_at = s.details_at";
const FROM: &str = " FROM {staged} s WHERE h.hashtag = s.hashtag";
/// Ids per query.
const IDS_MAX: usize = 50_000;

/// Hashtags of a transaction.
#[derive(Debug)]
pub(super) struct Hashtags {
    /// Rows from here on are of hashtags that the transaction makes.
    first_new: u32,
    /// Queried hashtags by key: row and id (0 if it has none).
    found: HashMap<Box<str>, Option<(u32, u64)>>,
    /// Reported values of those that are reported again.
    reported: HashMap<u32, Reported>,
    /// Hashtags of which that was read.
    read: HashSet<u32>,
    readings: Waiting<3>,
    first_nonzero: EarliestNonzero<3>,
    /// Hashtags of a group of records that were stored before the transaction.
    in_group: Vec<u32>,
    /// Ids that lead to a hashtag, of those that are reported.
    taken: HashSet<u64>,
    make: CopyRows,
    make_ids: Vec<(i64, u32)>,
    make_keys: CopyRows,
    /// Rows of those of which only sums moved, and of those with new reports.
    summed: CopyRows,
    totals: CopyRows,
}

impl Hashtags {
    pub(super) fn new(first_new: u32) -> Self {
        Self {
            first_new,
            found: HashMap::new(),
            reported: HashMap::new(),
            read: HashSet::new(),
            readings: Waiting::default(),
            first_nonzero: EarliestNonzero::new("hashtag", HASHTAG_COLUMNS),
            in_group: Vec::new(),
            taken: HashSet::new(),
            make: CopyRows::new(12 + REPORTED),
            make_ids: Vec::new(),
            make_keys: CopyRows::new(2),
            summed: CopyRows::new(MOVED_COLUMNS),
            totals: CopyRows::new(MOVED_COLUMNS + REPORTED),
        }
    }

    /// Reads what a group of records asks for; of its videos only those that are `stirred` do.
    pub(super) async fn read(
        &mut self,
        transaction: &Transaction<'_>,
        records: &[Prepared],
        stirred: &HashSet<i64>,
        known: &KnownTags,
    ) -> Result<(), StoreError> {
        self.found.clear();
        self.reported.clear();
        let mut wanted: HashSet<&str> = HashSet::new();
        for record in records {
            let tags = match record {
                Prepared::Video(video) if stirred.contains(&video.id.to_i64()) => video.tags.as_slice(),
                Prepared::Video(_) => &[],
                Prepared::Hashtag(hashtag) => std::slice::from_ref(&hashtag.tag),
                Prepared::Window(window) => std::slice::from_ref(&window.tag),
                Prepared::Removed(_) => &[],
            };
            let keys = tags.iter().map(|tag| tag.tag.key().as_str());
            wanted.extend(keys.filter(|key| known.row(key).is_none()));
        }
        self.find(transaction, wanted.into_iter().collect()).await?;
        let reported = records.iter().filter_map(|record| match record {
            Prepared::Hashtag(hashtag) => Some(hashtag.tag.tag.key().as_str()),
            Prepared::Video(_) | Prepared::Window(_) | Prepared::Removed(_) => None,
        });
        let row_of = |key: &str| known.row(key).or_else(|| self.found.get(key)?.map(|(row, _)| row));
        let reported: HashSet<u32> =
            reported.filter_map(row_of).filter(|row| *row < self.first_new).collect();
        self.in_group = reported.iter().copied().collect();
        let rows = reported.into_iter().filter(|row| !self.read.contains(row)).collect();
        self.load(transaction, rows).await
    }

    async fn find(&mut self, transaction: &Transaction<'_>, keys: Vec<&str>) -> Result<(), StoreError> {
        const DOING: &str = "look tags up";
        const KEYS: &str = "SELECT key, hashtag FROM tagmeter.hashtag_keys WHERE key = ANY($1)";
        const IDS: &str =
            "SELECT hashtag, id FROM tagmeter.hashtags WHERE hashtag = ANY($1) AND id IS NOT NULL";
        if keys.is_empty() {
            return Ok(());
        }
        // Before the first hashtag nothing can be found.
        let found = match self.first_new {
            ..=1 => Vec::new(),
            _ => transaction.query_typed(KEYS, &[(&keys, Type::TEXT_ARRAY)]).await.doing(DOING)?,
        };
        self.found.extend(keys.into_iter().map(|key| (key.into(), None)));
        let found: Vec<(&str, i64)> = found.iter().map(row::read).collect::<Result<_, _>>().doing(DOING)?;
        let rows: Vec<i64> = found.iter().map(|(_, hashtag)| *hashtag).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let with_ids = transaction.query_typed(IDS, &[(&rows, Type::INT8_ARRAY)]).await.doing(DOING)?;
        let mut ids: HashMap<i64, i64> = HashMap::with_capacity(with_ids.len());
        for row in with_ids {
            let (hashtag, id) = row::read(&row).doing(DOING)?;
            ids.insert(hashtag, id);
        }
        for (key, hashtag) in found {
            let id = ids.get(&hashtag).map_or(0, |id| id.unsigned_abs());
            self.found.insert(key.into(), Some((row_number(hashtag)?, id)));
        }
        Ok(())
    }

    async fn load(&mut self, transaction: &Transaction<'_>, rows: HashSet<u32>) -> Result<(), StoreError> {
        const DOING: &str = "read hashtags";
        const SQL: &str = concat!(
            "SELECT hashtag, ",
            reported_columns!(),
            " FROM tagmeter.hashtags WHERE hashtag = ANY($1)"
        );
        if rows.is_empty() {
            return Ok(());
        }
        let numbers: Vec<i64> = rows.iter().copied().map(i64::from).collect();
        for row in &transaction.query_typed(SQL, &[(&numbers, Type::INT8_ARRAY)]).await.doing(DOING)? {
            let (hashtag, columns): (u32, ReportedColumns) = row::read(row).doing(DOING)?;
            self.reported.insert(hashtag, columns.reported());
        }
        self.read.extend(rows);
        Ok(())
    }

    /// Writes the readings that wait, which have come in at `now`.
    pub(super) async fn flush_readings(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
        now: i64,
    ) -> Result<Flushed, StoreError> {
        record_runs::write_readings(transaction, staging, &mut self.readings, now).await
    }

    /// Writes what else waits.
    pub(super) async fn flush(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
    ) -> Result<(), StoreError> {
        staging.put("make hashtags", MAKE, &mut self.make);
        staging.put("record hashtags' keys", MAKE_KEYS, &mut self.make_keys);
        self.make_ids.sort_unstable();
        let mut ids = CopyRows::new(2);
        for (id, hashtag) in std::mem::take(&mut self.make_ids) {
            ids.row().number(id).number(i64::from(hashtag));
        }
        staging.put("record hashtags' ids", MAKE_IDS, &mut ids);
        staging.background.go()?;
        let summed = Staged {
            name: "hashtags_summed",
            columns: "hashtag bigint, id bigint, changed bigint, more_videos bigint, more_views bigint, \
                      more_creators bigint, more_sources bigint, more_caveats bigint, more_by_handle bigint, \
                      read_at bigint",
            copied: MOVED.to_owned(),
            apply: format!("{}{FROM}", sums()),
        };
        staging.take(transaction, "move hashtags' sums", &summed, &mut self.summed).await?;
        let totals = Staged {
            name: "hashtags_told",
            columns: "hashtag bigint, id bigint, changed bigint, more_videos bigint, more_views bigint, \
                      more_creators bigint, more_sources bigint, more_caveats bigint, more_by_handle bigint, \
                      read_at bigint, views bigint, \
                      creators bigint, videos bigint, views_at bigint, creators_at bigint, videos_at bigint, rounded bigint, description text, is_pgcshow boolean, \
                      is_commerce boolean, is_challenge boolean, is_strong_music boolean, kind bigint, cover text, \
                      details_at bigint",
            copied: format!("{MOVED}, {}", reported_columns!()),
            apply: format!("{}{SET_REPORTED}{FROM}", sums()),
        };
        staging.take(transaction, "write hashtags' totals", &totals, &mut self.totals).await.map(|_| ())
    }
}

impl HashtagRows for PostgresRows<'_> {
    fn find_tag(&mut self, key: &str) -> Result<Option<(u32, u64)>, StoreError> {
        if !self.hashtags.found.contains_key(key) {
            self.on.wait(self.hashtags.find(self.on.transaction, vec![key]))?;
        }
        Ok(self.hashtags.found.get(key).copied().flatten())
    }

    fn reported(&mut self, hashtag: u32) -> Result<Reported, StoreError> {
        if hashtag >= self.hashtags.first_new {
            return Ok(Reported::default());
        }
        if !self.hashtags.reported.contains_key(&hashtag) {
            self.on.wait(self.hashtags.load(self.on.transaction, HashSet::from([hashtag])))?;
        }
        Ok(self.hashtags.reported.remove(&hashtag).unwrap_or_default())
    }

    fn write_hashtag_point(&mut self, hashtag: u32, point: Point<3>) -> Result<(), StoreError> {
        self.hashtags.readings.add(hashtag, point);
        Ok(())
    }

    fn first_nonzero_hashtag(&mut self, hashtag: u32, n: usize) -> Result<Option<i64>, StoreError> {
        let (on, Hashtags { first_nonzero, in_group, .. }) = (self.on, &mut self.hashtags);
        on.wait(first_nonzero.of(on.transaction, hashtag, n, in_group))
    }

    fn clear_zeros_hashtag(&mut self, hashtag: u32, n: usize, times: Times) -> Result<(), StoreError> {
        self.hashtags.readings.clear_zeros(hashtag, n, times);
        Ok(())
    }

    fn expect_ids(&mut self, ids: &[HashtagId]) -> Result<(), StoreError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.to_i64()).collect();
        for some in ids.chunks(IDS_MAX) {
            let taken = self.on.wait(taken(self.on.transaction, some))?;
            self.hashtags.taken.extend(taken);
        }
        Ok(())
    }

    fn claim_id(&mut self, id: HashtagId, hashtag: u32) -> Result<bool, StoreError> {
        let is_free = self.hashtags.taken.insert(id.get());
        if is_free {
            self.hashtags.make_ids.push((id.to_i64(), hashtag));
        }
        Ok(is_free)
    }

    fn make_hashtags(&mut self, made: &[NewHashtag], sequence: u64) -> Result<(), StoreError> {
        let rows = &mut self.hashtags.make;
        for NewHashtag { row, name, id, touched } in made {
            rows.row().number(i64::from(*row)).text(Some(name)).maybe(id.map(|id| id.to_i64()));
            rows.number(sequence.cast_signed());
            copy_sums(rows, touched, touched.views_made());
            rows.maybe(touched.assigned_id.map(|id| id.to_i64()));
            copy_reported(rows, touched.news().unwrap_or(&Reported::default()));
        }
        self.staging.put_full("make hashtags", MAKE, rows)
    }

    fn change_hashtag(
        &mut self,
        hashtag: u32,
        id: Option<HashtagId>,
        touched: &Touched,
        sequence: u64,
    ) -> Result<(), StoreError> {
        let news = touched.news();
        let Hashtags { totals, summed, .. } = &mut self.hashtags;
        let rows = if news.is_some() { totals } else { summed };
        rows.row().number(i64::from(hashtag)).maybe(id.map(|id| id.to_i64())).number(sequence.cast_signed());
        copy_sums(rows, touched, touched.views_moved());
        if let Some(reported) = news {
            copy_reported(rows, reported);
        }
        Ok(())
    }

    fn make_keys(&mut self, keys: &[(TagKey, u32)]) -> Result<(), StoreError> {
        let rows = &mut self.hashtags.make_keys;
        for (key, hashtag) in keys {
            rows.row().text(Some(key.as_str())).number(i64::from(*hashtag));
            self.staging.put_full("record hashtags' keys", MAKE_KEYS, rows)?;
        }
        Ok(())
    }
}

/// Which of these ids lead to a hashtag.
async fn taken(transaction: &Transaction<'_>, ids: &[i64]) -> Result<Vec<u64>, StoreError> {
    const DOING: &str = "look hashtags' ids up";
    const SQL: &str = "SELECT id FROM tagmeter.hashtag_ids WHERE id = ANY($1)";
    let rows = transaction.query_typed(SQL, &[(&ids, Type::INT8_ARRAY)]).await.doing(DOING)?;
    rows.iter().map(|row| row::postgres(row).map(i64::cast_unsigned).doing(DOING)).collect()
}

/// SQL of the columns that move in every hashtag that changed.
fn sums() -> String {
    format!(
        "UPDATE tagmeter.hashtags h SET held_videos = h.held_videos + s.more_videos, held_views = {},
         held_creators = h.held_creators + s.more_creators, held_sources = h.held_sources | s.more_sources,
         held_caveats = h.held_caveats | s.more_caveats, held_by_handle = h.held_by_handle + s.more_by_handle,
         held_at = greatest(h.held_at, s.read_at), changed = s.changed, id = coalesce(h.id, s.id)",
        sums::moved("h.held_views", "s.more_views")
    )
}

fn copy_sums(rows: &mut CopyRows, touched: &Touched, views: i64) {
    rows.number(touched.videos).number(views).number(touched.creators);
    rows.number(touched.sources.to_bits()).number(touched.caveats.to_bits());
    rows.number(touched.by_handle).maybe(touched.held_at);
}

fn copy_reported(rows: &mut CopyRows, reported: &Reported) {
    let d = &reported.details;
    rows.each(&reported.counts.map(merge::value));
    rows.each(&reported.counts.map(|known| known.and_then(|t| t.at).map(Timestamp::as_ms)));
    rows.number(rounded_bits(reported.counts.map(|known| known.map(|t| t.count))));
    rows.text(d.description.as_deref()).flag(d.is_pgcshow).flag(d.is_commerce).flag(d.is_challenge);
    rows.flag(d.is_strong_music).maybe(d.kind).text(d.cover.as_deref());
    rows.maybe(reported.details_at.map(Timestamp::as_ms));
}

fn row_number(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| StoreError::Inconsistent {
        table: "hashtag_keys",
        column: "hashtag",
        row: number.to_string(),
    })
}
