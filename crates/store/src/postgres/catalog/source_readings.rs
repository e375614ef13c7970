//! The newest reading of each source.

use super::super::Postgres;
use super::super::connection::Parameter;
use crate::StoreError;
use crate::error::Doing;
use crate::row;
use crate::source_readings::{SourceColumns, source_columns};
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

const ALL: &str =
    concat!("SELECT ", source_columns!(), " FROM tagmeter.source_readings ORDER BY observed_at DESC, source");
const NOTE: &str = "INSERT INTO tagmeter.source_readings AS known (source, observed_at, arrived_at)
    SELECT source, observed_at, $3 FROM unnest($1::bigint[], $2::bigint[]) AS read (source, observed_at)
    ON CONFLICT (source) DO UPDATE SET observed_at = excluded.observed_at, arrived_at = excluded.arrived_at
    WHERE excluded.observed_at > known.observed_at";

impl Postgres {
    pub(crate) async fn source_readings(&self) -> Result<Vec<SourceColumns>, StoreError> {
        const DOING: &str = "read the newest reading of each source";
        let rows = self.pool.query(DOING, ALL, &[]).await?;
        rows.iter().map(row::postgres).collect::<Result<_, _>>().doing(DOING)
    }
}

/// Notes the newest readings of sources that came in at `now`.
pub(super) async fn note_sources(
    transaction: &Transaction<'_>,
    now: i64,
    newest: &[(u8, i64)],
) -> Result<(), StoreError> {
    let (sources, times): (Vec<i64>, Vec<i64>) =
        newest.iter().map(|(source, at)| (i64::from(*source), *at)).unzip();
    let parameters: [Parameter<'_>; 3] =
        [(&sources, Type::INT8_ARRAY), (&times, Type::INT8_ARRAY), (&now, Type::INT8)];
    let noted = transaction.execute_typed(NOTE, &parameters).await;
    noted.map(|_| ()).doing("note the newest reading of a source")
}
