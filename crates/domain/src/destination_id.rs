//! The id of a destination: `dst_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// A destination's id.
    DestinationId, DestinationIdError, "destination", "dst_"
}
