//! The list of changes that followers read.

use super::super::{Postgres, unfinished};
use crate::StoreError;
use crate::hashtags::Changes;

impl Postgres {
    pub(crate) async fn sequence(&self) -> Result<u64, StoreError> {
        Err(unfinished())
    }

    pub(crate) async fn changes_since(&self, after: u64) -> Result<Changes, StoreError> {
        let _ = (after,);
        Err(unfinished())
    }
}
