//! The id of a tracker: `trk_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// A tracker's id.
    TrackerId, TrackerIdError, "tracker", "trk_"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JobId, Timestamp};

    #[test]
    fn the_id_of_a_job_is_no_id_of_a_tracker() {
        let at = Timestamp::from_ms(1_700_000_000_000);
        let id = TrackerId::new(at, 7);
        assert_eq!(id.to_string().parse(), Ok(id));
        let refused = JobId::new(at, 7).to_string().parse::<TrackerId>().expect_err("of a job");
        assert_eq!(refused.to_string(), "the id of a tracker is trk_ and 26 digits and lower-case letters");
    }
}
