//! Decides which videos are gone, by two lists: the ids sent to TikTok's compliance API, and those it reports as still
//! valid.
//!
//! A failed or truncated download must never be read as "all of these are gone", since those videos are deleted for
//! good.

use crate::VideoId;
use std::collections::HashSet;

/// Up to this many ids, all of them may be gone.
const FEW: usize = 100;
/// This many missing ids at the end of the list mean a truncated download.
const TAIL_MIN: usize = 20;

/// Why the lists are implausible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ComplianceError {
    /// Nothing is valid.
    #[error(
        "the list of valid ids is empty, and {listed} were asked about: a failed download looks like that"
    )]
    Empty {
        /// Ids that were asked about.
        listed: usize,
    },
    /// Ids that were not in the request.
    #[error(
        "{number} of the valid ids were not asked about, the first of them {first}: the lists do not belong together, or the download broke off within an id"
    )]
    NotListed {
        /// The first of them.
        first: VideoId,
        /// Their number.
        number: usize,
    },
    /// The valid ids end long before the requested ones do.
    #[error(
        "the last {missing} ids that were asked about are all missing from the valid ones: the download broke off"
    )]
    BrokenOff {
        /// Ids at the end.
        missing: usize,
    },
    /// More than half are gone.
    #[error("{gone} of {listed} ids are missing from the valid ones, more than half")]
    MoreThanHalf {
        /// Ids that are missing.
        gone: usize,
        /// Ids that were asked about.
        listed: usize,
    },
}

impl ComplianceError {
    /// Returns true if `is_complete` overrides this error.
    pub const fn is_doubt(self) -> bool {
        matches!(self, Self::BrokenOff { .. } | Self::MoreThanHalf { .. })
    }
}

/// Returns the ids that were requested and are not valid, in the order of the request, without duplicates.
/// `is_complete` states that the list of valid ids is complete.
pub fn gone(
    listed: &[VideoId],
    valid: &[VideoId],
    is_complete: bool,
) -> Result<Vec<VideoId>, ComplianceError> {
    let mut known: HashSet<VideoId> = HashSet::with_capacity(listed.len());
    let listed: Vec<VideoId> = listed.iter().copied().filter(|id| known.insert(*id)).collect();
    if valid.is_empty() && listed.len() > FEW {
        return Err(ComplianceError::Empty { listed: listed.len() });
    }
    let mut not_listed = valid.iter().filter(|id| !known.contains(id));
    if let Some(first) = not_listed.next() {
        return Err(ComplianceError::NotListed { first: *first, number: not_listed.count() + 1 });
    }
    let valid: HashSet<VideoId> = valid.iter().copied().collect();
    let gone: Vec<VideoId> = listed.iter().copied().filter(|id| !valid.contains(id)).collect();
    if is_complete || listed.len() <= FEW {
        return Ok(gone);
    }
    let missing = listed.iter().rev().take_while(|id| !valid.contains(id)).count();
    if missing >= TAIL_MIN {
        return Err(ComplianceError::BrokenOff { missing });
    }
    if gone.len() > listed.len() / 2 {
        return Err(ComplianceError::MoreThanHalf { gone: gone.len(), listed: listed.len() });
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<VideoId> {
        numbers.into_iter().map(|n| (7_000_000_000_000_000_000 + n).try_into().expect("an id")).collect()
    }

    #[test]
    fn what_is_listed_and_not_valid_is_gone() {
        assert_eq!(gone(&ids([1, 2, 3, 2]), &ids([3, 1]), false), Ok(ids([2])));
        assert_eq!(
            gone(&ids(1..=1_000), &ids((1..=1_000).filter(|n| n % 7 != 0)), false).map(|g| g.len()),
            Ok(142)
        );
        assert_eq!(gone(&ids([1, 2]), &[], false), Ok(ids([1, 2])), "of a few all may be gone");
        assert_eq!(gone(&[], &[], false), Ok(Vec::new()));
    }

    #[test]
    fn a_failed_or_partial_download_is_never_all_gone() {
        let listed = ids(1..=1_000);
        let refused =
            |valid: Vec<VideoId>, is_complete| gone(&listed, &valid, is_complete).expect_err("refused");
        for is_complete in [false, true] {
            assert_eq!(refused(Vec::new(), is_complete), ComplianceError::Empty { listed: 1_000 });
            let cut: VideoId = 700_000.try_into().expect("an id");
            let mut valid = ids(1..=10);
            valid.push(cut);
            assert_eq!(refused(valid, is_complete), ComplianceError::NotListed { first: cut, number: 1 });
        }
        assert_eq!(refused(ids(1..=980), false), ComplianceError::BrokenOff { missing: 20 });
        assert_eq!(gone(&listed, &ids(1..=980), true).map(|gone| gone.len()), Ok(20));
        assert_eq!(gone(&listed, &ids(1..=981), false).map(|gone| gone.len()), Ok(19));
        let third = ids((1..=1_000).filter(|n| n % 3 == 1));
        assert_eq!(refused(third.clone(), false), ComplianceError::MoreThanHalf { gone: 666, listed: 1_000 });
        assert_eq!(gone(&listed, &third, true).map(|gone| gone.len()), Ok(666));
        assert!(!ComplianceError::Empty { listed: 101 }.is_doubt());
        assert_eq!(gone(&ids(1..=100), &[], false).map(|gone| gone.len()), Ok(100), "100 are few");
        assert!(gone(&ids(1..=101), &[], false).is_err());
    }
}
