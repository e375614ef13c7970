//! Charges committed in groups.

use super::connection::Pool;

/// What commits them.
#[derive(Debug)]
pub(crate) struct Charges {
    #[expect(dead_code, reason = "unfinished")]
    pool: Pool,
}

impl Charges {
    pub(crate) fn start(pool: Pool) -> Self {
        Self { pool }
    }
}
