//! The id of a job: `job_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// A job's id.
    JobId, JobIdError, "job", "job_"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
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
