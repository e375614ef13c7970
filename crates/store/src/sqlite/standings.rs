//! The totals that count and differ from the newest reading, in `walks.db` beside the trends.

use super::walks::WalksFile;
use crate::StoreError;
use crate::error::Doing;
use crate::standings::{HashtagStandings, Standings};
use domain::HashtagRow;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::collections::HashMap;

impl WalksFile {
    pub(crate) async fn write_standings(
        &self,
        sequence: u64,
        hashtags: Vec<HashtagStandings>,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| write(connection, sequence, &hashtags).doing("store standings"))
            .await
    }

    /// Reads those of these hashtags.
    pub(crate) fn standings_of(
        &self,
        hashtags: &[HashtagRow],
    ) -> Result<HashMap<HashtagRow, Standings>, StoreError> {
        const DOING: &str = "read standings";
        self.readers.with_snapshot(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT counts FROM standings WHERE hashtag = ?1").doing(DOING)?;
            let mut found = HashMap::new();
            for &hashtag in hashtags {
                let bytes: Option<Vec<u8>> =
                    statement.query_row([hashtag.0], |row| row.get(0)).optional().doing(DOING)?;
                if let Some(bytes) = bytes {
                    found.insert(hashtag, crate::standings::read(hashtag, &bytes)?);
                }
            }
            Ok(found)
        })
    }
}

fn write(connection: &mut Connection, sequence: u64, hashtags: &[HashtagStandings]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut drop =
            transaction.prepare_cached("DELETE FROM standings WHERE hashtag = ?1 AND sequence <= ?2")?;
        let mut put = transaction.prepare_cached(
            "INSERT OR IGNORE INTO standings (hashtag, sequence, counts) VALUES (?1, ?2, ?3)",
        )?;
        for HashtagStandings { hashtag, standings } in hashtags {
            drop.execute((hashtag.0, sequence.cast_signed()))?;
            if !standings.is_empty() {
                put.execute((hashtag.0, sequence.cast_signed(), standings.to_bytes()))?;
            }
        }
    }
    transaction.commit()
}
