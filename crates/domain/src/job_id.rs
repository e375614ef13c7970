//! The id of a job: `job_` and a ULID in lower case. 48 bits of time come first, so that ids sort by creation, and 80
//! random bits follow, so that nobody guesses the job of another.

use crate::Timestamp;
use std::fmt;
use std::str::FromStr;
use ulid::Ulid;

const PREFIX: &str = "job_";
const DIGITS_LEN: usize = ulid::ULID_LEN;
/// 26 digits have 130 bits, of which the first two are 0.
const FIRST_DIGITS: std::ops::RangeInclusive<char> = '0'..='7';

/// A job's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(Ulid);

/// A text that is no id of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id of a job is {PREFIX} and {DIGITS_LEN} digits and lower-case letters")]
pub struct JobIdError;

impl JobId {
    /// Creates an id from a moment and 80 random bits, the lowest ones of `random`.
    pub const fn new(at: Timestamp, random: u128) -> Self {
        Self(Ulid::from_parts(at.as_ms().unsigned_abs(), random))
    }

    /// From the database.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(bytes))
    }

    /// For the database, which sorts them as the numbers.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; DIGITS_LEN];
        let digits = self.0.array_to_str(&mut buffer);
        digits.make_ascii_lowercase();
        write!(f, "{PREFIX}{digits}")
    }
}

impl FromStr for JobId {
    type Err = JobIdError;
    fn from_str(text: &str) -> Result<Self, JobIdError> {
        // One id has one text: `Ulid` also takes capital letters, and drops bits that are too many.
        let is_canonical = |digits: &&str| {
            digits.starts_with(|first| FIRST_DIGITS.contains(&first))
                && !digits.bytes().any(|byte| byte.is_ascii_uppercase())
        };
        let digits = text.strip_prefix(PREFIX).filter(is_canonical).ok_or(JobIdError)?;
        Ulid::from_string(digits).map(Self).map_err(|_| JobIdError)
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
