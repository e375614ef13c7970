//! Division of an answer into pages, as requests are read and as the API description shows it.

use measure::{LIMIT, LIMIT_MAX};

/// Division of an answer into pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paging {
    /// The answer is whole.
    None,
    /// The first rows alone, up to `limit`.
    First,
    /// Pages of `limit` rows unless the request says otherwise, and of `most` at most; `older_name` is another name of
    /// `limit` with its own maximum.
    Pages { limit: u32, most: u32, older_name: Option<(&'static str, u32)> },
}

impl Paging {
    /// Pages of the usual size.
    pub(crate) const PAGES: Self = Self::Pages { limit: LIMIT, most: LIMIT_MAX, older_name: None };

    /// Returns the rows of a page by default and at most.
    pub(crate) const fn limits(self) -> (u32, u32) {
        match self {
            Self::Pages { limit, most, .. } => (limit, most),
            Self::None | Self::First => (LIMIT, LIMIT_MAX),
        }
    }
}
