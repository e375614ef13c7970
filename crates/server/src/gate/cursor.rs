//! Opaque cursors: the position of the next page, sealed for one account and one list.
//!
//! The seal is an HMAC-SHA256 under a key derived from the store's identity, so that every node of a store accepts the
//! cursors of the others. The position is no secret (the last row of the page shows it); the seal proves that it was
//! issued here for this list.

use crate::problem::Problem;
use domain::AccountId;
use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use measure::Place;
use sha2::Sha256;
use std::fmt;

/// Bytes of a place: its value and its number.
const PLACE: usize = 16;
/// Bytes of a seal.
const SEAL: usize = 16;
/// Context string of the key derivation.
const PURPOSE: &[u8] = b"tagmeter v1 cursors 1";

/// Seals the cursors of a store.
#[derive(Clone)]
pub(crate) struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    pub(crate) fn of_store(identity: u128) -> Self {
        let mut mac = new_mac(&identity.to_be_bytes());
        mac.update(PURPOSE);
        Self(new_mac(&mac.finalize().into_bytes().into()))
    }

    /// Returns the list of an account, a path and every parameter that filters or orders it.
    pub(crate) fn list(&self, account_id: AccountId, path: &str, parameters: &[(String, String)]) -> List {
        let mut mac = self.0.clone();
        mac.update(&account_id.0.to_be_bytes());
        for text in
            std::iter::once(path).chain(parameters.iter().flat_map(|(name, value)| [&**name, &**value]))
        {
            mac.update(&(text.len() as u64).to_be_bytes());
            mac.update(text.as_bytes());
        }
        List(mac)
    }
}

/// Creates a MAC with a key shorter than a block of the hash, which HMAC pads with zeros.
fn new_mac<const BYTES: usize>(key: &[u8; BYTES]) -> Hmac<Sha256> {
    let mut block = Key::<Hmac<Sha256>>::default();
    block[..BYTES].copy_from_slice(key);
    Hmac::new(&block)
}

/// A list that is read page by page.
#[derive(Clone)]
pub(crate) struct List(Hmac<Sha256>);

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("List")
    }
}

impl List {
    /// Returns the cursor of a place in it.
    pub(crate) fn cursor(&self, place: Place) -> String {
        let place = bytes_of(place);
        let seal = self.0.clone().chain_update(place).finalize().into_bytes();
        base16ct::lower::encode_string(&[&place, &seal[..SEAL]].concat())
    }

    /// Parses a cursor of this list.
    ///
    /// # Errors
    ///
    /// It was not issued here for this list.
    pub(crate) fn place(&self, cursor: &str) -> Result<Place, Problem> {
        self.opened(cursor).ok_or_else(|| {
            let detail = "cursor does not belong to this list; send next_cursor unchanged, with the key, path, filter and \
                          order of the previous page, or leave it out";
            Problem::parameter("cursor", detail)
        })
    }

    fn opened(&self, cursor: &str) -> Option<Place> {
        let mut bytes = [0; PLACE + SEAL];
        // Refuses upper case, so that a cursor has one text.
        let bytes: &[u8; PLACE + SEAL] = base16ct::lower::decode(cursor, &mut bytes).ok()?.try_into().ok()?;
        let (place, seal) = bytes.split_first_chunk::<PLACE>()?;
        // Compares in constant time.
        self.0.clone().chain_update(place).verify_truncated_left(seal).ok()?;
        let (value, number) = place.split_first_chunk::<8>()?;
        Some(Place { value: f64::from_be_bytes(*value), number: u64::from_be_bytes(number.try_into().ok()?) })
    }
}

fn bytes_of(place: Place) -> [u8; PLACE] {
    let mut bytes = [0; PLACE];
    bytes[..8].copy_from_slice(&place.value.to_be_bytes());
    bytes[8..].copy_from_slice(&place.number.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(store: u128, account: i64, path: &str, pairs: &[(&str, &str)]) -> List {
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        CursorKey::of_store(store).list(AccountId(account), path, &pairs)
    }

    #[test]
    fn a_cursor_belongs_to_its_store_account_and_list() {
        let growth = || list(1, 7, "/v1/trending", &[("sort", "growth")]);
        let place = Place { value: 1.5, number: 7 };
        let cursor = growth().cursor(place);
        assert_eq!(growth().place(&cursor).expect("a place"), place);
        for other in [
            list(2, 7, "/v1/trending", &[("sort", "growth")]),
            list(1, 8, "/v1/trending", &[("sort", "growth")]),
            list(1, 7, "/v1/trending", &[]),
            list(1, 7, "/v1/trending", &[("sort", "velocity")]),
            list(1, 7, "/v1/hashtags", &[("sort", "growth")]),
            list(1, 7, "/v1/trending", &[("sortg", "rowth")]),
        ] {
            let refused = other.place(&cursor).expect_err("of another list");
            assert_eq!(refused.param(), Some("cursor"));
        }
    }

    #[test]
    fn no_bit_of_a_cursor_can_be_turned_and_none_left_out() {
        let list = list(1, 7, "/v1/trending", &[]);
        let cursor = list.cursor(Place { value: 1e12, number: 4_711 });
        for (at, bit) in (0..cursor.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut turned = cursor.clone().into_bytes();
            turned[at] ^= 1 << bit;
            let turned = String::from_utf8(turned).expect("ASCII");
            assert!(list.place(&turned).is_err(), "{turned}");
        }
        for length in 0..cursor.len() {
            assert!(list.place(&cursor[..length]).is_err(), "{length}");
        }
        assert!(list.place(&format!("{cursor}0")).is_err() && list.place(&format!("{cursor}00")).is_err());
        assert!(list.place(&cursor.to_uppercase()).is_err());
    }

    proptest! {
        #[test]
        fn every_place_comes_back_and_other_texts_are_rejected(
            value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO,
            number in any::<u64>(),
            text in "\\PC{0,70}|[0-9a-f]{64}",
        ) {
            let list = list(9, 9, "/v1/trending", &[]);
            let place = Place { value, number };
            prop_assert_eq!(list.place(&list.cursor(place)).expect("a place"), place);
            prop_assert!(list.place(&text).is_err());
        }
    }
}
