//! The link of a share or a feed: a token that opens it and, of a share, a slug for people. Only the SHA-256 of the token is stored; at 128
//! random bits it needs no salt.

use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Most characters of a slug.
pub const SLUG_LENGTH_MAX: usize = 60;

/// Digits of a token.
const TOKEN_DIGITS: usize = 32;

/// Slug of a title without letters or digits that it may have.
const OTHERWISE: &str = "report";

/// The secret that opens a share or a feed. Its `Debug` shows nothing.
#[derive(Clone, Copy)]
pub struct ShareToken(u128);

impl ShareToken {
    /// Makes a token of 128 random bits.
    pub const fn new(random: u128) -> Self {
        Self(random)
    }

    /// Reads a token from a link; `None` for anything but 32 small hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_token = text.len() == TOKEN_DIGITS && text.bytes().all(is_digit);
        is_token.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }

    /// Reads the bytes of a token of which mails are still to be sent.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// Returns its bytes, to be stored while mails with the link wait, and no longer.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Returns the token as it is in the link, to be shown once.
    pub fn reveal(self) -> String {
        format!("{:032x}", self.0)
    }

    /// Returns the stored digest.
    pub fn digest(self) -> ShareDigest {
        ShareDigest(Sha256::digest(self.0.to_be_bytes()).into())
    }
}

impl fmt::Debug for ShareToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareToken(..)")
    }
}

/// SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShareDigest([u8; 32]);

impl ShareDigest {
    /// From the database.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the database.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ShareDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareDigest(..)")
    }
}

/// Words of a link: 1 to [`SLUG_LENGTH_MAX`] small letters, digits and single hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(String);

/// A text that is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a slug is 1 to {SLUG_LENGTH_MAX} letters a to z, digits and single hyphens between them")]
pub struct SlugError;

impl Slug {
    /// Makes a slug of a title: `Summer 2026!` is `summer-2026`.
    pub fn of_title(title: &str) -> Self {
        let mut slug = String::new();
        for character in title.chars().flat_map(char::to_lowercase) {
            if slug.len() >= SLUG_LENGTH_MAX {
                break;
            }
            if character.is_ascii_alphanumeric() {
                slug.push(character);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() { OTHERWISE } else { slug }.to_owned())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        if Self::of_title(text).0 == text { Ok(Self(text.to_owned())) } else { Err(SlugError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_text() {
        let token = ShareToken::new(7);
        assert_eq!(ShareToken::parse(&token.reveal()).expect("a token").digest(), token.digest());
        assert_ne!(ShareToken::new(8).digest(), token.digest());
        let wrong = ["", "7", "+0000000000000000000000000000007", "0000000000000000000000000000000A"];
        assert!(wrong.iter().all(|text| ShareToken::parse(text).is_none()));
        assert_eq!(format!("{token:?} {:?}", token.digest()), "ShareToken(..) ShareDigest(..)");
    }

    #[test]
    fn a_slug_is_made_of_a_title() {
        for (title, slug) in [
            ("Summer 2026!", "summer-2026"),
            ("  #oursummer, #rival ", "oursummer-rival"),
            ("夏", "report"),
            ("", "report"),
            (&"long ".repeat(40), "long-long-long-long-long-long-long-long-long-long-long-long"),
        ] {
            assert_eq!(Slug::of_title(title).as_str(), slug, "{title}");
            assert!(slug.parse::<Slug>().is_ok(), "{slug}");
        }
        for wrong in ["", "-a", "a-", "a--b", "A", "a b", "é", &"a".repeat(SLUG_LENGTH_MAX + 1)] {
            assert_eq!(wrong.parse::<Slug>(), Err(SlugError), "{wrong}");
        }
    }
}
