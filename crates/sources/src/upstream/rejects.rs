//! Unusable records in an upstream's answer. All are counted; the first ones are listed with their reasons.

use super::contract::Page;
use domain::HashtagObservation;

/// Rejects of one answer that are listed.
pub const REJECTS_RETAINED_MAX: usize = 10;
/// Longest reason, in characters: some repeat the upstream's text.
const REASON_CHARS_MAX: usize = 300;

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageReject {
    /// Its place on the page, from 1.
    pub record: u64,
    /// Reason, naming the field and its value if one is at fault.
    pub reason: String,
}

/// The rejects of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRejects {
    count: u64,
    first: Vec<PageReject>,
}

impl PageRejects {
    /// Adds one.
    pub(crate) fn add(&mut self, record: u64, reason: &str) {
        self.count += 1;
        if self.first.len() < REJECTS_RETAINED_MAX {
            let reason = reason.chars().take(REASON_CHARS_MAX).collect();
            self.first.push(PageReject { record, reason });
        }
    }

    /// Returns their number.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns the first [`REJECTS_RETAINED_MAX`].
    pub fn first(&self) -> &[PageReject] {
        &self.first
    }
}

/// An answer that may contain rejects.
pub trait MayReject {
    /// Returns the rejects; `None` for an answer without a list of records.
    fn rejects(&self) -> Option<&PageRejects>;
}

impl<T> MayReject for Page<T> {
    fn rejects(&self) -> Option<&PageRejects> {
        Some(&self.rejects)
    }
}

impl<T> MayReject for Option<Page<T>> {
    fn rejects(&self) -> Option<&PageRejects> {
        self.as_ref().map(|page| &page.rejects)
    }
}

/// A single unusable record is [`super::UpstreamError::Rejected`].
impl MayReject for Option<HashtagObservation> {
    fn rejects(&self) -> Option<&PageRejects> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_are_retained() {
        let mut rejects = PageRejects::default();
        for record in 1..=25 {
            rejects.add(record, &"x".repeat(1_000));
        }
        let places: Vec<u64> = rejects.first().iter().map(|reject| reject.record).collect();
        assert_eq!((rejects.count(), places), (25, (1..=10).collect()));
        assert!(rejects.first().iter().all(|reject| reject.reason.len() == REASON_CHARS_MAX));
    }
}
