//! Work that panics on purpose, so that tests see what outlives it. It is there with the feature `seeded-panics` alone, which
//! is never on in what is shipped.

use crate::ledger::Charge;
use domain::VideoId;

/// A video that panics the catalog's writer.
pub const VIDEO: u64 = i64::MAX as u64 - 1;
/// An `Idempotency-Key` that panics the ledger.
pub const KEY: &str = "seeded-panic";

/// Panics at [`VIDEO`].
pub(crate) fn video(id: VideoId) {
    assert!(id.get() != VIDEO, "a video that panics on purpose");
}

/// Panics where a charge has [`KEY`].
pub(crate) fn charges<'c>(mut charges: impl Iterator<Item = &'c Charge>) {
    let is_seeded = |charge: &Charge| charge.idempotency.as_ref().is_some_and(|it| it.key.as_str() == KEY);
    assert!(!charges.any(is_seeded), "a charge that panics on purpose");
}
