//! Tokens of links that work without a key: what they name, sealed by an HMAC-SHA256 under a key that every node derives
//! from the identity of the store.

use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a seal.
const SEAL: usize = 16;

fn mac(key: &[u8]) -> Hmac<Sha256> {
    let mut block = Key::<Hmac<Sha256>>::default();
    block[..key.len()].copy_from_slice(key);
    Hmac::new(&block)
}

fn seal(identity: u128, purpose: &[u8], named: &[u8]) -> Hmac<Sha256> {
    let derived = mac(&identity.to_be_bytes()).chain_update(purpose).finalize().into_bytes();
    mac(&derived).chain_update(named)
}

/// Returns the token of bytes for a purpose: hexadecimal digits of the bytes and their seal.
pub fn token(identity: u128, purpose: &[u8], named: &[u8]) -> String {
    let seal = seal(identity, purpose, named).finalize().into_bytes();
    base16ct::lower::encode_string(&[named, &seal[..SEAL]].concat())
}

/// Returns the bytes of a token for a purpose; `None` unless it was made in this store for it and has so many of them.
pub fn opened<const BYTES: usize>(identity: u128, purpose: &[u8], token: &str) -> Option<[u8; BYTES]> {
    let bytes = base16ct::lower::decode_vec(token).ok()?;
    let (named, sealed) = bytes.split_first_chunk::<BYTES>()?;
    let sealed: &[u8; SEAL] = sealed.try_into().ok()?;
    // Compares in constant time.
    seal(identity, purpose, named).verify_truncated_left(sealed).ok()?;
    Some(*named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_store_and_purpose_and_none_of_its_bits_can_be_turned() {
        let text = token(1, b"links", &[1, 2, 3]);
        assert_eq!(opened(1, b"links", &text), Some([1, 2, 3]));
        assert_eq!(opened::<3>(2, b"links", &text), None, "of another store");
        assert_eq!(opened::<3>(1, b"other", &text), None, "for another purpose");
        assert_eq!(opened::<2>(1, b"links", &text), None, "of another length");
        for at in 0..text.len() {
            let mut turned = text.clone().into_bytes();
            turned[at] = if turned[at] == b'0' { b'1' } else { b'0' };
            let turned = String::from_utf8(turned).expect("ASCII");
            assert_eq!(opened::<3>(1, b"links", &turned), None, "{turned}");
        }
    }
}
