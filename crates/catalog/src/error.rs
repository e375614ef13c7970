//! Errors of the catalog.

use crate::{Prospect, UpstreamFault};
use domain::TagError;
use domain::window::WindowError;
use sources::upstream::UpstreamError;
use std::io::ErrorKind;
use std::sync::Arc;
use store::StoreError;

/// Errors of the catalog. "Not found" is not an error: look-ups return `Option`.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cursor's ranking was dropped, or belongs to another hashtag or region: begin again with cursor 0.
    #[error("this cursor has expired or belongs to another walk; begin again with cursor=0")]
    CursorUnknown,
    /// The text is not a tag.
    #[error(transparent)]
    Name(#[from] TagError),
    /// The search index is being built.
    #[error("the search index is being built")]
    IndexBuilding,
    /// The search index cannot be read or written.
    #[error("the search index failed: {0}")]
    Index(#[source] std::io::Error),
    /// Trends cannot be buffered in a temporary file during a rebuild.
    #[error("trends cannot be buffered in a temporary file: {0}")]
    Trends(#[source] std::io::Error),
    /// The Research API refuses access, or the request.
    #[error("the Research API refuses: {0}")]
    Research(#[source] UpstreamError),
    /// These days cannot be requested.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// Nothing is stored, and no upstream returned it.
    #[error("no upstream returned it: {cause}")]
    Upstream {
        /// The fault as reported to clients.
        fault: UpstreamFault,
        /// The last failure.
        cause: String,
        /// The prospect of a retry.
        prospect: Prospect,
    },
    /// An upstream's answer could not be stored. All callers of the coalesced request share this error.
    #[error("the upstream's answer could not be stored: {0}")]
    NotStored(Arc<Self>),
    /// Paths to import that do not exist or cannot be read.
    #[error("{name}: {why}")]
    NoInput {
        /// The paths, as given.
        name: String,
        /// The reason.
        why: &'static str,
    },
}

impl CatalogError {
    /// Returns true if the same call may succeed later with the same request and data: the disk was full, or
    /// the database or an upstream was unreachable.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::NotStored(error) => error.is_passing(),
            Self::Index(error) | Self::Trends(error) => {
                matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
            }
            Self::IndexBuilding | Self::Upstream { .. } => true,
            Self::CursorUnknown
            | Self::Name(_)
            | Self::Research(_)
            | Self::Window(_)
            | Self::NoInput { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_passes_and_a_wrong_name_does_not() {
        let full = || std::io::Error::from(ErrorKind::StorageFull);
        for passing in
            [CatalogError::Index(full()), CatalogError::Trends(full()), CatalogError::IndexBuilding]
        {
            assert!(passing.is_passing(), "{passing}");
            assert!(CatalogError::NotStored(Arc::new(passing)).is_passing());
        }
        let denied = std::io::Error::from(ErrorKind::PermissionDenied);
        for lasting in [CatalogError::Index(denied), CatalogError::CursorUnknown] {
            assert!(!lasting.is_passing(), "{lasting}");
        }
    }
}
