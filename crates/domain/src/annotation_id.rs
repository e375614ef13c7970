//! The id of an own annotation: `ann_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// An annotation's id.
    AnnotationId, AnnotationIdError, "annotation", "ann_"
}
