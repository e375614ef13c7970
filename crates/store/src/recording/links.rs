//! The links between hashtags and videos that a transaction makes or changes: gathered, sorted, written in order of
//! the table, so that each page is touched once.

use super::rows::Rows;
use super::touched::TouchedTags;
use crate::StoreError;

/// Change of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Make,
    /// Plays or region are others now.
    Update,
    /// The creator is another now: the link under the one before goes.
    Drop,
}

/// One link and what is to happen to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) hashtag: u32,
    pub(crate) video: u32,
    /// 0 when unknown.
    pub(crate) author: i64,
    pub(crate) plays: i64,
    /// Place in the transaction: what happens to one link happens in the order it was asked.
    pub(super) order: u32,
    pub(crate) region: u16,
    pub(super) change: Change,
}

impl Link {
    /// Returns whether this step makes it or removes it, so that its creator may be another under the hashtag.
    pub(crate) fn moves_creator(&self) -> bool {
        self.change != Change::Update
    }
}

/// The links of a transaction, in the order of their first use.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Link>);

impl Links {
    pub(super) fn push(&mut self, mut link: Link) {
        // A transaction holds far fewer than 2^32 links.
        link.order = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.push(link);
    }
}

/// Writes the links and counts the creators that come to a hashtag or leave it.
pub(super) fn write<R: Rows>(rows: &mut R, links: Links, tags: &mut TouchedTags) -> Result<(), StoreError> {
    let mut links = links.0;
    // A stable sort would need half the list again.
    links.sort_unstable_by_key(|link| (link.hashtag, link.author, link.video, link.order));
    rows.expect_links(&links, tags.first())?;
    for under in links.chunk_by(|a, b| (a.hashtag, a.author) == (b.hashtag, b.author)) {
        let steps: Vec<(&Link, Change)> =
            under.chunk_by(|a, b| a.video == b.video).filter_map(outcome).collect();
        count_creator(rows, &steps, tags)?;
        for (link, change) in steps {
            match change {
                Change::Make => rows.make_link(link)?,
                Change::Update => rows.change_link(link)?,
                Change::Drop => rows.drop_link(link)?,
            }
        }
    }
    Ok(())
}

/// Net change of one link after all its steps. A link that was made and dropped within the transaction was never there;
/// what was dropped and made again was there all along.
fn outcome(steps: &[Link]) -> Option<(&Link, Change)> {
    let (first, last) = (steps.first()?, steps.last()?);
    let change = match (first.change, last.change) {
        (Change::Make, Change::Drop) => return None,
        (Change::Make, _) => Change::Make,
        (_, Change::Make) => Change::Update,
        (_, change) => change,
    };
    Some((last, change))
}

/// Counts a creator whose links under a hashtag are made and dropped: whether one is there now and none was before, or the
/// other way round.
fn count_creator<R: Rows>(
    rows: &mut R,
    steps: &[(&Link, Change)],
    tags: &mut TouchedTags,
) -> Result<(), StoreError> {
    let Some((Link { hashtag, author, .. }, _)) = steps.first() else { return Ok(()) };
    let number = |change| steps.iter().filter(|(_, other)| *other == change).count().cast_signed() as i64;
    let (made, dropped) = (number(Change::Make), number(Change::Drop));
    if *author == 0 || made + dropped == 0 {
        return Ok(());
    }
    let before = match () {
        () if *hashtag >= tags.first() => 0,
        () if dropped > 0 => rows.author_links(*hashtag, *author)?,
        () => i64::from(rows.has_author(*hashtag, *author)?),
    };
    let change = i64::from(before + made > dropped) - i64::from(before > 0);
    let touched = tags.entry(*hashtag);
    touched.creators += change;
    touched.by_handle += if *author < 0 { change } else { 0 };
    Ok(())
}
