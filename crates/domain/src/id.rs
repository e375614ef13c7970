//! Ids that TikTok gave: digits on the wire, positive 63-bit numbers inside.
//!
//! The wire writes them as strings because JavaScript rounds integers above 2^53. Every id TikTok ever made fits 63
//! bits, and both databases hold 64-bit signed integers, so larger ones are refused rather than wrapped.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// Integers above this are rounded by programs that read JSON numbers as doubles.
pub const EXACT_DOUBLE_MAX: u64 = 1 << 53;

/// Why a text or number is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 1 to 19 ASCII digits.
    #[error("an id is 1 to 19 digits")]
    NotDigits,
    /// Zero stands for "none" at TikTok.
    #[error("an id is not 0")]
    Zero,
    /// Above 2^63 - 1.
    #[error("an id is below 2^63")]
    TooLarge,
}

fn parse(text: &str) -> Result<NonZeroU64, IdError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(IdError::NotDigits);
    }
    text.parse().map_err(|_| IdError::TooLarge).and_then(checked)
}

fn checked(value: u64) -> Result<NonZeroU64, IdError> {
    if value > i64::MAX as u64 {
        return Err(IdError::TooLarge);
    }
    NonZeroU64::new(value).ok_or(IdError::Zero)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// The number, 1 to 2^63 - 1.
            pub const fn get(self) -> u64 {
                self.0.get()
            }

            /// The number as databases hold it.
            pub const fn to_i64(self) -> i64 {
                self.0.get().cast_signed()
            }

            /// Back from the database.
            pub fn from_i64(value: i64) -> Result<Self, IdError> {
                u64::try_from(value).map_err(|_| IdError::TooLarge).and_then(Self::try_from)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = IdError;
            fn try_from(value: u64) -> Result<Self, IdError> {
                checked(value).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// TikTok's challenge id: `7551` is #cat.
    HashtagId
}
id! {
    /// TikTok's video id (`aweme_id`).
    VideoId
}
id! {
    /// TikTok's user id.
    AuthorId
}

impl VideoId {
    /// When it was made: TikTok puts the second of creation in the upper 32 bits. `None` where that is no time since 2014,
    /// as of ids that something else made up.
    pub fn created_at(self) -> Option<crate::Timestamp> {
        crate::Timestamp::from_source(self.to_i64() >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_ids_and_nothing_else_does() {
        assert_eq!("7551".parse::<HashtagId>().map(HashtagId::get), Ok(7551));
        assert_eq!("9223372036854775807".parse::<VideoId>().map(VideoId::get), Ok(i64::MAX as u64));
        for (text, why) in [
            ("", IdError::NotDigits),
            ("7 551", IdError::NotDigits),
            ("-1", IdError::NotDigits),
            ("+1", IdError::NotDigits),
            ("1e5", IdError::NotDigits),
            ("٧", IdError::NotDigits),
            ("0", IdError::Zero),
            ("9223372036854775808", IdError::TooLarge),
            ("99999999999999999999999", IdError::TooLarge),
        ] {
            assert_eq!(text.parse::<VideoId>(), Err(why), "{text:?}");
        }
    }

    #[test]
    fn the_database_form_goes_both_ways() {
        let id: VideoId = "7622263851152706848".parse().expect("an id");
        assert_eq!(VideoId::from_i64(id.to_i64()), Ok(id));
        assert_eq!(VideoId::from_i64(-1), Err(IdError::TooLarge));
    }

    #[test]
    fn a_video_id_holds_its_second_of_creation() {
        let at = |text: &str| {
            text.parse::<VideoId>().ok().and_then(VideoId::created_at).map(crate::Timestamp::to_rfc3339)
        };
        assert_eq!(at("7622263851152706848").as_deref(), Some("2026-03-28T11:16:38Z"));
        assert_eq!((at("1"), at("7551")), (None, None));
    }
}
