//! Age of a file since its last write, to remove leftovers.

use domain::Timestamp;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// A file may be this far ahead of our clock: file systems over a network have clocks of their own.
const AHEAD_MS_MAX: i64 = 3_600_000;

/// Milliseconds since a file was last written; `None` where that cannot be known. One that claims to be written in the
/// future was written while the clock stood ahead: it counts from now on, and its time is set right.
pub fn untouched_ms(path: &Path, now: Timestamp) -> Option<i64> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let age_ms = now.as_ms().saturating_sub(i64::try_from(modified.as_millis()).ok()?);
    if age_ms >= -AHEAD_MS_MAX {
        return Some(age_ms);
    }
    let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.as_ms()).ok()?);
    if let Err(error) = File::open(path).and_then(|file| file.set_modified(now)) {
        tracing::warn!(%error, path = %path.display(), "the time of a file cannot be set right");
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
