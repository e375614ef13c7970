//! Writing the links between hashtags and videos.

use super::record::SqliteRows;
use super::rows_at_once::{ROWS_AT_ONCE, RowsAtOnce};
use crate::StoreError;
use crate::error::Doing;
use crate::recording::{Link, LinkRows};
use rusqlite::{Statement, Transaction};

/// The statements that links need, prepared once a transaction.
pub(super) struct LinkStatements<'c> {
    find: Statement<'c>,
    count: Statement<'c>,
    make: RowsAtOnce<'c, 5>,
    /// Links to write with the next full statement.
    waiting: Vec<Link>,
    update: Statement<'c>,
    forget: Statement<'c>,
}

impl<'c> LinkStatements<'c> {
    pub(super) fn new(transaction: &'c Transaction<'_>) -> Result<Self, StoreError> {
        let prepare = |sql: &str| transaction.prepare(sql).doing("prepare to write links");
        Ok(Self {
            find: prepare("SELECT 1 FROM links WHERE hashtag = ?1 AND author = ?2 LIMIT 1")?,
            count: prepare("SELECT count(*) FROM links WHERE hashtag = ?1 AND author = ?2")?,
            make: RowsAtOnce::new(transaction, "INSERT INTO links (hashtag, author, video, plays, region)")?,
            waiting: Vec::with_capacity(ROWS_AT_ONCE),
            update: prepare(
                "UPDATE links SET plays = ?4, region = ?5 WHERE hashtag = ?1 AND author = ?2 AND video = ?3",
            )?,
            forget: prepare("DELETE FROM links WHERE hashtag = ?1 AND author = ?2 AND video = ?3")?,
        })
    }

    /// Writes the waiting links.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        let bind = |statement: &mut Statement<'_>, first, link: &Link| {
            statement.raw_bind_parameter(first, link.hashtag)?;
            statement.raw_bind_parameter(first + 1, link.author)?;
            statement.raw_bind_parameter(first + 2, link.video)?;
            statement.raw_bind_parameter(first + 3, link.plays)?;
            statement.raw_bind_parameter(first + 4, link.region)
        };
        self.make.insert(&self.waiting, bind).doing("write links")?;
        self.waiting.clear();
        Ok(())
    }
}

impl LinkRows for SqliteRows<'_> {
    fn has_author(&mut self, hashtag: u32, author: i64) -> Result<bool, StoreError> {
        // Links arrive in order, so this author's links of the transaction are not written yet.
        self.links.find.exists((hashtag, author)).doing("look an author up")
    }

    fn author_links(&mut self, hashtag: u32, author: i64) -> Result<i64, StoreError> {
        self.links.count.query_row((hashtag, author), |row| row.get(0)).doing("count the links of an author")
    }

    fn make_link(&mut self, link: &Link) -> Result<(), StoreError> {
        // No waiting link is read, changed or dropped: each is written once.
        self.links.waiting.push(*link);
        if self.links.waiting.len() == ROWS_AT_ONCE { self.links.flush() } else { Ok(()) }
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
