//! The links between hashtags and videos that a transaction makes or changes: gathered, sorted, written in order of
//! the table, so that each page is touched once.

use super::rows::Rows;
use super::touched::TouchedTags;
use crate::StoreError;

/// What is to happen to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Make,
    /// Plays or region are others now.
    Update,
    /// The author became known: the link under author 0 goes.
    Drop,
}

/// One link and what is to happen to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) hashtag: u32,
    pub(crate) video: u32,
    /// 0 when not told.
    pub(crate) author: i64,
    pub(crate) plays: i64,
    /// Place in the transaction: what happens to one link happens in the order it was asked.
    pub(super) order: u32,
    pub(crate) region: u16,
    pub(super) change: Change,
}

impl Link {
    /// Whether this step makes it.
    pub(crate) fn is_made(&self) -> bool {
        self.change == Change::Make
    }
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
pub(super) fn write<R: Rows>(rows: &mut R, links: Links, tags: &mut TouchedTags) -> Result<(), StoreError> {
    let mut links = links.0;
    // A stable sort would need half the list again.
    links.sort_unstable_by_key(|link| (link.hashtag, link.author, link.video, link.order));
    rows.expect_links(&links, tags.first())?;
    let mut present = (0_u32, 0_i64);
    let same = |a: &Link, b: &Link| (a.hashtag, a.author, a.video) == (b.hashtag, b.author, b.video);
    for steps in links.chunk_by(same) {
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { continue };
        // What was made and dropped within the transaction was never there.
        match (first.change, last.change) {
            (Change::Make, Change::Drop) => {}
            (Change::Make, _) => apply(rows, last, Change::Make, tags, &mut present)?,
            (_, change) => apply(rows, last, change, tags, &mut present)?,
        }
    }
    Ok(())
}

fn apply<R: Rows>(
    rows: &mut R,
    link: &Link,
    change: Change,
    tags: &mut TouchedTags,
    present: &mut (u32, i64),
) -> Result<(), StoreError> {
    match change {
        Change::Make => {
            let under = (link.hashtag, link.author);
            if link.author != 0 && *present != under {
                let is_there = link.hashtag < tags.first() && rows.has_author(link.hashtag, link.author)?;
                tags.entry(link.hashtag).creators += i64::from(!is_there);
                *present = under;
            }
            rows.make_link(link)
        }
        Change::Update => rows.change_link(link),
        Change::Drop => rows.drop_link(link),
    }
}
