//! The cookie of those who entered the password of a share: its end, sealed for the share and its passwords.

use domain::{ShareId, Timestamp};
use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Time for which an entered password opens the share, in seconds.
pub(crate) const COOKIE_SECONDS: i64 = 3_600;

/// Context string of the cookies' key.
const PURPOSE: &[u8] = b"tagmeter share cookies 1";

/// Seals the cookies of a store.
#[derive(Clone)]
pub(crate) struct CookieKey(Hmac<Sha256>);

impl CookieKey {
    /// Every node of a store makes the same key.
    pub(crate) fn of_store(identity: u128) -> Self {
        let mut mac = new_mac(&identity.to_be_bytes());
        mac.update(PURPOSE);
        Self(new_mac(&mac.finalize().into_bytes().into()))
    }

    /// Returns the value of the cookie that opens a share with these passwords until a moment.
    pub(crate) fn value(&self, id: ShareId, passwords: &str, until: Timestamp) -> String {
        let seal = self.seal(id, passwords, until.as_ms()).finalize().into_bytes();
        format!("{}.{}", until.as_ms(), base16ct::lower::encode_string(&seal))
    }

    /// Returns true if a cookie opens a share with these passwords now.
    pub(crate) fn opens(&self, id: ShareId, passwords: &str, cookie: &str, now: Timestamp) -> bool {
        let Some((until, seal)) = cookie.split_once('.') else { return false };
        let (Ok(until), Ok(seal)) = (until.parse::<i64>(), base16ct::lower::decode_vec(seal)) else {
            return false;
        };
        self.seal(id, passwords, until).verify_slice(&seal).is_ok() && now.as_ms() < until
    }

    fn seal(&self, id: ShareId, passwords: &str, until_ms: i64) -> Hmac<Sha256> {
        let fixed = self.0.clone().chain_update(id.to_bytes()).chain_update(until_ms.to_be_bytes());
        fixed.chain_update(passwords)
    }
}

/// Creates a MAC with a key shorter than a block of the hash, which HMAC pads with zeros.
fn new_mac<const BYTES: usize>(key: &[u8; BYTES]) -> Hmac<Sha256> {
    let mut block = Key::<Hmac<Sha256>>::default();
    block[..BYTES].copy_from_slice(key);
    Hmac::new(&block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_opens_its_share_until_its_end() {
        let (at, later) = (Timestamp::from_ms(1_800_000_000_000), Timestamp::from_ms(1_800_000_001_000));
        let (one, other) = (ShareId::new(at, 1), ShareId::new(at, 2));
        let key = CookieKey::of_store(7);
        let cookie = key.value(one, "p", later);
        assert!(key.opens(one, "p", &cookie, at));
        assert!(!key.opens(one, "p", &cookie, later), "it has expired");
        assert!(!key.opens(other, "p", &cookie, at), "it is another share's");
        assert!(!key.opens(one, "q", &cookie, at), "the passwords were changed");
        assert!(!CookieKey::of_store(8).opens(one, "p", &cookie, at), "it is another store's");
        let longer = cookie.replacen("1800000001000", "1900000001000", 1);
        assert!(!key.opens(one, "p", &longer, at), "its end is sealed");
        assert!(["", ".", "1.", "x.y"].iter().all(|wrong| !key.opens(one, "p", wrong, at)));
    }
}
