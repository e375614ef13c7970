//! Feeding the audit.

use super::{Postgres, unfinished};
use crate::StoreError;
use crate::audit::AuditReport;

impl Postgres {
    pub(crate) async fn audit(&self) -> Result<AuditReport, StoreError> {
        Err(unfinished())
    }
}
