//! The names and ids of made-up hashtags, which the generators share.

/// TikTok's id of the hashtag with this rank.
pub(crate) fn hashtag_id(rank: u64) -> u64 {
    1_000_000 + rank
}

/// The name of the hashtag with this rank.
pub(crate) fn hashtag_name(rank: u64) -> String {
    format!("tag{}{rank}", ["", "of", "my", "the", "go"][(rank % 5) as usize])
}
