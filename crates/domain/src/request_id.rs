//! The name of one call: 128 bits, time first, so that a log and an index keep them in order. On the wire it is a
//! UUID (version 7, RFC 9562).

use crate::Timestamp;
use std::fmt;

/// A request's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(u128);

impl RequestId {
    /// Creates an id from a moment and 74 random bits.
    pub const fn new(at: Timestamp, random: u128) -> Self {
        let ms = (at.as_ms().unsigned_abs() & 0xffff_ffff_ffff) as u128;
        let random_a = (random >> 62) & 0xfff;
        let random_b = random & ((1 << 62) - 1);
        Self((ms << 80) | (0x7 << 76) | (random_a << 64) | (0b10 << 62) | random_b)
    }

    /// From the database.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// For the database.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// When it was made.
    pub const fn at(self) -> Timestamp {
        Timestamp::from_ms((self.0 >> 80) as i64)
    }

    /// From the wire form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let widths = [8, 4, 4, 4, 12];
        let mut id = 0_u128;
        for width in widths {
            let part =
                parts.next().filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_hexdigit()))?;
            id = (id << (4 * width)) | u128::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(id))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            id >> 96,
            (id >> 80) & 0xffff,
            (id >> 64) & 0xffff,
            (id >> 48) & 0xffff,
            id & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_text_is_a_uuid_of_version_7_in_order_of_time(ms in 0_i64..1 << 47, random: u128) {
            let id = RequestId::new(Timestamp::from_ms(ms), random);
            let text = id.to_string();
            prop_assert_eq!(text.len(), 36);
            prop_assert_eq!(text.as_bytes()[14], b'7');
            prop_assert!(b"89ab".contains(&text.as_bytes()[19]));
            prop_assert_eq!(RequestId::parse(&text), Some(id));
            prop_assert_eq!(RequestId::from_bytes(id.to_bytes()), id);
            prop_assert_eq!(id.at().as_ms(), ms);
            prop_assert!(id < RequestId::new(Timestamp::from_ms(ms + 1), random));
        }
    }
}
