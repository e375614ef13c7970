//! The name of a job: `job_` and 26 characters. 48 bits of time come first, so that ids sort as jobs were made, and
//! 80 random bits follow, so that nobody guesses the job of another.

use crate::Timestamp;
use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "job_";
/// Crockford's base 32, in lower case: no `i`, `l`, `o` or `u`. Its order is that of the numbers.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BITS_OF_A_DIGIT: u32 = 5;
const DIGITS_LEN: usize = 26;
const RANDOM_BITS: u32 = 80;

/// A job's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(u128);

/// A text that is no id of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a job is {PREFIX} and {DIGITS_LEN} digits and lower-case letters")]
pub struct JobIdError;

impl JobId {
    /// Creates an id from a moment and 80 random bits, the lowest ones of `random`.
    pub const fn new(at: Timestamp, random: u128) -> Self {
        let ms = (at.as_ms().unsigned_abs() & 0xffff_ffff_ffff) as u128;
        Self((ms << RANDOM_BITS) | (random & ((1 << RANDOM_BITS) - 1)))
    }

    /// From the database.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// For the database, which sorts them as the numbers.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for place in (0..DIGITS_LEN as u32).rev() {
            let digit = (self.0 >> (place * BITS_OF_A_DIGIT)) as usize % DIGITS.len();
            write!(f, "{}", char::from(DIGITS[digit]))?;
        }
        Ok(())
    }
}

impl FromStr for JobId {
    type Err = JobIdError;
    fn from_str(text: &str) -> Result<Self, JobIdError> {
        let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == DIGITS_LEN);
        let mut id = 0_u128;
        for byte in digits.ok_or(JobIdError)?.bytes() {
            let digit = DIGITS.iter().position(|digit| *digit == byte).ok_or(JobIdError)?;
            // 26 digits have 130 bits: two must be 0.
            id = id.checked_mul(DIGITS.len() as u128).ok_or(JobIdError)? | digit as u128;
        }
        Ok(Self(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_texts_are_no_ids() {
        let most = JobId::from_bytes([0xff; 16]);
        assert_eq!(most.to_string(), "job_7zzzzzzzzzzzzzzzzzzzzzzzzz");
        for text in [
            "",
            "job_",
            "7zzzzzzzzzzzzzzzzzzzzzzzzz",
            "job_7zzzzzzzzzzzzzzzzzzzzzzzz",
            "job_7zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "job_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "job_7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "job_0000000000000000000000000u",
            "job_0000000000000000000000000é",
        ] {
            assert_eq!(text.parse::<JobId>(), Err(JobIdError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn ids_are_read_back_and_sort_as_text_and_as_bytes_by_time(ms in 0_i64..1 << 47, random: u128, other: u128) {
            let id = JobId::new(Timestamp::from_ms(ms), random);
            let later = JobId::new(Timestamp::from_ms(ms + 1), other);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(JobId::from_bytes(id.to_bytes()), id);
            prop_assert!(id < later && id.to_bytes() < later.to_bytes() && id.to_string() < later.to_string());
        }
    }
}
