//! Trackers. On a cluster they are distributed by account, beside the balances, and the queue by hashtag.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::idempotency::Repeated;
use crate::ledger::{limit, to_i64};
use crate::row;
use crate::tracked::VIDEOS_FROM;
use crate::trackers::{
    NewTracked, NewTracker, TRACKER_HASHTAGS_MAX, TRACKERS_MAX, TotalsRow, TrackedHashtag, TrackedRow,
    Tracker, TrackerChange, TrackerChanged, TrackerCreated, TrackerRow, TrackerSettings, TrackerTotals,
    totals_columns, tracked_columns, tracker_columns,
};
use domain::tracking::{Keyword, Month, TargetKey, TrackerSource};
use domain::{AccountId, Timestamp, TrackerId};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const TRACKER: &str = concat!(
    "SELECT ",
    tracker_columns!(),
    " FROM tagmeter.trackers WHERE account_id = $1 AND tracker_id = $2"
);
const LOCKED: &str = concat!(
    "SELECT ",
    tracker_columns!(),
    " FROM tagmeter.trackers WHERE account_id = $1 AND tracker_id = $2 FOR UPDATE"
);
const TRACKERS: &str = concat!(
    "SELECT ",
    tracker_columns!(),
    " FROM tagmeter.trackers WHERE account_id = $1 AND ($2::bytea IS NULL OR tracker_id < $2)
      ORDER BY tracker_id DESC LIMIT $3"
);
const TRACKED: &str = concat!(
    "SELECT ",
    tracked_columns!(),
    " FROM tagmeter.tracker_hashtags WHERE account_id = $1 AND tracker_id = $2 AND tag_key > $3
      ORDER BY tag_key LIMIT $4"
);
const ONE_TRACKED: &str = concat!(
    "SELECT ",
    tracked_columns!(),
    " FROM tagmeter.tracker_hashtags WHERE account_id = $1 AND tracker_id = $2 AND tag_key = $3"
);
const TOTALS: &str = concat!(
    "SELECT ",
    totals_columns!(),
    " FROM tagmeter.tracker_hashtags WHERE account_id = $1 AND tracker_id = $2 AND tag_key < $3"
);
const OF_KEY: &str = concat!(
    "SELECT ",
    tracker_columns!(),
    ", fingerprint FROM tagmeter.trackers WHERE account_id = $1 AND idempotency_key = $2"
);
const NUMBER: &str = "SELECT count(*) FROM tagmeter.trackers WHERE account_id = $1";
const CREATE: &str = "INSERT INTO tagmeter.trackers
    (account_id, tracker_id, source, cadence, is_paused, notes, labels, credits_max, on_empty, hashtags,
     spent_month, spent, created_at_ms, updated_at_ms, idempotency_key, fingerprint, keyword, accept_views,
     top_videos, videos_depth)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, $11, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING";
const CHANGE: &str = "UPDATE tagmeter.trackers
    SET cadence = $3, is_paused = $4, notes = $5, labels = $6, credits_max = $7, on_empty = $8, updated_at_ms = $9,
        accept_views = $10
    WHERE account_id = $1 AND tracker_id = $2";
const DELETE: &str = "DELETE FROM tagmeter.trackers WHERE account_id = $1 AND tracker_id = $2";
const DELETE_HASHTAGS: &str = "DELETE FROM tagmeter.tracker_hashtags
    WHERE account_id = $1 AND tracker_id = $2 AND ($3::text[] IS NULL OR tag_key = ANY($3))";
const DELETE_SPANS: &str = "DELETE FROM tagmeter.tracker_spans
    WHERE account_id = $1 AND tracker_id = $2 AND ($3::text[] IS NULL OR tag_key = ANY($3))";
const ADD: &str = "INSERT INTO tagmeter.tracker_hashtags
    (account_id, tracker_id, tag_key, name, is_paused, slot_interval, since_ms, due_at_ms, readings, gaps, version)
    SELECT $1::bigint, $2, added.tag_key, added.name, false, added.slot_interval, added.since_ms, $7, 0, 0, 0
    FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[]) AS added (tag_key, name, slot_interval, since_ms)
    ON CONFLICT DO NOTHING";
/// A claim of the hashtag learns by the version that it was queued again. Keys are sorted, so that two of these never wait
/// for each other.
const QUEUE: &str = "INSERT INTO tagmeter.reading_queue AS queue
    (tag_key, due_at_ms, set_at_ms, lease_until_ms, lease_ms, token, version)
    SELECT added.tag_key, $2, $2, 0, 0, $2, 0 FROM unnest($1::text[]) AS added (tag_key)
    ON CONFLICT (tag_key) DO UPDATE SET due_at_ms = least(queue.due_at_ms, excluded.due_at_ms),
        set_at_ms = excluded.set_at_ms, version = queue.version + 1";
const COUNT_HASHTAGS: &str =
    "SELECT count(*) FROM tagmeter.tracker_hashtags WHERE account_id = $1 AND tracker_id = $2";
const SET_COUNT: &str =
    "UPDATE tagmeter.trackers SET hashtags = $3 WHERE account_id = $1 AND tracker_id = $2";
const WAKE: &str = "UPDATE tagmeter.tracker_hashtags SET due_at_ms = $3
    WHERE account_id = $1 AND tracker_id = $2 RETURNING tag_key";

impl Postgres {
    pub(crate) async fn create_tracker(&self, tracker: &NewTracker) -> Result<TrackerCreated, StoreError> {
        const DOING: &str = "create a tracker";
        // A repeated request usually finds it.
        if let Some(before) = self.tracker_created_before(tracker).await? {
            return Ok(before);
        }
        let NewTracker { id, account_id, settings, hashtags, idempotency, at } = tracker;
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let account: [Parameter<'_>; 1] = [(&account_id.0, Type::INT8)];
        let number = transaction.query_typed(NUMBER, &account).await.doing(DOING)?;
        let number: i64 = number.first().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
        if number.unsigned_abs() >= TRACKERS_MAX {
            return Ok(TrackerCreated::TooMany);
        }
        let bytes = id.to_bytes();
        let key = idempotency.as_ref().map(|(key, _)| key.as_str());
        let fingerprint = idempotency.as_ref().map(|(_, fingerprint)| fingerprint.0.as_slice());
        let keyword = settings.keyword.as_ref().map(Keyword::as_str);
        let shown = settings.videos.map(|videos| i64::from(videos.shown));
        let depth = settings.videos.map(|videos| i64::from(videos.depth.get()));
        let parameters: [Parameter<'_>; 17] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&i64::from(settings.source as u8), Type::INT8),
            (&settings.cadence.name(), Type::TEXT),
            (&settings.is_paused, Type::BOOL),
            (&settings.notes, Type::TEXT),
            (&settings.labels, Type::TEXT),
            (&settings.credits_max.map(to_i64), Type::INT8),
            (&i64::from(settings.on_empty as u8), Type::INT8),
            (&Month::of(*at).0, Type::INT8),
            (&at.as_ms(), Type::INT8),
            (&key, Type::TEXT),
            (&fingerprint, Type::BYTEA),
            (&keyword, Type::TEXT),
            (&settings.accept_views.map(u64::cast_signed), Type::INT8),
            (&shown, Type::INT8),
            (&depth, Type::INT8),
        ];
        if transaction.execute_typed(CREATE, &parameters).await.doing(DOING)? == 0 {
            drop(transaction);
            // Another node created it meanwhile, or the id is another tracker's.
            let before = self.tracker_created_before(tracker).await?;
            return Ok(before.unwrap_or(TrackerCreated::IdTaken));
        }
        add(&transaction, *account_id, *id, settings, hashtags, *at).await?;
        count(&transaction, *account_id, *id).await?;
        transaction.commit().await.doing("commit a tracker")?;
        Ok(self.tracker(*account_id, *id).await?.map_or(TrackerCreated::IdTaken, TrackerCreated::Created))
    }

    async fn tracker_created_before(
        &self,
        tracker: &NewTracker,
    ) -> Result<Option<TrackerCreated>, StoreError> {
        let before =
            self.repeated::<TrackerRow>(OF_KEY, tracker.account_id, tracker.idempotency.as_ref()).await?;
        Ok(match before {
            Some(Repeated::Same(row)) => Some(TrackerCreated::Same(row.read()?)),
            Some(Repeated::Other) => Some(TrackerCreated::OtherRequest),
            None => None,
        })
    }

    pub(crate) async fn tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<Option<Tracker>, StoreError> {
        const DOING: &str = "look a tracker up";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
        let row = self.pool.query_opt(DOING, TRACKER, &parameters).await?;
        row.map(|row| row::postgres::<TrackerRow>(&row).doing(DOING)?.read()).transpose()
    }

    pub(crate) async fn trackers(
        &self,
        account_id: AccountId,
        before: Option<TrackerId>,
        number: usize,
    ) -> Result<Vec<Tracker>, StoreError> {
        const DOING: &str = "list trackers";
        let before = before.map(TrackerId::to_bytes);
        let parameters: [Parameter<'_>; 3] = [
            (&account_id.0, Type::INT8),
            (&before.as_ref().map(|id| id.as_slice()), Type::BYTEA),
            (&limit(number), Type::INT8),
        ];
        let rows = self.pool.query(DOING, TRACKERS, &parameters).await?;
        rows.iter().map(|row| row::postgres::<TrackerRow>(row).doing(DOING)?.read()).collect()
    }

    pub(crate) async fn change_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
        change: &TrackerChange,
        at: Timestamp,
    ) -> Result<TrackerChanged, StoreError> {
        const DOING: &str = "change a tracker";
        let bytes = id.to_bytes();
        let of: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA)];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let locked = transaction.query_typed(LOCKED, &of).await.doing(DOING)?;
        let Some(old) = locked.first() else { return Ok(TrackerChanged::NotFound) };
        let old = row::postgres::<TrackerRow>(old).doing(DOING)?.read()?;
        let settings = change.applied_to(&old.settings);
        let parameters: [Parameter<'_>; 10] = [
            (&account_id.0, Type::INT8),
            (&bytes.as_slice(), Type::BYTEA),
            (&settings.cadence.name(), Type::TEXT),
            (&settings.is_paused, Type::BOOL),
            (&settings.notes, Type::TEXT),
            (&settings.labels, Type::TEXT),
            (&settings.credits_max.map(to_i64), Type::INT8),
            (&i64::from(settings.on_empty as u8), Type::INT8),
            (&at.as_ms(), Type::INT8),
            (&settings.accept_views.map(u64::cast_signed), Type::INT8),
        ];
        transaction.execute_typed(CHANGE, &parameters).await.doing(DOING)?;
        if !change.remove.is_empty() {
            let keys: Vec<&str> = change.remove.iter().map(TargetKey::as_str).collect();
            delete_hashtags(&transaction, account_id, id, Some(&keys)).await?;
        }
        add(&transaction, account_id, id, &settings, &change.add, at).await?;
        if count(&transaction, account_id, id).await? > TRACKER_HASHTAGS_MAX as u64 {
            return Ok(TrackerChanged::TooMany);
        }
        if change.wakes(&old.settings) && old.settings.source != TrackerSource::None {
            wake(&transaction, account_id, id, at).await?;
        }
        transaction.commit().await.doing("commit a change of a tracker")?;
        Ok(self.tracker(account_id, id).await?.map_or(TrackerChanged::NotFound, TrackerChanged::Changed))
    }

    pub(crate) async fn delete_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "delete a tracker";
        let bytes = id.to_bytes();
        let parameters: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA)];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        delete_hashtags(&transaction, account_id, id, None).await?;
        let deleted = transaction.execute_typed(DELETE, &parameters).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(deleted == 1)
    }

    pub(crate) async fn wake_tracker(
        &self,
        account_id: AccountId,
        id: TrackerId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "queue the hashtags of a tracker";
        let Some(tracker) = self.tracker(account_id, id).await? else { return Ok(false) };
        if tracker.settings.source != TrackerSource::None {
            let mut client = self.pool.get().await?;
            let transaction = client.transaction().await.doing(DOING)?;
            wake(&transaction, account_id, id, at).await?;
            transaction.commit().await.doing(DOING)?;
        }
        Ok(true)
    }

    pub(crate) async fn tracked_hashtag(
        &self,
        account_id: AccountId,
        id: TrackerId,
        key: &TargetKey,
    ) -> Result<Option<TrackedHashtag>, StoreError> {
        const DOING: &str = "look a hashtag of a tracker up";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&key.as_str(), Type::TEXT)];
        let row = self.pool.query_opt(DOING, ONE_TRACKED, &parameters).await?;
        row.map(|row| row::postgres::<TrackedRow>(&row).doing(DOING)?.read()).transpose()
    }

    pub(crate) async fn tracker_totals(
        &self,
        account_id: AccountId,
        id: TrackerId,
    ) -> Result<TrackerTotals, StoreError> {
        const DOING: &str = "add up a tracker";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&VIDEOS_FROM, Type::TEXT)];
        let row = self.pool.query_opt(DOING, TOTALS, &parameters).await?;
        let row = row.as_ref().map(row::postgres::<TotalsRow>).transpose().doing(DOING)?;
        Ok(row.map(TrackerTotals::from).unwrap_or_default())
    }

    pub(crate) async fn tracked_hashtags(
        &self,
        account_id: AccountId,
        id: TrackerId,
        after: Option<&TargetKey>,
        number: usize,
    ) -> Result<Vec<TrackedHashtag>, StoreError> {
        const DOING: &str = "list the hashtags of a tracker";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            // No key is empty.
            (&after.map_or("", TargetKey::as_str), Type::TEXT),
            (&limit(number), Type::INT8),
        ];
        let rows = self.pool.query(DOING, TRACKED, &parameters).await?;
        rows.iter().map(|row| row::postgres::<TrackedRow>(row).doing(DOING)?.read()).collect()
    }
}

/// Adds hashtags, and queues them where the tracker reads from a source.
async fn add(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: TrackerId,
    settings: &TrackerSettings,
    hashtags: &[NewTracked],
    at: Timestamp,
) -> Result<(), StoreError> {
    const DOING: &str = "add hashtags to a tracker";
    if hashtags.is_empty() {
        return Ok(());
    }
    let id = id.to_bytes();
    let is_read = settings.source != TrackerSource::None;
    let keys: Vec<TargetKey> = hashtags.iter().map(|added| added.target.key()).collect();
    let keys: Vec<&str> = keys.iter().map(TargetKey::as_str).collect();
    let names: Vec<&str> = hashtags.iter().map(|added| added.target.name()).collect();
    let intervals: Vec<&str> = hashtags.iter().map(|added| added.interval.name()).collect();
    let since: Vec<i64> = hashtags.iter().map(|NewTracked { since, .. }| since.as_ms()).collect();
    let parameters: [Parameter<'_>; 7] = [
        (&account_id.0, Type::INT8),
        (&id.as_slice(), Type::BYTEA),
        (&keys, Type::TEXT_ARRAY),
        (&names, Type::TEXT_ARRAY),
        (&intervals, Type::TEXT_ARRAY),
        (&since, Type::INT8_ARRAY),
        (&is_read.then_some(at.as_ms()), Type::INT8),
    ];
    transaction.execute_typed(ADD, &parameters).await.doing(DOING)?;
    if is_read {
        queue(transaction, keys, at).await?;
    }
    Ok(())
}

async fn queue(transaction: &Transaction<'_>, mut keys: Vec<&str>, at: Timestamp) -> Result<(), StoreError> {
    keys.sort_unstable();
    let parameters: [Parameter<'_>; 2] = [(&keys, Type::TEXT_ARRAY), (&at.as_ms(), Type::INT8)];
    transaction.execute_typed(QUEUE, &parameters).await.doing("queue readings")?;
    Ok(())
}

async fn wake(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: TrackerId,
    at: Timestamp,
) -> Result<(), StoreError> {
    const DOING: &str = "queue the hashtags of a tracker";
    let id = id.to_bytes();
    let parameters: [Parameter<'_>; 3] =
        [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&at.as_ms(), Type::INT8)];
    let rows = transaction.query_typed(WAKE, &parameters).await.doing(DOING)?;
    let keys: Vec<String> = rows.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)?;
    queue(transaction, keys.iter().map(String::as_str).collect(), at).await
}

async fn delete_hashtags(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: TrackerId,
    keys: Option<&[&str]>,
) -> Result<(), StoreError> {
    let id = id.to_bytes();
    for sql in [DELETE_SPANS, DELETE_HASHTAGS] {
        let parameters: [Parameter<'_>; 3] =
            [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&keys, Type::TEXT_ARRAY)];
        transaction.execute_typed(sql, &parameters).await.doing("remove hashtags from a tracker")?;
    }
    Ok(())
}

/// Counts the hashtags of a tracker again.
async fn count(
    transaction: &Transaction<'_>,
    account_id: AccountId,
    id: TrackerId,
) -> Result<u64, StoreError> {
    const DOING: &str = "count the hashtags of a tracker";
    let id = id.to_bytes();
    let of: [Parameter<'_>; 2] = [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA)];
    let rows = transaction.query_typed(COUNT_HASHTAGS, &of).await.doing(DOING)?;
    let number: i64 = rows.first().map(row::postgres).transpose().doing(DOING)?.unwrap_or(0);
    let parameters: [Parameter<'_>; 3] =
        [(&account_id.0, Type::INT8), (&id.as_slice(), Type::BYTEA), (&number, Type::INT8)];
    transaction.execute_typed(SET_COUNT, &parameters).await.doing(DOING)?;
    Ok(number.unsigned_abs())
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 17] = [
    ("TRACKER", TRACKER),
    ("LOCKED", LOCKED),
    ("TRACKERS", TRACKERS),
    ("TRACKED", TRACKED),
    ("ONE_TRACKED", ONE_TRACKED),
    ("TOTALS", TOTALS),
    ("OF_KEY", OF_KEY),
    ("NUMBER", NUMBER),
    ("CREATE", CREATE),
    ("CHANGE", CHANGE),
    ("DELETE", DELETE),
    ("DELETE_HASHTAGS", DELETE_HASHTAGS),
    ("DELETE_SPANS", DELETE_SPANS),
    ("ADD", ADD),
    ("COUNT_HASHTAGS", COUNT_HASHTAGS),
    ("SET_COUNT", SET_COUNT),
    ("WAKE", WAKE),
];
