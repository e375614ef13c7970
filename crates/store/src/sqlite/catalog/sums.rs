//! Comparing the sums of hashtags with their links.

use super::CatalogFile;
use super::record::list;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::sums::{SumsOff, SumsRow, query, stored_views};
use rusqlite::{Connection, TransactionBehavior};

impl CatalogFile {
    pub(crate) fn sums_off(&self) -> Result<Vec<SumsOff>, StoreError> {
        self.readers.with(off)
    }

    pub(crate) async fn heal_sums(&self) -> Result<Vec<SumsOff>, StoreError> {
        self.writer
            .run(|connection| {
                const DOING: &str = "correct a hashtag's sums";
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
                let found = off(&transaction)?;
                if found.is_empty() {
                    return Ok(found);
                }
                let sequence = super::changes::sequence(&transaction)? + 1;
                {
                    let mut set = transaction
                        .prepare(
                            "UPDATE hashtags SET held_videos = ?2, held_views = ?3, held_creators = ?4, changed = ?5,
                                held_by_handle = ?6
                             WHERE hashtag = ?1",
                        )
                        .doing(DOING)?;
                    for SumsOff { hashtag, linked, .. } in &found {
                        let (videos, creators) = (linked.videos.cast_signed(), linked.creators.cast_signed());
                        let views = stored_views(linked);
                        let by_handle = linked.by_handle.cast_signed();
                        set.execute((hashtag.0, videos, views, creators, sequence.cast_signed(), by_handle))
                            .doing(DOING)?;
                    }
                }
                let changed: Vec<u32> = found.iter().map(|off| off.hashtag.0).collect();
                list(&transaction, sequence, &changed)?;
                transaction.commit().doing(DOING)?;
                Ok(found)
            })
            .await
    }
}

fn off(connection: &Connection) -> Result<Vec<SumsOff>, StoreError> {
    const DOING: &str = "add links up";
    let mut statement = connection.prepare(&query("")).doing(DOING)?;
    let mut rows = statement.query([]).doing(DOING)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        found.extend(row::sqlite::<SumsRow>(row).doing(DOING)?.read()?);
    }
    Ok(found)
}
