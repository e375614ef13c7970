//! The creator of a video: a user id if a source reported one, otherwise a handle.
//!
//! Several sources name creators by handle only (the Research API, Apify, yt-dlp's older files). Such a creator has a
//! provisional identity derived from the normalised handle, until a record with both id and handle joins the two.
//! Handles can be renamed and taken over: a handle reported with two ids is joined to neither, and its videos without
//! an id stay under the handle.

use crate::AuthorId;
use sha2::{Digest, Sha256};
use std::num::NonZeroI64;

/// Longest handle, in bytes. TikTok's have at most 24 characters.
const HANDLE_BYTES_MAX: usize = 100;

/// A creator's identity as stored: a user id, or the hash of a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Creator(NonZeroI64);

impl Creator {
    /// The stored number: positive for a user id, negative for a handle.
    pub const fn to_i64(self) -> i64 {
        self.0.get()
    }

    /// Parses the stored number; `None` for 0, the unknown creator.
    pub fn from_i64(number: i64) -> Option<Self> {
        NonZeroI64::new(number).map(Self)
    }

    /// The user id; `None` for a creator known by handle alone.
    pub fn id(self) -> Option<AuthorId> {
        AuthorId::from_i64(self.0.get()).ok()
    }

    /// Returns true if the creator is known by handle only.
    pub const fn is_by_handle(self) -> bool {
        self.0.get() < 0
    }
}

impl From<AuthorId> for Creator {
    fn from(id: AuthorId) -> Self {
        // An id is not 0.
        Self(NonZeroI64::new(id.to_i64()).unwrap_or(NonZeroI64::MAX))
    }
}

impl From<Handle> for Creator {
    fn from(handle: Handle) -> Self {
        Self(handle.0)
    }
}

/// A normalised handle: the hash of the name without `@` in lower case. Always negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(NonZeroI64);

impl Handle {
    /// Normalises a handle as a source spells it: `@Cat.Lover`, `cat.lover`. `None` for an invalid one:
    /// empty, with white space or control characters, or very long.
    pub fn new(text: &str) -> Option<Self> {
        let name = text.trim().trim_start_matches(['@', '＠']);
        let is_handle = !name.is_empty()
            && name.len() <= HANDLE_BYTES_MAX
            && !name.chars().any(|c| c.is_whitespace() || c.is_control());
        if !is_handle {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(name.to_lowercase()).into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        // From -(2^63 - 1) to -1.
        let number = -1 - (u64::from_be_bytes(first) % i64::MAX as u64).cast_signed();
        NonZeroI64::new(number).map(Self)
    }

    /// The stored number.
    pub const fn to_i64(self) -> i64 {
        self.0.get()
    }

    /// Parses the stored number; `None` if it is not a handle's.
    pub fn from_i64(number: i64) -> Option<Self> {
        NonZeroI64::new(number).filter(|number| number.get() < 0).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_a_handle_are_one() {
        let cat = Handle::new("cat.lover").expect("a handle");
        for text in ["@cat.lover", " @Cat.Lover ", "CAT.LOVER", "＠cat.lover"] {
            assert_eq!(Handle::new(text), Some(cat), "{text}");
        }
        assert_ne!(Handle::new("catlover"), Some(cat));
        // Stored: this number never changes.
        assert_eq!(cat.to_i64(), -7_365_435_707_755_906_011);
        for text in ["", "@", "  ", "Cat Lover", "cat\0lover", &"a".repeat(101)] {
            assert_eq!(Handle::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn ids_and_handles_never_meet() {
        let id: AuthorId = "6812345678901234567".parse().expect("an id");
        let creator = Creator::from(id);
        assert_eq!((creator.id(), creator.is_by_handle()), (Some(id), false));
        assert_eq!(Creator::from_i64(0), None);
    }

    proptest! {
        #[test]
        fn every_handle_is_a_creator_of_its_own_kind(text in "\\PC{0,30}") {
            let Some(handle) = Handle::new(&text) else { return Ok(()) };
            let creator = Creator::from(handle);
            prop_assert!(creator.is_by_handle() && creator.id().is_none() && creator.to_i64() > i64::MIN);
            prop_assert_eq!(Creator::from_i64(handle.to_i64()), Some(creator));
            prop_assert_eq!(Handle::from_i64(handle.to_i64()), Some(handle));
        }
    }
}
