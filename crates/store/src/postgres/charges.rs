//! Charges committed in groups.

use super::connection::Pool;
use super::quotes::Quotes;
use crate::StoreError;
use crate::ledger::{Charge, ChargeOutcome, LedgerActivity};
use std::sync::Arc;

/// What commits them.
#[derive(Debug)]
pub(crate) struct Charges {
    pub(super) quotes: Arc<Quotes>,
}

impl Charges {
    pub(crate) fn start(_: Pool) -> Self {
        Self { quotes: Arc::default() }
    }

    pub(super) fn activity(&self) -> LedgerActivity {
        LedgerActivity::default()
    }

    pub(super) async fn charge(&self, _: Charge) -> Result<ChargeOutcome, StoreError> {
        Err(super::unfinished())
    }
}
