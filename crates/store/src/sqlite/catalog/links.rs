//! The links between hashtags and videos: writing them.

use super::record::SqliteRows;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::{Link, LinkRows};
use rusqlite::{Statement, Transaction};

/// The statements that links need, prepared once a transaction.
pub(super) struct LinkStatements<'c> {
    find: Statement<'c>,
    count: Statement<'c>,
    make: Statement<'c>,
    update: Statement<'c>,
    forget: Statement<'c>,
}

impl<'c> LinkStatements<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to write links");
        Ok(Self {
            find: prepare("SELECT 1 FROM links WHERE hashtag = ?1 AND author = ?2 LIMIT 1")?,
            count: prepare("SELECT count(*) FROM links WHERE hashtag = ?1 AND author = ?2")?,
            make: prepare(
                "INSERT INTO links (hashtag, author, video, plays, region) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            update: prepare(
                "UPDATE links SET plays = ?4, region = ?5 WHERE hashtag = ?1 AND author = ?2 AND video = ?3",
            )?,
            forget: prepare("DELETE FROM links WHERE hashtag = ?1 AND author = ?2 AND video = ?3")?,
        })
    }
}

impl LinkRows for SqliteRows<'_> {
    fn has_author(&mut self, hashtag: u32, author: i64) -> Result<bool, StoreError> {
        // Links come in order, so this author's of the transaction are not written yet.
        self.links.find.exists((hashtag, author)).doing("look an author up")
    }

    fn author_links(&mut self, hashtag: u32, author: i64) -> Result<i64, StoreError> {
        self.links.count.query_row((hashtag, author), |row| row.get(0)).doing("count the links of an author")
    }

    fn make_link(&mut self, link: &Link) -> Result<(), StoreError> {
        self.links
            .make
            .execute((link.hashtag, link.author, link.video, link.plays, link.region))
            .map(|_| ())
            .doing("make a link")
    }

    fn change_link(&mut self, link: &Link) -> Result<(), StoreError> {
        self.links
            .update
            .execute((link.hashtag, link.author, link.video, link.plays, link.region))
            .map(|_| ())
            .doing("change a link")
    }

    fn drop_link(&mut self, link: &Link) -> Result<(), StoreError> {
        let key = (link.hashtag, link.author, link.video);
        self.links.forget.execute(key).map(|_| ()).doing("drop a link")
    }
}
