//! Plays by creator under hashtags, from the links alone, which are stored in the order of hashtag and creator.

use super::CatalogFile;
use crate::StoreError;
use crate::error::Doing;
use crate::recording::sums::VIEWS_MAX;
use crate::row;
use crate::trends::CreatorPlays;
use domain::HashtagRow;
use rusqlite::{Connection, Statement};

const DOING: &str = "add plays up";

impl CatalogFile {
    pub(crate) fn creator_plays(
        &self,
        hashtags: &[HashtagRow],
        videos_max: u32,
    ) -> Result<Vec<CreatorPlays>, StoreError> {
        self.readers.with_snapshot(|connection| {
            let mut reading = Reading::new(connection).doing(DOING)?;
            let mut found = Vec::new();
            for &hashtag in hashtags {
                if let Some(plays) =
                    reading.plays(hashtag, videos_max).doing(DOING)?.filter(|p| !p.is_empty())
                {
                    found.push(CreatorPlays { hashtag, plays });
                }
            }
            Ok(found)
        })
    }
}

struct Reading<'a> {
    links: Statement<'a>,
    with_plays: Statement<'a>,
}

/// A creator whose links are being read.
#[derive(Default)]
struct Creator {
    author: i64,
    plays: u128,
    has_plays: bool,
}

impl<'a> Reading<'a> {
    fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            links: connection.prepare(
                "SELECT author, plays, video FROM links WHERE hashtag = ?1 ORDER BY author, video LIMIT ?2",
            )?,
            with_plays: connection.prepare(&format!(
                "SELECT coalesce(plays <= {VIEWS_MAX}, FALSE) FROM videos WHERE video = ?1"
            ))?,
        })
    }

    /// Returns the plays; `None` if there are more than `videos_max` videos.
    fn plays(&mut self, hashtag: HashtagRow, videos_max: u32) -> rusqlite::Result<Option<Vec<u128>>> {
        let (mut found, mut creator) = (Vec::new(), Creator::default());
        let mut rows = self.links.query((hashtag.0, i64::from(videos_max) + 1))?;
        let mut videos = 0;
        while let Some(row) = rows.next()? {
            videos += 1;
            let (author, plays, video): (i64, i64, i64) = row::read(row)?;
            if author != creator.author {
                let before = std::mem::replace(&mut creator, Creator { author, ..Creator::default() });
                found.extend(before.has_plays.then_some(before.plays));
            }
            // Counts above the limit, which older versions stored, are read as unknown.
            let plays = if (0..=VIEWS_MAX).contains(&plays) { plays } else { 0 };
            creator.plays += u128::from(plays.unsigned_abs());
            // A link has 0 also if plays are unknown; a creator without any known plays is left out.
            if author != 0 && !creator.has_plays {
                creator.has_plays = plays > 0 || self.with_plays.query_row([video], row::sqlite)?;
            }
        }
        found.extend(creator.has_plays.then_some(creator.plays));
        Ok((videos <= videos_max).then_some(found))
    }
}
