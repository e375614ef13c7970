//! Signatures of webhooks: HMAC-SHA256 over id, time and body, one for each secret in force.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;

/// Beginning of a secret's text.
pub const SECRET_PREFIX: &str = "whsec_";
/// Fewest random bytes of a secret.
pub const SECRET_BYTES_MIN: usize = 24;
/// Most random bytes of a secret.
pub const SECRET_BYTES_MAX: usize = 64;
/// Time for which a rotated secret still signs, in milliseconds: a day to change it at the receiver.
pub const ROTATION_MS: i64 = 24 * 3600 * 1000;
/// Most rotated secrets that sign beside the newest, so that the header stays short however often one rotates.
pub const RETIRING_MAX: usize = 3;
/// Longest id of a message, in bytes.
pub const ID_BYTES_MAX: usize = 64;
/// Header with the id of the message, the same at every attempt.
pub const ID_HEADER: HeaderName = HeaderName::from_static("webhook-id");
/// Header with the time of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: HeaderName = HeaderName::from_static("webhook-timestamp");
/// Header with the signatures, separated by spaces.
pub const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("webhook-signature");

/// Secret that a sender and a receiver share, 24 to 64 random bytes. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// Reason why a text is no secret. The text itself is never part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It does not begin with `whsec_`.
    #[error("a secret of a webhook begins with {SECRET_PREFIX}")]
    Prefix,
    /// The rest is not base64.
    #[error("after {SECRET_PREFIX} a secret has base64 in the standard alphabet, with padding")]
    Base64,
    /// It has too few or too many bytes.
    #[error(
        "a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes before they become base64, not {bytes}"
    )]
    Length {
        /// Bytes that the text encodes.
        bytes: usize,
    },
}

impl Secret {
    /// Creates a secret from random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// Returns the text that the receiver needs, `whsec_...`: to be shown once and stored, never logged.
    pub fn expose(&self) -> String {
        format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    fn sign(&self, id: &MessageId, at_s: i64, body: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        let mac = mac.chain_update(format!("{}.{at_s}.", id.0)).chain_update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(SECRET_PREFIX).ok_or(SecretError::Prefix)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| SecretError::Base64)?;
        if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) {
            return Err(SecretError::Length { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A rotated secret that still signs for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retiring {
    /// The secret.
    pub secret: Secret,
    /// First moment at which it no longer signs.
    pub until: Timestamp,
}

/// Secrets of an endpoint: the newest, and those it replaced recently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    newest: Secret,
    /// Latest rotated first.
    retiring: Vec<Retiring>,
}

impl Secrets {
    /// Creates them from what is stored: the newest secret, and the rotated ones, latest first. More than
    /// [`RETIRING_MAX`] are dropped.
    pub fn new(newest: Secret, mut retiring: Vec<Retiring>) -> Self {
        retiring.truncate(RETIRING_MAX);
        Self { newest, retiring }
    }

    /// Returns the secret that receivers should use.
    pub fn newest(&self) -> &Secret {
        &self.newest
    }

    /// Lists the rotated secrets, latest first.
    pub fn retiring(&self) -> &[Retiring] {
        &self.retiring
    }

    /// Replaces the newest secret; the old one signs beside it for [`ROTATION_MS`].
    #[must_use]
    pub fn rotated(self, newest: Secret, now: Timestamp) -> Self {
        let until = Timestamp::from_ms(now.as_ms().saturating_add(ROTATION_MS));
        let mut retiring = vec![Retiring { secret: self.newest, until }];
        retiring.extend(self.retiring.into_iter().filter(|old| now < old.until));
        Self::new(newest, retiring)
    }

    /// Returns the headers of one attempt: id, time and a signature for each secret in force, the newest first.
    pub fn headers(&self, id: &MessageId, now: Timestamp, body: &[u8]) -> HeaderMap {
        let at_s = now.as_seconds();
        let mut signatures = self.newest.sign(id, at_s, body);
        for old in self.retiring.iter().filter(|old| now < old.until) {
            signatures.push(' ');
            signatures.push_str(&old.secret.sign(id, at_s, body));
        }
        let value = |text: &str| HeaderValue::from_str(text).expect("letters, digits and signs of ASCII");
        HeaderMap::from_iter([
            (ID_HEADER, value(&id.0)),
            (TIMESTAMP_HEADER, HeaderValue::from(at_s)),
            (SIGNATURE_HEADER, value(&signatures)),
        ])
    }
}

/// Id of a message: 1 to 64 letters, digits, `_` or `-`. It is signed with dots around it, so it has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

/// A text that is no id of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of a message has 1 to {ID_BYTES_MAX} letters, digits, _ or -")]
pub struct MessageIdError;

impl FromStr for MessageId {
    type Err = MessageIdError;

    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MessageIdError)
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_999);

    fn secret(byte: u8) -> Secret {
        Secret::from_random([byte; 32])
    }

    fn signatures(secrets: &Secrets, now: Timestamp) -> Vec<String> {
        let headers = secrets.headers(&"msg_1".parse().expect("an id"), now, b"{}");
        let text = headers[SIGNATURE_HEADER].to_str().expect("ASCII");
        text.split(' ').map(str::to_owned).collect()
    }

    /// The MAC is that of `openssl dgst -sha256 -mac HMAC` over `msg_1.1800000000.{"a":1}`.
    #[test]
    fn a_known_message_has_the_known_signature() {
        let secret: Secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".parse().expect("a secret");
        let headers =
            Secrets::new(secret, Vec::new()).headers(&"msg_1".parse().expect("an id"), NOW, br#"{"a":1}"#);
        assert_eq!(headers[ID_HEADER], "msg_1");
        assert_eq!(headers[TIMESTAMP_HEADER], "1800000000");
        assert_eq!(headers[SIGNATURE_HEADER], "v1,phm7mOHwFDU6jBwBkmhF3Cqd0H0Nz7MaiOdih/irqbk=");
    }

    #[test]
    fn secrets_are_parsed_and_faults_are_named() {
        let encoded = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes]));
        for bytes in [SECRET_BYTES_MIN, 32, SECRET_BYTES_MAX] {
            let text = encoded(bytes);
            assert_eq!(text.parse::<Secret>().expect("a secret").expose(), text);
        }
        for (text, error) in [
            (encoded(23), SecretError::Length { bytes: 23 }),
            (encoded(65), SecretError::Length { bytes: 65 }),
            ("whsec_".to_owned(), SecretError::Length { bytes: 0 }),
            (encoded(32).replace("whsec_", ""), SecretError::Prefix),
            (encoded(32).replace("whsec_", "WHSEC_"), SecretError::Prefix),
            (encoded(32).replace('=', ""), SecretError::Base64),
            (encoded(32).replace("Bw", "_-"), SecretError::Base64),
        ] {
            assert_eq!(text.parse::<Secret>(), Err(error), "{text}");
        }
        assert_eq!(format!("{:?}", Secrets::new(secret(1), Vec::new())).matches("Secret(..)").count(), 1);
    }

    #[test]
    fn a_rotated_secret_signs_for_a_day_beside_the_newest() {
        let after = |ms: i64| Timestamp::from_ms(NOW.as_ms() + ms);
        let [old, new] = [1, 2].map(|byte| Secrets::new(secret(byte), Vec::new()));
        let rotated = old.clone().rotated(secret(2), NOW);
        let [old_signature, new_signature] = [&old, &new].map(|secrets| signatures(secrets, NOW).remove(0));
        assert_eq!(signatures(&rotated, NOW), [new_signature, old_signature]);
        assert_eq!(signatures(&rotated, after(ROTATION_MS - 1)).len(), 2);
        assert_eq!(signatures(&rotated, after(ROTATION_MS)), signatures(&new, after(ROTATION_MS)));
        // A rotation forgets what no longer signs, and however many there are, four sign at most.
        assert_eq!(rotated.clone().rotated(secret(3), after(ROTATION_MS)).retiring().len(), 1);
        let often = (3..20).fold(rotated, |secrets, byte| secrets.rotated(secret(byte), NOW));
        assert_eq!((signatures(&often, NOW).len(), often.newest()), (1 + RETIRING_MAX, &secret(19)));
        assert_eq!(often.retiring()[0].secret, secret(18));
    }

    #[test]
    fn ids_have_no_dots_spaces_or_line_breaks() {
        for text in ["", "a.b", "a b", "a\r\nx: y", "\u{e9}", &"a".repeat(65)] {
            assert_eq!(text.parse::<MessageId>(), Err(MessageIdError), "{text:?}");
        }
        assert_eq!("msg_2-Z".parse::<MessageId>().expect("an id").to_string(), "msg_2-Z");
    }

    proptest! {
        #[test]
        fn any_body_time_and_id_can_be_signed(id in "[A-Za-z0-9_-]{1,64}", ms: i64, body: Vec<u8>) {
            let secrets = Secrets::new(secret(1), vec![Retiring { secret: secret(2), until: Timestamp::from_ms(0) }]);
            let headers = secrets.headers(&id.parse().expect("an id"), Timestamp::from_ms(ms), &body);
            let signatures = headers[SIGNATURE_HEADER].to_str().expect("ASCII").split(' ').count();
            prop_assert_eq!(signatures, if ms < 0 { 2 } else { 1 });
        }
    }
}
