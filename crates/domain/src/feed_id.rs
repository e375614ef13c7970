//! The id of a feed: `fed_` and a ULID. It names a feed in lists; it opens nothing.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// A feed's id.
    FeedId, FeedIdError, "feed", "fed_"
}
