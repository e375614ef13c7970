//! Links between hashtags and videos, on their way into their table.

use super::record::PostgresRows;
use super::record_copy::{CopyRows, Staged, Staging};
use crate::StoreError;
use crate::error::Doing;
use crate::recording::{Link, LinkRows};
use crate::row;
use std::collections::HashMap;
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const COPY: &str =
    "COPY tagmeter.links (hashtag, author, video, id, plays, region) FROM STDIN (FORMAT binary)";
/// Pairs of hashtag and author per query.
const AUTHORS_MAX: usize = 20_000;

/// Links that wait to be written.
#[derive(Debug)]
pub(super) struct Links {
    make: CopyRows,
    change: CopyRows,
    forget: CopyRows,
    /// Number of links that creators had under the hashtag before, of those whose links are made or dropped.
    authors: HashMap<(u32, i64), i64>,
}

impl Links {
    pub(super) fn new() -> Self {
        Self {
            make: CopyRows::new(6),
            change: CopyRows::new(6),
            forget: CopyRows::new(3),
            authors: HashMap::new(),
        }
    }

    /// Writes what waits.
    pub(super) async fn flush(
        &mut self,
        transaction: &Transaction<'_>,
        staging: &mut Staging,
    ) -> Result<(), StoreError> {
        staging.put("make links", COPY, &mut self.make);
        staging.background.go()?;
        let change = Staged {
            name: "links_changed",
            columns: "LIKE tagmeter.links",
            copied: "hashtag, author, video, id, plays, region".to_owned(),
            apply: "INSERT INTO tagmeter.links (hashtag, author, video, id, plays, region)
                SELECT hashtag, author, video, id, plays, region FROM {staged}
                ON CONFLICT (hashtag, author, video) DO UPDATE SET plays = excluded.plays, region = excluded.region"
                .to_owned(),
        };
        staging.take(transaction, "change links", &change, &mut self.change).await?;
        let forget = Staged {
            name: "links_dropped",
            columns: "hashtag bigint, author bigint, video bigint",
            copied: "hashtag, author, video".to_owned(),
            apply: "DELETE FROM tagmeter.links l USING {staged} s
                WHERE l.hashtag = s.hashtag AND l.author = s.author AND l.video = s.video"
                .to_owned(),
        };
        staging.take(transaction, "drop links", &forget, &mut self.forget).await.map(|_| ())
    }
}

impl PostgresRows<'_> {
    /// A row of `links`; TikTok's id of the video is known, as the transaction read or made the video.
    fn link(rows: &mut CopyRows, link: &Link, id: i64) {
        rows.row().number(i64::from(link.hashtag)).number(link.author).number(i64::from(link.video));
        rows.number(id).number(link.plays).number(i64::from(link.region));
    }
}

impl LinkRows for PostgresRows<'_> {
    fn expect_links(&mut self, links: &[Link], first_new_hashtag: u32) -> Result<(), StoreError> {
        let wanted =
            |link: &&Link| link.moves_creator() && link.author != 0 && link.hashtag < first_new_hashtag;
        let mut under: Vec<(u32, i64)> =
            links.iter().filter(wanted).map(|link| (link.hashtag, link.author)).collect();
        // Links come in order of hashtag and author.
        under.dedup();
        for some in under.chunks(AUTHORS_MAX) {
            let found = self.on.wait(present(self.on.transaction, some))?;
            self.links.authors.extend(found);
        }
        Ok(())
    }

    fn has_author(&mut self, hashtag: u32, author: i64) -> Result<bool, StoreError> {
        Ok(self.links.authors.contains_key(&(hashtag, author)))
    }

    fn author_links(&mut self, hashtag: u32, author: i64) -> Result<i64, StoreError> {
        Ok(self.links.authors.get(&(hashtag, author)).copied().unwrap_or(0))
    }

    fn make_link(&mut self, link: &Link) -> Result<(), StoreError> {
        let id = self.videos.id_of(link.video)?;
        Self::link(&mut self.links.make, link, id);
        self.staging.put_full("make links", COPY, &mut self.links.make)
    }

    fn change_link(&mut self, link: &Link) -> Result<(), StoreError> {
        let id = self.videos.id_of(link.video)?;
        Self::link(&mut self.links.change, link, id);
        Ok(())
    }

    fn drop_link(&mut self, link: &Link) -> Result<(), StoreError> {
        let row = self.links.forget.row().number(i64::from(link.hashtag));
        row.number(link.author).number(i64::from(link.video));
        Ok(())
    }
}

/// Counts the links of these creators under these hashtags, without zeros.
async fn present(
    transaction: &Transaction<'_>,
    under: &[(u32, i64)],
) -> Result<Vec<((u32, i64), i64)>, StoreError> {
    const DOING: &str = "look authors up";
    let (hashtags, authors): (Vec<i64>, Vec<i64>) =
        under.iter().map(|(hashtag, author)| (i64::from(*hashtag), *author)).unzip();
    let rows = transaction
        .query_typed(
            "SELECT l.hashtag, l.author, count(*)
             FROM unnest($1, $2) AS wanted (hashtag, author)
             JOIN tagmeter.links l ON l.hashtag = wanted.hashtag AND l.author = wanted.author
             GROUP BY l.hashtag, l.author",
            &[(&hashtags, Type::INT8_ARRAY), (&authors, Type::INT8_ARRAY)],
        )
        .await
        .doing(DOING)?;
    let found = rows.iter().map(|row| {
        let (hashtag, author, count): (u32, i64, i64) = row::read(row)?;
        Ok(((hashtag, author), count))
    });
    found.collect::<Result<_, tokio_postgres::Error>>().doing(DOING)
}
