//! Forgetting for good: videos, and all videos of creators, with every row and every stored copy of them.
//!
//! An import of an old file must not restore forgotten data, so a digest of each id stays. It has a random key
//! of the store: the table alone reveals no id, and digests of two stores cannot be compared. Whoever has the
//! whole store can test whether a given id was forgotten; no filter can prevent that.

use crate::videos::VideoRow;
use crate::{Store, StoreError};
use domain::{Creator, Handle, HashtagRow, VideoId};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::ops::RangeInclusive;

/// Maximum number of videos forgotten in one transaction, for which an import waits.
pub const FORGET_AT_ONCE: usize = 2_000;

/// Bytes of [`ForgetKey`].
pub(crate) const FORGET_KEY_BYTES: usize = 16;
/// Kind of a digest.
const OF_VIDEO: u8 = 1;
const OF_CREATOR: u8 = 2;

/// Key of the digests of forgotten ids.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForgetKey(pub(crate) [u8; FORGET_KEY_BYTES]);

impl fmt::Debug for ForgetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForgetKey")
    }
}

impl ForgetKey {
    /// Decodes the stored key.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, StoreError> {
        let wrong = |_| StoreError::Inconsistent { table: "store", column: "forget_key", row: "1".into() };
        bytes.try_into().map(Self).map_err(wrong)
    }

    pub(crate) fn video(self, id: VideoId) -> i64 {
        self.digest(OF_VIDEO, id.to_i64())
    }

    pub(crate) fn creator(self, creator: Creator) -> i64 {
        self.digest(OF_CREATOR, creator.to_i64())
    }

    /// Returns a digest of 64 bits: with a million digests and a billion videos, one in 20,000 stores has a
    /// collision.
    fn digest(self, of: u8, number: i64) -> i64 {
        let mut hash = Sha256::new_with_prefix(self.0);
        hash.update([of]);
        hash.update(number.to_be_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        i64::from_be_bytes(first)
    }
}

/// Result of one transaction that forgets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgottenVideos {
    /// Videos that were stored.
    pub videos: u64,
    /// Their readings.
    pub snapshots: u64,
    /// Their creators.
    pub creators: BTreeSet<Creator>,
    /// Their hashtags.
    pub hashtags: BTreeSet<HashtagRow>,
}

/// Rows that forgetting videos would delete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgettable {
    /// Videos that are stored.
    pub videos: u64,
    /// Their readings.
    pub snapshots: u64,
}

/// Owner of a handle according to the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandleOwner {
    /// No record has an id for it.
    Unknown,
    /// The creator of this id.
    Creator(Creator),
    /// Records have several ids for it.
    Several,
}

/// Ids and handles that stored answers are searched for: an answer with any of them is deleted.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Ids of videos and creators.
    pub ids: HashSet<u64>,
    /// Handles.
    pub handles: HashSet<Handle>,
}

impl Named {
    /// Returns true if a body contains any of them, as a whole word.
    pub fn is_in(&self, body: &[u8]) -> bool {
        let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        body.split(|byte| !is_of_word(byte)).filter(|word| !word.is_empty()).any(|word| {
            let Ok(word) = std::str::from_utf8(word) else { return false };
            word.parse().is_ok_and(|id: u64| self.ids.contains(&id))
                || (!self.handles.is_empty() && Handle::new(word).is_some_and(|h| self.handles.contains(&h)))
        })
    }
}

/// Places where bytes of forgotten data may remain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wiped {
    /// True if every write-ahead log is empty. `false` while another process reads an older snapshot: its next
    /// checkpoint empties the log. `None` on PostgreSQL, which manages its own.
    pub are_logs_empty: Option<bool>,
}

impl Store {
    /// Forgets videos for good, in one transaction: at most [`FORGET_AT_ONCE`]. Imports skip these ids from now
    /// on, stored ones or not. Walks under the hashtags touched must begin again.
    pub async fn forget_videos(&self, ids: Vec<VideoId>) -> Result<ForgottenVideos, StoreError> {
        let forgotten = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.forget_videos(ids).await?,
            Self::Postgres(postgres) => postgres.forget_videos(ids).await?,
        };
        self.drop_generations(Some(forgotten.hashtags.iter().copied().collect())).await?;
        Ok(forgotten)
    }

    /// Counts the rows that forgetting these videos would delete.
    pub async fn forgettable(&self, ids: &[VideoId]) -> Result<Forgettable, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.forgettable(ids),
            Self::Postgres(postgres) => postgres.forgettable(ids).await,
        }
    }

    /// Returns the number of digests of forgotten videos and creators: it grows with whatever is forgotten.
    pub async fn forgotten_count(&self) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.forgotten_count(),
            Self::Postgres(postgres) => postgres.forgotten_count().await,
        }
    }

    /// Drops the frozen rankings of these hashtags, or all of them. Cursors into them are refused from then on.
    pub async fn drop_generations(&self, hashtags: Option<Vec<HashtagRow>>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.walks.drop_generations(hashtags).await,
            Self::Postgres(postgres) => postgres.drop_generations(hashtags.as_deref()).await,
        }
    }

    /// Returns the owners of these handles.
    pub async fn owners_of(&self, handles: &[Handle]) -> Result<BTreeMap<Handle, HandleOwner>, StoreError> {
        let numbers: Vec<i64> = handles.iter().map(|handle| handle.to_i64()).collect();
        let found = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.owners_of(&numbers)?,
            Self::Postgres(postgres) => postgres.owners_of(&numbers).await?,
        };
        let owner = |handle: &Handle| match found.get(&handle.to_i64()) {
            None => HandleOwner::Unknown,
            Some(author) => Creator::from_i64(*author).map_or(HandleOwner::Several, HandleOwner::Creator),
        };
        Ok(handles.iter().map(|handle| (*handle, owner(handle))).collect())
    }

    /// Makes imports skip the videos of these creators from now on, and deletes the ownership of their handles.
    /// Stored videos are forgotten by [`Store::forget_videos`].
    pub async fn forget_creators(&self, creators: &BTreeSet<Creator>) -> Result<u64, StoreError> {
        let creators: Vec<Creator> = creators.iter().copied().collect();
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.forget_creators(creators).await,
            Self::Postgres(postgres) => postgres.forget_creators(&creators).await,
        }
    }

    /// Deletes the handles of those of these creators that have no video left. Returns the number of handles.
    pub async fn drop_idle_handles(&self, creators: &BTreeSet<Creator>) -> Result<u64, StoreError> {
        let authors: HashSet<i64> = creators.iter().map(|creator| creator.to_i64()).collect();
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.drop_idle_handles(authors).await,
            Self::Postgres(postgres) => postgres.drop_idle_handles(authors).await,
        }
    }

    /// Deletes stored answers that contain any of these names. A call repeated under the key of one is a new
    /// call. Returns the number of answers.
    pub async fn forget_answers(&self, named: Named) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.forget_answers(named).await,
            Self::Postgres(postgres) => postgres.forget_answers(&named).await,
        }
    }

    /// Lets imports store forgotten videos and creators again. Returns the number of them that were forgotten.
    pub async fn allow_again(
        &self,
        ids: &[VideoId],
        creators: &BTreeSet<Creator>,
    ) -> Result<u64, StoreError> {
        let digests = |key: ForgetKey| -> Vec<i64> {
            let creators = creators.iter().map(|creator| key.creator(*creator));
            ids.iter().map(|id| key.video(*id)).chain(creators).collect()
        };
        match self {
            Self::Sqlite(sqlite) => {
                let digests = digests(sqlite.catalog.forget_key()?);
                sqlite.catalog.allow_again(digests).await
            }
            Self::Postgres(postgres) => {
                let digests = digests(postgres.forget_key().await?);
                postgres.allow_again(&digests).await
            }
        }
    }

    /// Returns true if a forget has begun and not ended: in another process, or in one that was interrupted.
    pub async fn is_forgetting(&self) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.is_forgetting(),
            Self::Postgres(postgres) => postgres.is_forgetting().await,
        }
    }

    /// Ends a forget: overwrites deleted data in the files as far as the database does that. With
    /// `is_rewritten` the tables are rewritten, so that no data deleted by older versions remains; they are
    /// locked meanwhile, and need as much room again.
    pub async fn end_forgetting(&self, is_rewritten: bool) -> Result<Wiped, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.end_forgetting(is_rewritten).await,
            Self::Postgres(postgres) => postgres.end_forgetting(is_rewritten).await,
        }
    }

    /// Counts the forgotten videos: a ranking that was frozen while this number changed may contain one of
    /// them.
    pub(crate) async fn videos_gone(&self) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.catalog.videos_gone(),
            Self::Postgres(postgres) => postgres.videos_gone().await,
        }
    }

    /// Reads the creators of the videos of these rows, removed ones too.
    pub async fn creators_of_rows(
        &self,
        rows: RangeInclusive<VideoRow>,
    ) -> Result<Vec<(VideoRow, VideoId, Option<Creator>)>, StoreError> {
        let (first, last) = (rows.start().0.cast_signed(), rows.end().0.cast_signed());
        let found = match self {
            Self::Sqlite(sqlite) => sqlite.catalog.creators_of_rows(first, last)?,
            Self::Postgres(postgres) => postgres.creators_of_rows(first, last).await?,
        };
        let read = |(video, id, author): (i64, i64, i64)| {
            let wrong =
                |_| StoreError::Inconsistent { table: "videos", column: "id", row: video.to_string() };
            let id = VideoId::from_i64(id).map_err(wrong)?;
            Ok((VideoRow(video.cast_unsigned()), id, Creator::from_i64(author)))
        };
        found.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_hang_on_the_key_and_on_what_they_are_of() {
        let id: VideoId = 7_464_542_160_168_193_287.try_into().expect("an id");
        let author: domain::AuthorId = 7_464_542_160_168_193_287.try_into().expect("an id");
        let (one, other) = (ForgetKey([1; 16]), ForgetKey([2; 16]));
        assert_eq!(one.video(id), one.video(id));
        assert_ne!(one.video(id), other.video(id));
        assert_ne!(one.video(id), one.creator(author.into()), "an id of another kind");
        assert_eq!(format!("{one:?}"), "ForgetKey");
    }

    #[test]
    fn answers_are_searched_for_whole_words() {
        let named = Named {
            ids: HashSet::from([7_464_542_160_168_193_287]),
            handles: HashSet::from([Handle::new("cat.lover").expect("a handle")]),
        };
        assert!(named.is_in(br#"{"aweme_id":"7464542160168193287"}"#));
        assert!(named.is_in(br#"{"unique_id":"Cat.Lover"}"#));
        assert!(named.is_in(b"https://www.tiktok.com/@cat.lover/video/1"));
        assert!(!named.is_in(br#"{"aweme_id":"74645421601681932870"}"#));
        assert!(!named.is_in(br#"{"unique_id":"cat.lovers"}"#));
        assert!(!named.is_in(b""));
    }
}
