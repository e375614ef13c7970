//! Assigned ids: the id of a hashtag whose TikTok id no source has reported.
//!
//! Clients of the contract take `id` from a search and pass it on as `challenge_id`, so every hashtag needs one. An
//! assigned id is derived from the tag key alone: two nodes, both backends and a repeated import assign the same one. The
//! range starts at [`ASSIGNED_ID_MIN`]: TikTok puts the second of creation in the upper 32 bits of its ids, which does
//! not reach that value before 2037.

use crate::{HashtagId, TagKey};
use sha2::{Digest, Sha256};

/// The smallest assigned id. Ids from here up to 2^63 - 1 are never TikTok's.
pub const ASSIGNED_ID_MIN: u64 = 9_100_000_000_000_000_000;
/// Number of assigned ids.
const RANGE: u64 = (1 << 63) - ASSIGNED_ID_MIN;

impl HashtagId {
    /// The id assigned to a tag. `attempt` is 0, and one higher for each assigned id that another tag already has.
    pub fn assigned(key: &TagKey, attempt: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(attempt.to_be_bytes());
        hash.update(key.as_str());
        let hash: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        let id = ASSIGNED_ID_MIN + u64::from_be_bytes(first) % RANGE;
        Self::try_from(id).expect("an assigned id is above 0 and below 2^63")
    }

    /// Returns true if Tagmeter assigned this id, here or elsewhere. Such an id is never stored as TikTok's.
    pub const fn is_assigned(self) -> bool {
        self.get() >= ASSIGNED_ID_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assigned(name: &str) -> u64 {
        HashtagId::assigned(&TagKey::new(name).expect("a tag"), 0).get()
    }

    /// Stored and handed out: these numbers never change.
    #[test]
    fn the_ids_of_known_tags_stay_the_same() {
        assert_eq!(
            [assigned("cat"), assigned("#CAT"), assigned("日本")],
            [9_160_040_168_169_110_541, 9_160_040_168_169_110_541, 9_161_889_497_046_923_667]
        );
    }

    #[test]
    fn ids_of_tiktok_are_not_assigned() {
        // The newest TikTok ids of 2026 and of the last second of 2036.
        for id in ["7551", "7622263851152706848", "9081196387290316799"] {
            assert!(!id.parse::<HashtagId>().expect("an id").is_assigned(), "{id}");
        }
    }

    proptest! {
        #[test]
        fn assigned_ids_stay_in_their_range(name in "\\PC{1,20}", attempt: u32) {
            let Ok(key) = TagKey::new(&name) else { return Ok(()) };
            let id = HashtagId::assigned(&key, attempt);
            prop_assert!(id.is_assigned() && id.get() <= i64::MAX as u64);
            prop_assert_eq!(HashtagId::try_from(id.get()), Ok(id));
            prop_assert_ne!(HashtagId::assigned(&key, attempt.wrapping_add(1)), id);
        }
    }
}
