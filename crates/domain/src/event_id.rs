//! The id of an event: `evt_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// An event's id.
    EventId, EventIdError, "event", "evt_"
}
