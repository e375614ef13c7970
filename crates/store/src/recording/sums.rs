//! The sum of views of a hashtag's stored videos. Above the largest count it is unknown and stays so, until `audit --heal`
//! adds the links up again: what is not known cannot be moved.

use domain::count::COUNT_MAX;

/// The largest sum that is stored as it is.
pub(crate) const VIEWS_MAX: i64 = COUNT_MAX.cast_signed();
/// Stored in place of a larger sum. Versions before this limit can have stored any number above it.
pub(crate) const VIEWS_UNKNOWN: i64 = i64::MAX;

/// A sum as it is stored.
pub(crate) fn views(sum: i128) -> i64 {
    match i64::try_from(sum) {
        Ok(sum) if sum <= VIEWS_MAX => sum,
        _ if sum < 0 => 0,
        _ => VIEWS_UNKNOWN,
    }
}

/// SQL for the stored sum `stored` after it moved by `by`, which is at most one above [`VIEWS_MAX`] to either side.
pub(crate) fn moved(stored: &str, by: &str) -> String {
    // Each branch is reached only where the one before it does not hold, so that nothing overflows.
    format!(
        "CASE WHEN {stored} > {VIEWS_MAX} THEN {VIEWS_UNKNOWN} WHEN {stored} + {by} > {VIEWS_MAX} THEN {VIEWS_UNKNOWN}
         ELSE {stored} + {by} END"
    )
}
