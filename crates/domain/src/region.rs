//! The two-letter country code a video was posted under.

use std::fmt;
use std::str::FromStr;

/// Two ASCII letters, upper case: `US`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region([u8; 2]);

/// A text that is not two letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region is two letters, such as US")]
pub struct RegionError;

impl Region {
    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("")
    }

    /// The code as a number from 1, for a database column where 0 is "not known".
    pub const fn to_number(self) -> u16 {
        u16::from_be_bytes(self.0)
    }

    /// Back from the database; 0 and anything that is no code are `None`.
    pub fn from_number(number: u16) -> Option<Self> {
        std::str::from_utf8(&number.to_be_bytes()).ok()?.parse().ok()
    }
}

impl FromStr for Region {
    type Err = RegionError;
    fn from_str(text: &str) -> Result<Self, RegionError> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(RegionError),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_letters_are_a_region() {
        let us: Region = "us".parse().expect("a region");
        assert_eq!(us.as_str(), "US");
        assert_eq!(Region::from_number(us.to_number()), Some(us));
        assert_eq!(Region::from_number(0), None);
        for text in ["", "u", "usa", "1a", "é"] {
            assert_eq!(text.parse::<Region>(), Err(RegionError), "{text}");
        }
    }
}
