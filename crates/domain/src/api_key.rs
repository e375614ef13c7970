//! The secret an account calls with: `tm_live_` + 8 digits of id + 32 digits of secret + 8 digits of checksum, all
//! hexadecimal. The checksum distinguishes a mistyped key from an unknown one without a query, and lets secret
//! scanners recognise a key. Only the SHA-256 of the secret is stored; at 128 random bits it needs no salt (OWASP ASVS
//! 6.5.2).

use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Prefix of every key.
pub const PREFIX: &str = "tm_live_";
const ID_DIGITS: usize = 8;
const SECRET_DIGITS: usize = 32;
const CHECK_DIGITS: usize = 8;
/// Characters of a key.
pub const KEY_LEN: usize = PREFIX.len() + ID_DIGITS + SECRET_DIGITS + CHECK_DIGITS;

/// The public half of a key: shown in lists and logs, and what the store looks it up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(u32);

impl KeyId {
    /// From the database or a random source.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl std::str::FromStr for KeyId {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let fits = text.len() == ID_DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
        if fits {
            u32::from_str_radix(text, 16).map(Self).map_err(|_| KeyError::Id)
        } else {
            Err(KeyError::Id)
        }
    }
}

/// SHA-256 of a key's secret.
#[derive(Clone, Copy)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// From the database.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the database.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(..)")
    }
}

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Another length, prefix or kind of character.
    #[error("this is not an API key: a key is {PREFIX} and 48 hexadecimal digits in lower case")]
    Malformed,
    /// The form of a key, with a checksum that does not match.
    #[error("this API key is mistyped: its checksum does not match; copy the whole key again")]
    Mistyped,
    /// Not the public half of a key.
    #[error("a key id is 8 hexadecimal digits, as `tagmeter key list` shows it")]
    Id,
}

/// A whole key. Its `Debug` shows the id only.
#[derive(Clone)]
pub struct ApiKey {
    id: KeyId,
    secret: [u8; 16],
}

impl ApiKey {
    /// Makes a key of an id and 128 random bits.
    pub const fn new(id: KeyId, secret: [u8; 16]) -> Self {
        Self { id, secret }
    }

    /// Reads a key as a client sends it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix(PREFIX).ok_or(KeyError::Malformed)?;
        if text.len() != KEY_LEN || !digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err(KeyError::Malformed);
        }
        let (body, check) = digits.split_at(ID_DIGITS + SECRET_DIGITS);
        let (id, secret) = body.split_at(ID_DIGITS);
        let id = u32::from_str_radix(id, 16).map_err(|_| KeyError::Malformed)?;
        let secret = u128::from_str_radix(secret, 16).map_err(|_| KeyError::Malformed)?.to_be_bytes();
        let key = Self::new(KeyId(id), secret);
        if u32::from_str_radix(check, 16) == Ok(key.checksum()) { Ok(key) } else { Err(KeyError::Mistyped) }
    }

    /// The whole secret, to be shown once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}{:032x}{:08x}", self.id, u128::from_be_bytes(self.secret), self.checksum())
    }

    /// Its public half.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Returns the stored digest of the secret.
    pub fn digest(&self) -> KeyDigest {
        KeyDigest(Sha256::digest(self.secret).into())
    }

    /// CRC-32 of id and secret. It guards against typing, not against forging.
    fn checksum(&self) -> u32 {
        let bytes = self.id.0.to_be_bytes().into_iter().chain(self.secret);
        !bytes.fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
        })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({PREFIX}{}..)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_the_usual_crc_32() {
        // "123456789" has the published check value cbf43926; here its first four bytes are the id.
        let mut secret = [0; 16];
        secret[..5].copy_from_slice(b"56789");
        let crc = |bytes: &[u8]| {
            !bytes.iter().fold(u32::MAX, |crc, byte| {
                (0..8).fold(crc ^ u32::from(*byte), |c, _| (c >> 1) ^ (0xEDB8_8320 & (c & 1).wrapping_neg()))
            })
        };
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        let key = ApiKey::new(KeyId(u32::from_be_bytes(*b"1234")), secret);
        assert_eq!(key.checksum(), crc(b"123456789\0\0\0\0\0\0\0\0\0\0\0"));
    }

    #[test]
    fn a_key_shows_itself_only_on_request() {
        let key = ApiKey::new(KeyId(0xab), [7; 16]);
        assert_eq!(format!("{key:?}"), "ApiKey(tm_live_000000ab..)");
        assert_eq!(key.reveal().len(), KEY_LEN);
        assert!(!format!("{:?}", key.digest()).contains('7'));
    }

    proptest! {
        #[test]
        fn a_key_is_read_back_and_no_key_with_one_digit_changed_is(id: u32, secret: [u8; 16], at in 0..KEY_LEN) {
            let key = ApiKey::new(KeyId::new(id), secret);
            let text = key.reveal();
            let back = ApiKey::parse(&text).expect("a key");
            prop_assert!(back.id() == key.id() && back.digest().matches(&key.digest()));
            let mut wrong = text.into_bytes();
            wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
            prop_assert!(ApiKey::parse(std::str::from_utf8(&wrong).expect("ASCII")).is_err());
        }

        #[test]
        fn other_texts_are_no_keys(text in "\\PC{0,80}") {
            prop_assert!(ApiKey::parse(&text).is_err());
        }
    }
}
