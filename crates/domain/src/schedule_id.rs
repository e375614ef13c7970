//! The id of a schedule of reports: `sch_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// A schedule's id.
    ScheduleId, ScheduleIdError, "schedule", "sch_"
}
