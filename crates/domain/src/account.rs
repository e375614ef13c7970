//! The account that makes calls, named by its e-mail address.

use std::fmt;
use std::str::FromStr;

/// An account's number, from 1. The first argument of every query about an account, and the sharding key of
/// a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub i64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "acct_{}", self.0)
    }
}

/// Longest address, in bytes (RFC 5321).
const EMAIL_BYTES_MAX: usize = 254;

/// An e-mail address in lower case: one `@`, something before it, a dotted name after it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(Box<str>);

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an e-mail address, such as me@example.com")]
pub struct EmailError(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let email = text.trim().to_ascii_lowercase();
        let plain = |s: &str, more: &str| {
            !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || more.as_bytes().contains(&b))
        };
        let fits = email.len() <= EMAIL_BYTES_MAX
            && email.split_once('@').is_some_and(|(local, host)| {
                plain(local, "!#$%&'*+-/=?^_`{|}~.")
                    && !local.starts_with('.')
                    && !local.ends_with('.')
                    && host.contains('.')
                    && host
                        .split('.')
                        .all(|label| plain(label, "-") && !label.starts_with('-') && !label.ends_with('-'))
            });
        if fits { Ok(Self(email.into_boxed_str())) } else { Err(EmailError(text.to_owned())) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_distinguished_from_other_texts() {
        assert_eq!(
            " Me@Example.COM ".parse::<Email>().map(|e| e.to_string()).as_deref(),
            Ok("me@example.com")
        );
        assert!("first.last+tag@mail.example.co".parse::<Email>().is_ok());
        for text in [
            "",
            "me",
            "@example.com",
            "me@",
            "me@example",
            "a b@example.com",
            "me@-x.com",
            "me@exa mple.com",
            "me@example..com",
            ".me@example.com",
            "me@@example.com",
            "mé@example.com",
            "me\n@example.com",
        ] {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }
}
