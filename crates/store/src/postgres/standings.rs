//! The totals that count and differ from the newest reading; on a cluster co-located with their hashtags.

use super::Postgres;
use super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::standings::{HashtagStandings, Standings};
use domain::HashtagRow;
use std::collections::HashMap;
use tokio_postgres::types::Type;

/// Rows written by one statement.
const ROWS_MAX: usize = 5_000;
const DROP: &str = "DELETE FROM tagmeter.standings WHERE hashtag = ANY($1) AND sequence <= $2";
const INSERT: &str = "INSERT INTO tagmeter.standings (hashtag, sequence, counts)
    SELECT hashtag, $2, counts FROM unnest($1::bigint[], $3::bytea[]) AS written (hashtag, counts)
    ON CONFLICT (hashtag) DO UPDATE SET sequence = excluded.sequence, counts = excluded.counts
    WHERE tagmeter.standings.sequence <= excluded.sequence";

impl Postgres {
    pub(crate) async fn write_standings(
        &self,
        sequence: u64,
        hashtags: &[HashtagStandings],
    ) -> Result<(), StoreError> {
        const DOING: &str = "store standings";
        let sequence = sequence.cast_signed();
        for hashtags in hashtags.chunks(ROWS_MAX) {
            let (gone, written): (Vec<_>, Vec<_>) =
                hashtags.iter().partition(|hashtag| hashtag.standings.is_empty());
            let numbers = |of: &[&HashtagStandings]| {
                of.iter().map(|hashtag| i64::from(hashtag.hashtag.0)).collect::<Vec<_>>()
            };
            let (gone, numbers_written) = (numbers(&gone), numbers(&written));
            let counts: Vec<Vec<u8>> = written.iter().map(|hashtag| hashtag.standings.to_bytes()).collect();
            let drop: [Parameter<'_>; 2] = [(&gone, Type::INT8_ARRAY), (&sequence, Type::INT8)];
            if !gone.is_empty() {
                self.pool.query(DOING, DROP, &drop).await?;
            }
            let parameters: [Parameter<'_>; 3] =
                [(&numbers_written, Type::INT8_ARRAY), (&sequence, Type::INT8), (&counts, Type::BYTEA_ARRAY)];
            if !written.is_empty() {
                self.pool.query(DOING, INSERT, &parameters).await?;
            }
        }
        Ok(())
    }

    /// Reads those of these hashtags.
    pub(crate) async fn standings_of(
        &self,
        hashtags: &[HashtagRow],
    ) -> Result<HashMap<HashtagRow, Standings>, StoreError> {
        const DOING: &str = "read standings";
        const ONE: &str = "SELECT hashtag, counts FROM tagmeter.standings WHERE hashtag = $1";
        const SEVERAL: &str = "SELECT hashtag, counts FROM tagmeter.standings WHERE hashtag = ANY($1)";
        let rows = match hashtags {
            [hashtag] => self.pool.query(DOING, ONE, &[(&i64::from(hashtag.0), Type::INT8)]).await?,
            _ => {
                let numbers: Vec<i64> = hashtags.iter().map(|row| i64::from(row.0)).collect();
                self.pool.query(DOING, SEVERAL, &[(&numbers, Type::INT8_ARRAY)]).await?
            }
        };
        let mut found = HashMap::new();
        for row in rows {
            let (hashtag, bytes): (i64, &[u8]) = row::read(&row).doing(DOING)?;
            let hashtag = crate::trends::row_number("standings", hashtag)?;
            found.insert(hashtag, crate::standings::read(hashtag, bytes)?);
        }
        Ok(found)
    }
}
