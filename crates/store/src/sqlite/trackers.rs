//! Trackers in `accounts.db`, beside the ledger that their readings are charged to.

use super::accounts::{AccountsFile, begin};
use super::idempotency::repeated;
use crate::StoreError;
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::ledger::limit;
use crate::row;
use crate::tracked::VIDEOS_FROM;
use crate::trackers::{
    NewTracked, NewTracker, TRACKER_HASHTAGS_MAX, TRACKERS_MAX, TotalsRow, TrackedHashtag, TrackedRow,
    Tracker, TrackerChange, TrackerChanged, TrackerCreated, TrackerRow, TrackerSettings, TrackerTotals,
    totals_columns, tracked_columns, tracker_columns,
};
use domain::tracking::{Keyword, Month, TargetKey, TrackerSource};
use domain::{AccountId, Timestamp, TrackerId};
use rusqlite::{Connection, OptionalExtension, Params, Transaction, params};

const OF_KEY: &str =
    "SELECT tracker_id, fingerprint FROM trackers WHERE account_id = ?1 AND idempotency_key = ?2";
const TRACKER: &str =
    concat!("SELECT ", tracker_columns!(), " FROM trackers WHERE account_id = ?1 AND tracker_id = ?2");
const TRACKERS: &str = concat!(
    "SELECT ",
    tracker_columns!(),
    " FROM trackers WHERE account_id = ?1 AND (?2 IS NULL OR tracker_id < ?2) ORDER BY tracker_id DESC LIMIT ?3"
);
const TRACKED: &str = concat!(
    "SELECT ",
    tracked_columns!(),
    " FROM tracker_hashtags WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key > ?3 ORDER BY tag_key LIMIT ?4"
);
const ONE_TRACKED: &str = concat!(
    "SELECT ",
    tracked_columns!(),
    " FROM tracker_hashtags WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key = ?3"
);
const TOTALS: &str = concat!(
    "SELECT ",
    totals_columns!(),
    " FROM tracker_hashtags WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key < ?3"
);
const CREATE: &str = "INSERT INTO trackers
    (account_id, tracker_id, source, cadence, is_paused, notes, labels, credits_max, on_empty, hashtags,
     spent_month, spent, created_at_ms, updated_at_ms, idempotency_key, fingerprint, keyword, accept_views,
     top_videos, videos_depth)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, 0, ?11, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
    ON CONFLICT (account_id, tracker_id) DO NOTHING";
const CHANGE: &str = "UPDATE trackers
    SET cadence = ?3, is_paused = ?4, notes = ?5, labels = ?6, credits_max = ?7, on_empty = ?8, updated_at_ms = ?9,
        accept_views = ?10
    WHERE account_id = ?1 AND tracker_id = ?2";
const ADD: &str = "INSERT OR IGNORE INTO tracker_hashtags
    (account_id, tracker_id, tag_key, name, is_paused, slot_interval, since_ms, due_at_ms, readings, gaps, version)
    VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, 0, 0, 0)";
/// A claim of the hashtag learns by the version that it was queued again.
const QUEUE: &str = "INSERT INTO reading_queue
    (tag_key, due_at_ms, set_at_ms, lease_until_ms, lease_ms, token, version) VALUES (?1, ?2, ?2, 0, 0, ?2, 0)
    ON CONFLICT (tag_key) DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms),
        set_at_ms = excluded.set_at_ms, version = version + 1";
const COUNT: &str = "UPDATE trackers SET hashtags =
    (SELECT count(*) FROM tracker_hashtags t WHERE t.account_id = ?1 AND t.tracker_id = ?2)
    WHERE account_id = ?1 AND tracker_id = ?2 RETURNING hashtags";

impl AccountsFile {
    pub(crate) async fn create_tracker(&self, tracker: NewTracker) -> Result<TrackerCreated, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let created = create(&transaction, &tracker)?;
                transaction.commit().doing("commit a tracker")?;
                Ok(created)
            })
            .await
    }

    pub(crate) fn tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<Option<Tracker>, StoreError> {
        self.readers.with(|connection| one(connection, account_id, id))
    }

    pub(crate) fn trackers(
        &self,
        account_id: AccountId,
        before: Option<TrackerId>,
        count: usize,
    ) -> Result<Vec<Tracker>, StoreError> {
        let parameters = params![account_id.0, before.map(TrackerId::to_bytes), limit(count)];
        self.readers.with(|connection| many(connection, TRACKERS, parameters))
    }

    pub(crate) async fn change_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
        change: TrackerChange,
        at: Timestamp,
    ) -> Result<TrackerChanged, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let changed = apply(&transaction, account_id, id, &change, at)?;
                if matches!(changed, TrackerChanged::Changed(_)) {
                    transaction.commit().doing("commit a change of a tracker")?;
                }
                Ok(changed)
            })
            .await
    }

    pub(crate) async fn delete_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a tracker";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let of = (account_id.0, id.to_bytes());
                for sql in [
                    "DELETE FROM tracker_spans WHERE account_id = ?1 AND tracker_id = ?2",
                    "DELETE FROM tracker_hashtags WHERE account_id = ?1 AND tracker_id = ?2",
                ] {
                    transaction.execute(sql, of).doing(DOING)?;
                }
                let deleted = transaction
                    .execute("DELETE FROM trackers WHERE account_id = ?1 AND tracker_id = ?2", of)
                    .doing(DOING)?;
                transaction.commit().doing(DOING)?;
                Ok(deleted == 1)
            })
            .await
    }

    pub(crate) async fn wake_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let is_known = one(&transaction, account_id, id)?.is_some();
                wake(&transaction, account_id, id, at)?;
                transaction.commit().doing("queue the hashtags of a tracker")?;
                Ok(is_known)
            })
            .await
    }

    pub(crate) fn tracked_hashtag(
        &self,
        account_id: AccountId,
        id: TrackerId,
        key: &TargetKey,
    ) -> Result<Option<TrackedHashtag>, StoreError> {
        let of = (account_id.0, id.to_bytes(), key.as_str());
        self.readers.with(|connection| Ok(tracked(connection, ONE_TRACKED, of)?.pop()))
    }

    pub(crate) fn tracker_totals(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<TrackerTotals, StoreError> {
        let read = |connection: &Connection| {
            let mut statement = connection.prepare_cached(TOTALS)?;
            statement.query_row((account_id.0, id.to_bytes(), VIDEOS_FROM), row::sqlite::<TotalsRow>)
        };
        let row = self.readers.with(|connection| read(connection).doing("add up a tracker"))?;
        Ok(row.into())
    }

    pub(crate) fn tracked_hashtags(
        &self,
        account_id: AccountId,
        id: TrackerId,
        after: Option<&TargetKey>,
        count: usize,
    ) -> Result<Vec<TrackedHashtag>, StoreError> {
        // No key is empty.
        let after = after.map_or("", TargetKey::as_str);
        self.readers.with(|connection| {
            tracked(connection, TRACKED, (account_id.0, id.to_bytes(), after, limit(count)))
        })
    }
}

pub(super) fn one(
    connection: &Connection,
    account_id: AccountId,
    id: TrackerId,
) -> Result<Option<Tracker>, StoreError> {
    Ok(many(connection, TRACKER, (account_id.0, id.to_bytes()))?.pop())
}

fn many(connection: &Connection, sql: &str, parameters: impl Params) -> Result<Vec<Tracker>, StoreError> {
    let rows: Vec<TrackerRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read trackers")?;
    rows.into_iter().map(TrackerRow::read).collect()
}

pub(super) fn tracked(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<TrackedHashtag>, StoreError> {
    let rows: Vec<TrackedRow> = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_map(parameters, row::sqlite)?.collect())
        .doing("read hashtags of trackers")?;
    rows.into_iter().map(TrackedRow::read).collect()
}

fn create(transaction: &Transaction<'_>, tracker: &NewTracker) -> Result<TrackerCreated, StoreError> {
    const DOING: &str = "create a tracker";
    let NewTracker { id, account_id, settings, hashtags, idempotency, at } = tracker;
    match repeated(transaction, OF_KEY, *account_id, idempotency.as_ref())? {
        Some(Repeated::Same(id)) => {
            let same = one(transaction, *account_id, TrackerId::from_bytes(id))?;
            return Ok(same.map_or(TrackerCreated::IdTaken, TrackerCreated::Same));
        }
        Some(Repeated::Other) => return Ok(TrackerCreated::OtherRequest),
        None => {}
    }
    let trackers: i64 = transaction
        .query_row("SELECT count(*) FROM trackers WHERE account_id = ?1", [account_id.0], row::sqlite)
        .doing(DOING)?;
    if trackers.unsigned_abs() >= TRACKERS_MAX {
        return Ok(TrackerCreated::TooMany);
    }
    let made = transaction
        .execute(
            CREATE,
            params![
                account_id.0,
                id.to_bytes(),
                settings.source as u8,
                settings.cadence.name(),
                settings.is_paused,
                settings.notes,
                settings.labels,
                settings.credits_max.map(crate::ledger::to_i64),
                settings.on_empty as u8,
                Month::of(*at).0,
                at.as_ms(),
                idempotency.as_ref().map(|(key, _)| key.as_str()),
                idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0),
                settings.keyword.as_ref().map(Keyword::as_str),
                settings.accept_views.map(u64::cast_signed),
                settings.videos.map(|videos| i64::from(videos.shown)),
                settings.videos.map(|videos| i64::from(videos.depth.get())),
            ],
        )
        .doing(DOING)?;
    if made == 0 {
        return Ok(TrackerCreated::IdTaken);
    }
    add(transaction, *account_id, *id, settings, hashtags, *at)?;
    count(transaction, *account_id, *id)?;
    Ok(one(transaction, *account_id, *id)?.map_or(TrackerCreated::IdTaken, TrackerCreated::Created))
}

/// Adds hashtags, and queues them where the tracker reads from a source.
fn add(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: TrackerId,
    settings: &TrackerSettings,
    hashtags: &[NewTracked],
    at: Timestamp,
) -> Result<(), StoreError> {
    const DOING: &str = "add hashtags to a tracker";
    let is_read = settings.source != TrackerSource::None;
    let mut insert = transaction.prepare_cached(ADD).doing(DOING)?;
    let mut queue = transaction.prepare_cached(QUEUE).doing(DOING)?;
    for NewTracked { target, interval, since } in hashtags {
        let key = target.key();
        let key = key.as_str();
        insert
            .execute(params![
                account_id.0,
                id.to_bytes(),
                key,
                target.name(),
                interval.name(),
                since.as_ms(),
                is_read.then_some(at.as_ms()),
            ])
            .doing(DOING)?;
        if is_read {
            queue.execute((key, at.as_ms())).doing(DOING)?;
        }
    }
    Ok(())
}

/// Counts the hashtags of a tracker again.
fn count(transaction: &Transaction<'_>, account_id: AccountId, id: TrackerId) -> Result<u64, StoreError> {
    let counted: Option<i64> = transaction
        .prepare_cached(COUNT)
        .and_then(|mut s| s.query_row((account_id.0, id.to_bytes()), row::sqlite).optional())
        .doing("count the hashtags of a tracker")?;
    Ok(counted.unwrap_or(0).unsigned_abs())
}

fn wake(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: TrackerId,
    at: Timestamp,
) -> Result<(), StoreError> {
    const DOING: &str = "queue the hashtags of a tracker";
    let keys: Vec<String> = transaction
        .prepare_cached(
            "UPDATE tracker_hashtags SET due_at_ms = ?3 WHERE account_id = ?1 AND tracker_id = ?2
                AND (SELECT source FROM trackers t WHERE t.account_id = ?1 AND t.tracker_id = ?2) <> 0
             RETURNING tag_key",
        )
        .and_then(|mut s| s.query_map((account_id.0, id.to_bytes(), at.as_ms()), row::sqlite)?.collect())
        .doing(DOING)?;
    let mut queue = transaction.prepare_cached(QUEUE).doing(DOING)?;
    for key in keys {
        queue.execute((key, at.as_ms())).doing(DOING)?;
    }
    Ok(())
}

fn apply(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: TrackerId,
    change: &TrackerChange,
    at: Timestamp,
) -> Result<TrackerChanged, StoreError> {
    const DOING: &str = "change a tracker";
    let Some(old) = one(transaction, account_id, id)? else { return Ok(TrackerChanged::NotFound) };
    let settings = change.applied_to(&old.settings);
    transaction
        .execute(
            CHANGE,
            params![
                account_id.0,
                id.to_bytes(),
                settings.cadence.name(),
                settings.is_paused,
                settings.notes,
                settings.labels,
                settings.credits_max.map(crate::ledger::to_i64),
                settings.on_empty as u8,
                at.as_ms(),
                settings.accept_views.map(u64::cast_signed),
            ],
        )
        .doing(DOING)?;
    for key in &change.remove {
        for sql in [
            "DELETE FROM tracker_spans WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key = ?3",
            "DELETE FROM tracker_hashtags WHERE account_id = ?1 AND tracker_id = ?2 AND tag_key = ?3",
        ] {
            transaction
                .prepare_cached(sql)
                .and_then(|mut s| s.execute((account_id.0, id.to_bytes(), key.as_str())))
                .doing(DOING)?;
        }
    }
    add(transaction, account_id, id, &settings, &change.add, at)?;
    if count(transaction, account_id, id)? > TRACKER_HASHTAGS_MAX as u64 {
        return Ok(TrackerChanged::TooMany);
    }
    if change.wakes(&old.settings) {
        wake(transaction, account_id, id, at)?;
    }
    Ok(one(transaction, account_id, id)?.map_or(TrackerChanged::NotFound, TrackerChanged::Changed))
}
