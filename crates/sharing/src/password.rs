//! Passwords of shares: named, and stored as Argon2id digests.

use crate::error::ShareError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use subtle::{Choice, ConstantTimeEq};

/// Most passwords of a share.
pub const PASSWORDS_MAX: usize = 5;

/// Bytes of a password.
pub const PASSWORD_BYTES: RangeInclusive<usize> = 8..=200;

/// Cost of a try: 19 MiB and two passes (OWASP's minimum for Argon2id).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const DIGEST_BYTES: usize = 32;

/// Name of this cost, stored with each digest.
const SCHEME: &str = "argon2id-19456-2-1";

/// A named password, as stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredPassword {
    /// Name of whom it was given to.
    pub(crate) name: String,
    scheme: String,
    salt: String,
    digest: String,
}

impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredPassword").field("name", &self.name).finish_non_exhaustive()
    }
}

impl StoredPassword {
    /// Digests a password. Takes tens of milliseconds and 19 MiB.
    pub(crate) fn new(name: String, password: &str, salt: [u8; 16]) -> Result<Self, ShareError> {
        let digest = digest(password, &salt).map_err(ShareError::NoSecret)?;
        let [salt, digest] = [&salt[..], &digest].map(base16ct::lower::encode_string);
        Ok(Self { name, scheme: SCHEME.to_owned(), salt, digest })
    }

    fn matches(&self, password: &str) -> Choice {
        let salt = base16ct::lower::decode_vec(&self.salt).unwrap_or_default();
        let known = base16ct::lower::decode_vec(&self.digest).unwrap_or_default();
        let is_known_scheme = Choice::from(u8::from(self.scheme == SCHEME));
        digest(password, &salt).map_or(Choice::from(0), |digest| digest.ct_eq(&known) & is_known_scheme)
    }
}

/// Returns true if a password is one of these. Each is tried, so that the time does not name the one that was right; an
/// empty list has none.
pub(crate) fn is_one_of(passwords: &[StoredPassword], password: &str) -> bool {
    let tried = passwords.iter().map(|one| one.matches(password));
    tried.fold(Choice::from(0), |any, one| any | one).into()
}

fn digest(password: &str, salt: &[u8]) -> Result<[u8; DIGEST_BYTES], String> {
    let parameters = argon2::Params::new(MEMORY_KIB, PASSES, LANES, Some(DIGEST_BYTES))
        .map_err(|error| error.to_string())?;
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters);
    let mut digest = [0; DIGEST_BYTES];
    argon2.hash_password_into(password.as_bytes(), salt, &mut digest).map_err(|error| error.to_string())?;
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_itself_and_its_digest_is_salted() {
        let stored = StoredPassword::new("client".to_owned(), "correct horse", [7; 16]).expect("a digest");
        let one = std::slice::from_ref(&stored);
        assert!(is_one_of(one, "correct horse") && !is_one_of(one, "correct horsf") && !is_one_of(one, ""));
        assert!(!is_one_of(&[], "") && !is_one_of(&[], "correct horse"));
        let other = StoredPassword::new("press".to_owned(), "correct horse", [8; 16]).expect("a digest");
        assert_ne!(stored.digest, other.digest);
        let text = serde_json::to_string(&stored).expect("JSON");
        assert!(!text.contains("horse") && text.contains("argon2id"), "{text}");
        let again: StoredPassword = serde_json::from_str(&text).expect("a password");
        assert!(is_one_of(&[other, again.clone()], "correct horse"));
        let weaker = StoredPassword { scheme: "plain".to_owned(), ..again };
        assert!(!is_one_of(&[weaker], "correct horse"), "another cost is another digest");
    }

    #[test]
    fn the_digest_is_that_of_argon2id() {
        // From OpenSSL, by `Argon2id` of Python's `cryptography`.
        let digest = digest("correct horse", b"saltsaltsaltsalt").expect("a digest");
        assert_eq!(
            base16ct::lower::encode_string(&digest),
            "01dc1e04bc1c7e59cd5f61d55bc8b532dbbb7ebae7e0a8bb87fad8486b94ec8b"
        );
    }
}
