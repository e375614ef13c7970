//! View counts of made-up hashtags.

/// Views of the first hashtag; the nth has 1/n of it.
const MOST_VIEWS: u64 = 50_000_000_000_000;

/// Views of the hashtag with this rank.
pub(crate) fn views(rank: u64) -> u64 {
    MOST_VIEWS / rank
}
