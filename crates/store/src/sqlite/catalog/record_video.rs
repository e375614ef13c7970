//! Taking one reading of a video in.

use super::links::{Change, Link, Links};
use super::touched::{KnownTags, TouchedTags};
use crate::StoreError;
use crate::error::Doing;
use crate::hashtags::{tags_blob, tags_of_blob};
use crate::merge::{self, Told, newest, rounded_bits, told};
use crate::record::{PreparedVideo, Recorded};
use domain::observation::VideoCounts;
use domain::{Region, Timestamp, fragment};
use rusqlite::{OptionalExtension, Statement, Transaction, params};

const COUNTS: usize = VideoCounts::LEN;
const COLUMNS: [&str; COUNTS] = ["plays", "likes", "comments", "shares", "saves", "downloads"];

/// The statements a reading needs, prepared once a transaction.
pub(super) struct VideoStatements<'c> {
    find: Statement<'c>,
    make_id: Statement<'c>,
    digest: Statement<'c>,
    load: Statement<'c>,
    make: Statement<'c>,
    change: Statement<'c>,
    snapshot: Statement<'c>,
    earlier: Vec<Statement<'c>>,
    untell: Vec<Statement<'c>>,
    /// The row the next new video gets.
    next: u32,
    /// Whether the last video was not held before.
    was_new: bool,
}

impl<'c> VideoStatements<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to record videos");
        let each = |sql: fn(&str) -> String| -> Result<Vec<Statement<'c>>, StoreError> {
            COLUMNS.iter().map(|column| prepare(&sql(column))).collect()
        };
        let next: u32 = transaction
            .query_row("SELECT coalesce(max(video), 0) + 1 FROM videos", [], |row| row.get(0))
            .doing("find the next video row")?;
        Ok(Self {
            find: prepare("SELECT video, digest FROM video_ids WHERE id = ?1")?,
            make_id: prepare("INSERT OR IGNORE INTO video_ids (id, video, digest) VALUES (?1, ?2, ?3)")?,
            digest: prepare("UPDATE video_ids SET digest = ?2 WHERE id = ?1")?,
            load: prepare(
                "SELECT author, create_time, region, observed_at, rounded, plays, likes, comments, shares, saves,
                        downloads, plays_at, likes_at, comments_at, shares_at, saves_at, downloads_at, tags, packed
                 FROM videos WHERE video = ?1",
            )?,
            make: prepare(
                "INSERT INTO videos (video, id, author, create_time, region, observed_at, rounded, plays, likes,
                    comments, shares, saves, downloads, tags, packed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?,
            change: prepare(
                "UPDATE videos SET author = ?2, create_time = ?3, region = ?4, observed_at = ?5, rounded = ?6,
                    plays = ?7, likes = ?8, comments = ?9, shares = ?10, saves = ?11, downloads = ?12,
                    plays_at = ?13, likes_at = ?14, comments_at = ?15, shares_at = ?16, saves_at = ?17,
                    downloads_at = ?18, tags = ?19, packed = ?20
                 WHERE video = ?1",
            )?,
            snapshot: prepare(
                "INSERT OR IGNORE INTO video_snapshots
                    (video, observed_at, source, rounded, plays, likes, comments, shares, saves, downloads)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            earlier: each(|c| {
                format!("SELECT 1 FROM video_snapshots WHERE video = ?1 AND observed_at < ?2 AND {c} > 0 LIMIT 1")
            })?,
            untell: each(|c| {
                format!("UPDATE video_snapshots SET {c} = NULL WHERE video = ?1 AND observed_at > ?2 AND {c} = 0")
            })?,
            next,
            was_new: true,
        })
    }

    /// Takes the next row for a video; `false` if the video has one already.
    fn claim(&mut self, reading: &PreparedVideo) -> Result<bool, StoreError> {
        self.make_id
            .execute((reading.id.to_i64(), self.next, reading.digest.cast_signed()))
            .map(|made| made == 1)
            .doing("record a video's id")
    }
}

/// What is held of a video before a reading.
struct Held {
    author: Option<i64>,
    create_time: Option<i64>,
    region: u16,
    observed_at: Option<i64>,
    counts: [Option<Told>; COUNTS],
    tags: Vec<u32>,
    packed: Vec<u8>,
}

/// Everything a reading may touch.
pub(super) struct VideoWrite<'a, 'c> {
    pub(super) statements: &'a mut VideoStatements<'c>,
    pub(super) tags: &'a mut TouchedTags<'c>,
    pub(super) known: &'a mut KnownTags,
    pub(super) links: &'a mut Links,
    pub(super) recorded: &'a mut Recorded,
}

impl VideoWrite<'_, '_> {
    /// Takes a reading in.
    pub(super) fn video(&mut self, reading: PreparedVideo) -> Result<(), StoreError> {
        // What was so for the last is likely so for this one; guessed right, one look at the table is enough.
        if self.statements.was_new && self.statements.claim(&reading)? {
            return self.first(reading);
        }
        let found: Option<(u32, i64)> = self
            .statements
            .find
            .query_row([reading.id.to_i64()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .doing("look a video up")?;
        self.statements.was_new = found.is_none();
        match found {
            Some((_, digest)) if digest == reading.digest.cast_signed() => Ok(()),
            Some((video, _)) => self.again(video, reading),
            None => {
                self.statements.claim(&reading)?;
                self.first(reading)
            }
        }
    }

    fn rows_of(&mut self, reading: &PreparedVideo) -> Result<Vec<u32>, StoreError> {
        let mut rows = Vec::with_capacity(reading.tags.len());
        for tag in &reading.tags {
            let row = self.tags.row(self.known, tag)?;
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// A video that was not held.
    fn first(&mut self, reading: PreparedVideo) -> Result<(), StoreError> {
        let rows = self.rows_of(&reading)?;
        let s = &mut *self.statements;
        let video = s.next;
        s.next += 1;
        let row = i64::from(video);
        let counts = reading.counts.to_array();
        let [plays, likes, comments, shares, saves, downloads] = counts.map(|c| c.map(merge::count_value));
        let region = reading.region.map_or(0, Region::to_number);
        s.make
            .execute(params![
                row,
                reading.id.to_i64(),
                reading.author.map(|a| a.to_i64()),
                reading.create_time,
                region,
                reading.observed_at.map(Timestamp::as_ms),
                rounded_bits(counts),
                plays,
                likes,
                comments,
                shares,
                saves,
                downloads,
                tags_blob(&rows),
                reading.packed,
            ])
            .doing("record a video")?;
        let author = reading.author.map_or(0, |a| a.to_i64());
        for hashtag in rows {
            let plays = plays.unwrap_or(0);
            self.links.push(Link { hashtag, video, author, plays, order: 0, region, change: Change::Make });
            let touched = self.tags.entry(hashtag);
            touched.videos += 1;
            touched.views += plays;
        }
        self.recorded.videos_new += 1;
        self.snapshot(video, &reading, counts)
    }

    /// A video that is held already: the reading may be newer, older or tell other things.
    fn again(&mut self, video: u32, reading: PreparedVideo) -> Result<(), StoreError> {
        let held = self.load(video)?;
        let at = reading.observed_at;
        let told_now = reading.counts.to_array();
        self.snapshot_beside(video, &reading, &held)?;
        let is_newer = at.map(Timestamp::as_ms) > held.observed_at;
        let counts: [Option<Told>; COUNTS] =
            std::array::from_fn(|n| newest(held.counts[n], told_now[n].map(|count| Told { count, at })));
        let rows = self.rows_of(&reading)?;
        let added: Vec<u32> = rows.into_iter().filter(|row| !held.tags.contains(row)).collect();
        let packed = merged(&held, &reading, &counts, is_newer);
        let after = Held {
            author: held.author.or(reading.author.map(|a| a.to_i64())),
            create_time: held.create_time.or(reading.create_time),
            region: reading
                .region
                .filter(|_| is_newer || held.region == 0)
                .map_or(held.region, Region::to_number),
            observed_at: held.observed_at.max(at.map(Timestamp::as_ms)),
            counts,
            tags: held.tags.iter().chain(&added).copied().collect(),
            packed,
        };
        let is_changed = !added.is_empty()
            || after.packed != held.packed
            || after.counts != held.counts
            || (after.author, after.create_time, after.region, after.observed_at)
                != (held.author, held.create_time, held.region, held.observed_at);
        if is_changed || is_newer || at.map(Timestamp::as_ms) == held.observed_at {
            self.statements
                .digest
                .execute((reading.id.to_i64(), reading.digest.cast_signed()))
                .doing("record a video's digest")?;
        }
        if is_changed {
            self.recorded.videos_changed += 1;
            self.relink(video, &held, &after, &added);
            self.store(video, &after)?;
        }
        Ok(())
    }

    /// Notes what becomes of the video's links and of its hashtags' sums.
    fn relink(&mut self, video: u32, held: &Held, after: &Held, added: &[u32]) {
        let plays = |v: &Held| merge::value(v.counts[0]).unwrap_or(0);
        let (before_plays, plays) = (plays(held), plays(after));
        let (before_author, author) = (held.author.unwrap_or(0), after.author.unwrap_or(0));
        let region = after.region;
        for &hashtag in &held.tags {
            let touched = self.tags.entry(hashtag);
            touched.views += plays - before_plays;
            touched.is_stirred = true;
            if before_author != author {
                let drop = Link {
                    hashtag,
                    video,
                    author: before_author,
                    plays,
                    order: 0,
                    region,
                    change: Change::Drop,
                };
                self.links.push(drop);
                self.links.push(Link { change: Change::Make, author, ..drop });
            } else if before_plays != plays || held.region != region {
                self.links.push(Link {
                    hashtag,
                    video,
                    author,
                    plays,
                    order: 0,
                    region,
                    change: Change::Update,
                });
            }
        }
        for &hashtag in added {
            self.links.push(Link { hashtag, video, author, plays, order: 0, region, change: Change::Make });
            let touched = self.tags.entry(hashtag);
            touched.videos += 1;
            touched.views += plays;
        }
    }

    fn load(&mut self, video: u32) -> Result<Held, StoreError> {
        self.statements
            .load
            .query_row([video], |row| {
                let observed_at: Option<i64> = row.get(3)?;
                let rounded: i64 = row.get(4)?;
                let mut counts = [None; COUNTS];
                for (n, count) in counts.iter_mut().enumerate() {
                    let own_at: Option<i64> = row.get(5 + COUNTS + n)?;
                    *count = told(row.get(5 + n)?, rounded >> n & 1 == 1, own_time(own_at, observed_at));
                }
                Ok(Held {
                    author: row.get(0)?,
                    create_time: row.get(1)?,
                    region: row.get(2)?,
                    observed_at,
                    counts,
                    tags: tags_of_blob(row.get_ref(5 + 2 * COUNTS)?.as_blob()?),
                    packed: row.get(6 + 2 * COUNTS)?,
                })
            })
            .doing("read a video")
    }

    fn store(&mut self, video: u32, v: &Held) -> Result<(), StoreError> {
        let values = v.counts.map(merge::value);
        let ats =
            v.counts.map(|told| told.and_then(|t| stored_time(t.at.map(Timestamp::as_ms), v.observed_at)));
        self.statements
            .change
            .execute(params![
                video,
                v.author,
                v.create_time,
                v.region,
                v.observed_at,
                rounded_bits(v.counts.map(|told| told.map(|t| t.count))),
                values[0],
                values[1],
                values[2],
                values[3],
                values[4],
                values[5],
                ats[0],
                ats[1],
                ats[2],
                ats[3],
                ats[4],
                ats[5],
                tags_blob(&v.tags),
                v.packed,
            ])
            .map(|_| ())
            .doing("change a video")
    }

    /// Keeps a reading beside others: a 0 after a number that is not 0 is not told, whichever came in first.
    fn snapshot_beside(
        &mut self,
        video: u32,
        reading: &PreparedVideo,
        held: &Held,
    ) -> Result<(), StoreError> {
        let Some(at) = reading.observed_at else { return Ok(()) };
        let mut counts = reading.counts.to_array();
        for (n, count) in counts.iter_mut().enumerate() {
            let known = held.counts[n].filter(|k| k.count.value() > 0);
            match (*count, known) {
                (Some(c), Some(k)) if c.value() == 0 => {
                    let is_after = k.at.is_none_or(|known_at| known_at < at);
                    let earlier = &mut self.statements.earlier[n];
                    if is_after || earlier.exists((video, at.as_ms())).doing("look at earlier readings")? {
                        *count = None;
                    }
                }
                (Some(c), _) if c.value() > 0 && Some(at.as_ms()) < held.observed_at => {
                    self.statements.untell[n].execute((video, at.as_ms())).doing("mend later readings")?;
                }
                _ => {}
            }
        }
        self.snapshot(video, reading, counts)
    }

    fn snapshot(
        &mut self,
        video: u32,
        reading: &PreparedVideo,
        counts: [Option<domain::Count>; COUNTS],
    ) -> Result<(), StoreError> {
        let Some(at) = reading.observed_at else { return Ok(()) };
        if counts.iter().all(Option::is_none) {
            return Ok(());
        }
        let [plays, likes, comments, shares, saves, downloads] = counts.map(|c| c.map(merge::count_value));
        let source = reading.source.number();
        let made = self
            .statements
            .snapshot
            .execute((
                video,
                at.as_ms(),
                source,
                rounded_bits(counts),
                plays,
                likes,
                comments,
                shares,
                saves,
                downloads,
            ))
            .doing("keep a snapshot")?;
        self.recorded.snapshots_new += made as u64;
        Ok(())
    }
}

/// The ready JSON after a reading: the newer of the two is laid over the older; counts are those that stand.
fn merged(held: &Held, reading: &PreparedVideo, counts: &[Option<Told>; COUNTS], is_newer: bool) -> Vec<u8> {
    let (Some(before), Some(now)) = (fragment::details(&held.packed), fragment::details(&reading.packed))
    else {
        // Written by us both, so this is a damaged row: the fresh reading replaces it.
        return reading.packed.clone();
    };
    let details = if is_newer { before.updated_by(now) } else { now.updated_by(before) };
    let counts = VideoCounts::from_array(counts.map(|told| told.map(|t| t.count)));
    fragment::pack(reading.id, &details, &counts)
}

/// A count's own time is stored only where it differs from the video's; i64::MIN stands for "without a time".
fn stored_time(at: Option<i64>, observed_at: Option<i64>) -> Option<i64> {
    if at == observed_at { None } else { Some(at.unwrap_or(i64::MIN)) }
}

/// Back from [`stored_time`].
pub(super) fn own_time(stored: Option<i64>, observed_at: Option<i64>) -> Option<i64> {
    match stored {
        None => observed_at,
        Some(i64::MIN) => None,
        at => at,
    }
}
