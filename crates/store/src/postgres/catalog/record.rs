//! Taking observations in.

use super::super::{Postgres, unfinished};
use crate::StoreError;
use crate::record::{Prepared, Recorded};
use std::sync::mpsc;

impl Postgres {
    pub(crate) async fn record(
        &self,
        chunks: mpsc::Receiver<Vec<Prepared>>,
        records_max: u64,
    ) -> Result<(Recorded, mpsc::Receiver<Vec<Prepared>>), StoreError> {
        let _ = (chunks, records_max);
        Err(unfinished())
    }
}
