//! The id of an alert: `alr_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// An alert's id.
    AlertId, AlertIdError, "alert", "alr_"
}
