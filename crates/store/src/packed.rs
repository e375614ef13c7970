//! Whole numbers in as few bytes as they need: 7 bits a byte, lowest first.

/// Bits of a number in each of its bytes; the highest bit marks that more bytes follow.
const BITS: u32 = 7;

/// Appends a number, 1 to 10 bytes.
pub(crate) fn put(packed: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest >= 1 << BITS {
        packed.push((rest as u8) | 1 << BITS);
        rest >>= BITS;
    }
    packed.push(rest as u8);
}

/// Takes the next number off the front; `None` if the bytes are damaged or there are none.
pub(crate) fn take(packed: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let (byte, rest) = packed.split_first()?;
        let bits = u64::from(byte & !(1 << BITS));
        number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
        shift += BITS;
        *packed = rest;
        if byte >> BITS == 0 {
            return Some(number);
        }
    }
}

/// Maps a number of either sign to one that is small where its amount is: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(crate) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// Undoes [`zigzag`].
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_numbers_of_either_sign_take_a_byte() {
        for number in [0, 1, -1, 63, -64] {
            let mut packed = Vec::new();
            put(&mut packed, zigzag(number));
            assert_eq!(packed.len(), 1, "{number}");
        }
        assert_eq!(take(&mut &[0x80][..]), None, "cut off");
        assert_eq!(take(&mut &[0xff; 11][..]), None, "more than 64 bits");
        assert_eq!(take(&mut &[][..]), None);
    }

    proptest! {
        #[test]
        fn what_is_put_is_taken(numbers: Vec<i64>) {
            let mut packed = Vec::new();
            for number in &numbers {
                put(&mut packed, zigzag(*number));
            }
            let mut rest = &packed[..];
            for number in numbers {
                prop_assert_eq!(take(&mut rest).map(unzigzag), Some(number));
            }
            prop_assert!(rest.is_empty());
        }
    }
}
