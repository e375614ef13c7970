//! Age of a file since its last write, to remove leftovers.

use domain::Timestamp;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// Maximum lead of a file's time over our clock: network file systems have clocks of their own.
const AHEAD_MS_MAX: i64 = 3_600_000;

/// Returns the milliseconds since a file was last written; `None` if unknown. A time in the future is from a
/// clock that was ahead: it is set to now, and the file's age counts from there.
pub fn untouched_ms(path: &Path, now: Timestamp) -> Option<i64> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let age_ms = now.as_ms().saturating_sub(i64::try_from(modified.as_millis()).ok()?);
    if age_ms >= -AHEAD_MS_MAX {
        return Some(age_ms);
    }
    let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.as_ms()).ok()?);
    if let Err(error) = File::open(path).and_then(|file| file.set_modified(now)) {
        tracing::warn!(%error, path = %path.display(), "the time of a file cannot be corrected");
    }
    Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_future_counts_from_now_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "x").expect("written");
        let now = Timestamp::from_ms(1_781_028_995_000);
        let later = |ms: i64| Timestamp::from_ms(now.as_ms() + ms);
        let written_at = |at: Timestamp| {
            let at = UNIX_EPOCH + Duration::from_millis(at.as_ms().unsigned_abs());
            File::open(&path).and_then(|file| file.set_modified(at)).expect("set");
        };
        written_at(now);
        assert_eq!(untouched_ms(&path, later(5_000)), Some(5_000));
        assert_eq!(untouched_ms(&path, later(-5_000)), Some(-5_000), "clocks differ");
        written_at(later(365 * 86_400_000));
        assert_eq!([untouched_ms(&path, now), untouched_ms(&path, later(7_000))], [Some(0), Some(7_000)]);
        assert_eq!(untouched_ms(&folder.path().join("b"), now), None);
    }
}
