//! The links between hashtags and videos that a transaction makes or changes: gathered, sorted, written in order of
//! the table, so that each page is touched once.

use super::touched::TouchedTags;
use crate::StoreError;
use crate::error::Doing;
use rusqlite::Transaction;

/// What is to happen to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Make,
    /// Plays or region are others now.
    Update,
    /// The author became known: the link under author 0 goes.
    Drop,
}

/// One link and what is to happen to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) hashtag: u32,
    pub(super) video: u32,
    /// 0 when not told.
    pub(super) author: i64,
    pub(super) plays: i64,
    /// Place in the transaction: what happens to one link happens in the order it was asked.
    pub(super) order: u32,
    pub(super) region: u16,
    pub(super) change: Change,
}

/// The links of a transaction, in the order they were asked for.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Link>);

impl Links {
    pub(super) fn push(&mut self, mut link: Link) {
        // A transaction holds far fewer than 2^32 links.
        link.order = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.push(link);
    }
}

/// Writes the links and counts the authors that are new to a hashtag.
pub(super) fn write(
    transaction: &Transaction<'_>,
    links: Links,
    tags: &mut TouchedTags<'_>,
) -> Result<(), StoreError> {
    let mut links = links.0;
    // A stable sort would need half the list again.
    links.sort_unstable_by_key(|link| (link.hashtag, link.author, link.video, link.order));
    let mut find = transaction
        .prepare("SELECT 1 FROM links WHERE hashtag = ?1 AND author = ?2 LIMIT 1")
        .doing("look an author up")?;
    let mut make = transaction
        .prepare("INSERT INTO links (hashtag, author, video, plays, region) VALUES (?1, ?2, ?3, ?4, ?5)")
        .doing("make a link")?;
    let mut update = transaction
        .prepare("UPDATE links SET plays = ?4, region = ?5 WHERE hashtag = ?1 AND author = ?2 AND video = ?3")
        .doing("change a link")?;
    let mut forget = transaction
        .prepare("DELETE FROM links WHERE hashtag = ?1 AND author = ?2 AND video = ?3")
        .doing("drop a link")?;
    let mut present = (0_u32, 0_i64);
    let mut current = (0_u32, false);
    for link in links {
        let (hashtag, author) = (link.hashtag, link.author);
        if current.0 != hashtag {
            current = (hashtag, tags.entry(hashtag).new.is_some());
        }
        match link.change {
            Change::Make => {
                if author != 0 && present != (hashtag, author) {
                    let is_there = !current.1 && find.exists((hashtag, author)).doing("look an author up")?;
                    tags.entry(hashtag).creators += i64::from(!is_there);
                    present = (hashtag, author);
                }
                make.execute((hashtag, author, link.video, link.plays, link.region)).doing("make a link")?;
            }
            Change::Update => {
                update
                    .execute((hashtag, author, link.video, link.plays, link.region))
                    .doing("change a link")?;
            }
            Change::Drop => {
                forget.execute((hashtag, author, link.video)).doing("drop a link")?;
            }
        }
    }
    Ok(())
}
