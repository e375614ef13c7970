//! Tokens of shares and feeds that a request with an `Idempotency-Key` creates: whoever repeats it gets the same link.
//!
//! The token is an HMAC-SHA256 under the caller's API key, of which the store has a digest alone: whoever has the store can
//! make no token of it, and another key of the account makes another one.

use domain::{AccountId, ApiKey, ShareToken};
use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::idempotency::IdempotencyKey;

/// Context string of the tokens of shares.
pub(in crate::v1) const SHARES: &[u8] = b"tagmeter share tokens 1";
/// Context string of the tokens of feeds.
pub(in crate::v1) const FEEDS: &[u8] = b"tagmeter feed tokens 1";

/// Returns the token of what an account creates under an idempotency key.
pub(in crate::v1) fn repeatable(
    purpose: &[u8],
    caller: &ApiKey,
    account_id: AccountId,
    key: &IdempotencyKey,
) -> ShareToken {
    let mut block = Key::<Hmac<Sha256>>::default();
    let secret = caller.reveal();
    // A key is shorter than a block of the hash, which HMAC pads with zeros.
    block.iter_mut().zip(secret.bytes()).for_each(|(to, from)| *to = from);
    let mac = Hmac::<Sha256>::new(&block).chain_update(purpose).chain_update(account_id.0.to_be_bytes());
    let seal: [u8; 32] = mac.chain_update(key.as_str()).finalize().into_bytes().into();
    let [first, _] = *seal.as_chunks::<16>().0 else { return ShareToken::new(0) };
    ShareToken::new(u128::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::KeyId;

    #[test]
    fn a_token_is_of_one_caller_one_account_and_one_key() {
        let caller = |secret: u8| ApiKey::new(KeyId::new(7), [secret; 16]);
        let token = |secret, account, key: &str| {
            repeatable(SHARES, &caller(secret), AccountId(account), &key.parse().expect("a key")).reveal()
        };
        let first = token(1, 1, "once");
        assert_eq!(token(1, 1, "once"), first);
        for other in [token(2, 1, "once"), token(1, 2, "once"), token(1, 1, "twice")] {
            assert_ne!(other, first);
        }
        let of_feeds = repeatable(FEEDS, &caller(1), AccountId(1), &"once".parse().expect("a key"));
        assert_ne!(of_feeds.reveal(), first);
    }
}
