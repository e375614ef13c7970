//! Work that panics on purpose, for tests of recovery. It needs the feature `seeded-panics`, which only
//! `testkit` enables, and debug assertions: a build of the whole workspace unifies features, and no release
//! build may panic for a client that sends these values.

#[cfg(debug_assertions)]
use crate::ledger::Charge;
#[cfg(debug_assertions)]
use domain::VideoId;

/// A video at which the catalog's writer panics.
pub const VIDEO: u64 = i64::MAX as u64 - 1;
/// An `Idempotency-Key` at which the ledger panics.
pub const KEY: &str = "seeded-panic";

/// Panics at [`VIDEO`].
#[cfg(debug_assertions)]
pub(crate) fn video(id: VideoId) {
    assert!(id.get() != VIDEO, "a video that panics on purpose");
}

/// Panics if a charge has [`KEY`].
#[cfg(debug_assertions)]
pub(crate) fn charges<'c>(mut charges: impl Iterator<Item = &'c Charge>) {
    let is_seeded = |charge: &Charge| charge.idempotency.as_ref().is_some_and(|it| it.key.as_str() == KEY);
    assert!(!charges.any(is_seeded), "a charge that panics on purpose");
}
