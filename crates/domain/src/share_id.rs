//! The id of a share: `shr_` and a ULID. It names a share in lists; it opens nothing.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// A share's id.
    ShareId, ShareIdError, "share", "shr_"
}
