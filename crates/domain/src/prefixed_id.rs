//! Ids of jobs, trackers and the like: a prefix and a ULID in lower case. 48 bits of time come first, so that ids sort by
//! creation, and 80 random bits follow, so that nobody guesses the id of another.

use ulid::Ulid;

/// Number of digits after the prefix.
pub(crate) const DIGITS: usize = ulid::ULID_LEN;
/// 26 digits have 130 bits, of which the first two are 0.
const FIRST_DIGITS: std::ops::RangeInclusive<char> = '0'..='7';

/// Parses the digits of an id. One id has one text: `Ulid` also takes capital letters, and drops bits that are too many.
pub(crate) fn parse(text: &str, prefix: &str) -> Option<Ulid> {
    let is_canonical = |digits: &&str| {
        digits.starts_with(|first| FIRST_DIGITS.contains(&first))
            && !digits.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let digits = text.strip_prefix(prefix).filter(is_canonical)?;
    Ulid::from_string(digits).ok()
}

/// Defines an id and its error.
macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $error:ident, $what:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ulid::Ulid);

        #[doc = concat!("A text that is no id of a ", $what, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error("the id of a {} is {} and {} digits and lower-case letters", $what, $prefix, $crate::prefixed_id::DIGITS)]
        pub struct $error;

        impl $name {
            /// Creates an id from a moment and 80 random bits, the lowest ones of `random`.
            pub const fn new(at: $crate::Timestamp, random: u128) -> Self {
                Self(ulid::Ulid::from_parts(at.as_ms().unsigned_abs(), random))
            }

            /// From the database.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(ulid::Ulid::from_bytes(bytes))
            }

            /// For the database, which sorts them as the numbers.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut buffer = [0; $crate::prefixed_id::DIGITS];
                let digits = self.0.array_to_str(&mut buffer);
                digits.make_ascii_lowercase();
                write!(f, "{}{digits}", $prefix)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                $crate::prefixed_id::parse(text, $prefix).map(Self).ok_or($error)
            }
        }
    };
}

pub(crate) use prefixed_id;
