//! Shares: links that show a report to whoever has them, frozen as of a moment or live, until they expire or are revoked.
//!
//! Reading order: `order` (what an owner wants), `settings` and `document` (what is stored), [`Sharing`] (creates, lists,
//! changes and revokes), `open` (from a link to its report), `password`, `view`. The store has the digest of a token and the
//! digests of passwords alone, and the link is in the answer that created the share and nowhere else.
//!
//! Deliberately absent: HTTP, SQL, formats of files, reading the clock, chance.

mod document;

mod error;

mod feeds;

mod open;

mod order;

mod password;

mod prepared;

mod settings;

mod sharing;

mod view;

pub use error::ShareError;
pub use feeds::{FeedError, FeedLinks, FeedPage, FeedView};
pub use open::OpenShare;
pub use order::{DAYS_DEFAULT, DAYS_MAX, ShareOrder, SharePassword, SharePatch, Subject};
pub use password::{PASSWORD_BYTES, PASSWORDS_MAX};
pub use prepared::{Prepared, PreparedLink};
pub use settings::{SITES_MAX, StoredSubject};
pub use sharing::{CreatedShare, PAGE, Repeatable, SharePage, Sharing};
pub use view::ShareView;

use std::sync::Arc;

/// Draws 256 random bits; `None` if the system has none.
pub type Chance = Arc<dyn Fn() -> Option<[u8; 32]> + Send + Sync>;
