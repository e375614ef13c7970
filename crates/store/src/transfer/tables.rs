//! The tables that move, in the order they are copied, with PostgreSQL's columns; what SQLite has in their place is in
//! its half. The one-row tables (`store`, `keys_version`) are set at the end. Frozen rankings do not move, as all of them can
//! be made again, nor does what upstreams were asked for: they are asked once more.

use Kind::{Blob as B, Flag as F, Integer as I, Text as T};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Flag,
    Text,
    Blob,
}

/// Which file holds the table on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Catalog,
    Accounts,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) part: Part,
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// Columns of its primary key, in the order in which rows are read and written.
    pub(crate) key: &'static [&'static str],
    /// Rows that are in memory at once, and in one transaction of the target.
    pub(crate) rows_max: usize,
}

impl Table {
    /// What a column of this name holds; a column that only orders is a number.
    pub(crate) fn kind_of(&self, column: &str) -> Kind {
        self.columns.iter().find(|(name, _)| *name == column).map_or(I, |(_, kind)| *kind)
    }
}

/// Rows of a narrow table.
const NARROW: usize = 50_000;
/// Rows of about a kilobyte.
const WIDE: usize = 10_000;
/// Rows with an answer in them.
const WIDEST: usize = 500;

/// Every table that is copied.
pub(crate) const TABLES: [Table; 21] = [
    Table {
        name: "accounts",
        part: Part::Accounts,
        columns: &[("account_id", I), ("email", T), ("created_at_ms", I)],
        key: &["account_id"],
        rows_max: NARROW,
    },
    Table {
        name: "keys",
        part: Part::Accounts,
        columns: &[
            ("key_id", I),
            ("account_id", I),
            ("name", T),
            ("sha256", B),
            ("scope", I),
            ("requests_per_minute", I),
            ("created_at_ms", I),
            ("revoked_at_ms", I),
        ],
        key: &["key_id"],
        rows_max: NARROW,
    },
    Table {
        name: "entries",
        part: Part::Accounts,
        columns: &[
            ("account_id", I),
            ("sequence", I),
            ("kind", I),
            ("credits", I),
            ("balance_after", I),
            ("at_ms", I),
            ("request_id", B),
            ("operation", I),
            ("cause", T),
            ("hash", B),
        ],
        key: &["account_id", "sequence"],
        rows_max: NARROW,
    },
    // After the entries: on SQLite a balance names the last of them.
    Table {
        name: "balances",
        part: Part::Accounts,
        columns: &[
            ("account_id", I),
            ("balance", I),
            ("granted", I),
            ("charged", I),
            ("sequence", I),
            ("hash", B),
        ],
        key: &["account_id"],
        rows_max: NARROW,
    },
    Table {
        name: "idempotency",
        part: Part::Accounts,
        columns: &[
            ("account_id", I),
            ("idempotency_key", T),
            ("fingerprint", B),
            ("request_id", B),
            ("created_at_ms", I),
            ("status", I),
            ("content_type", T),
            ("body", B),
        ],
        key: &["account_id", "idempotency_key"],
        rows_max: WIDEST,
    },
    Table {
        name: "jobs",
        part: Part::Accounts,
        columns: &[
            ("account_id", I),
            ("job_id", B),
            ("kind", I),
            ("state", I),
            ("request", T),
            ("progress", T),
            ("result", T),
            ("node", T),
            ("attempts", I),
            ("lease_until_ms", I),
            ("is_cancel_wanted", F),
            ("idempotency_key", T),
            ("fingerprint", B),
            ("created_at_ms", I),
            ("started_at_ms", I),
            ("finished_at_ms", I),
            ("lease_ms", I),
            ("failures", I),
            ("failure", T),
            ("unheard", I),
        ],
        key: &["account_id", "job_id"],
        rows_max: WIDEST,
    },
    Table {
        name: "upstream_calls",
        part: Part::Accounts,
        columns: &[("upstream", T), ("day", I), ("calls", I)],
        key: &["upstream", "day"],
        rows_max: NARROW,
    },
    Table {
        name: "hashtags",
        part: Part::Catalog,
        columns: &[
            ("hashtag", I),
            ("name", T),
            ("id", I),
            ("changed", I),
            ("held_videos", I),
            ("held_views", I),
            ("held_creators", I),
            ("held_sources", I),
            ("held_caveats", I),
            ("views", I),
            ("views_at", I),
            ("creators", I),
            ("creators_at", I),
            ("videos", I),
            ("videos_at", I),
            ("rounded", I),
            ("description", T),
            ("is_pgcshow", F),
            ("is_commerce", F),
            ("is_challenge", F),
            ("is_strong_music", F),
            ("kind", I),
            ("cover", T),
            ("details_at", I),
            ("assigned_id", I),
            ("held_by_handle", I),
            ("held_at", I),
        ],
        key: &["hashtag"],
        rows_max: WIDE,
    },
    Table {
        name: "hashtag_keys",
        part: Part::Catalog,
        columns: &[("key", T), ("hashtag", I)],
        key: &["key"],
        rows_max: NARROW,
    },
    Table {
        name: "hashtag_ids",
        part: Part::Catalog,
        columns: &[("id", I), ("hashtag", I)],
        key: &["id"],
        rows_max: NARROW,
    },
    Table {
        name: "handles",
        part: Part::Catalog,
        columns: &[("handle", I), ("author", I)],
        key: &["handle"],
        rows_max: NARROW,
    },
    Table {
        name: "forgotten",
        part: Part::Catalog,
        columns: &[("digest", I)],
        key: &["digest"],
        rows_max: NARROW,
    },
    Table {
        name: "video_ids",
        part: Part::Catalog,
        columns: &[("id", I), ("video", I), ("digest", I)],
        key: &["id"],
        rows_max: NARROW,
    },
    Table {
        name: "videos",
        part: Part::Catalog,
        columns: &[
            ("video", I),
            ("id", I),
            ("author", I),
            ("create_time", I),
            ("region", I),
            ("observed_at", I),
            ("plays", I),
            ("likes", I),
            ("comments", I),
            ("shares", I),
            ("saves", I),
            ("downloads", I),
            ("rounded", I),
            ("plays_at", I),
            ("likes_at", I),
            ("comments_at", I),
            ("shares_at", I),
            ("saves_at", I),
            ("downloads_at", I),
            ("tags", B),
            ("handle", I),
            ("removed_at", I),
        ],
        key: &["video"],
        rows_max: NARROW,
    },
    Table {
        name: "video_fragments",
        part: Part::Catalog,
        columns: &[("video", I), ("packed", B)],
        key: &["video"],
        rows_max: WIDE,
    },
    Table {
        name: "links",
        part: Part::Catalog,
        columns: &[("hashtag", I), ("author", I), ("video", I), ("id", I), ("plays", I), ("region", I)],
        key: &["hashtag", "author", "video"],
        rows_max: NARROW,
    },
    Table {
        name: "hashtag_snapshots",
        part: Part::Catalog,
        columns: &[
            ("hashtag", I),
            ("observed_at", I),
            ("source", I),
            ("views", I),
            ("creators", I),
            ("videos", I),
            ("rounded", I),
        ],
        key: &["hashtag", "observed_at", "source"],
        rows_max: NARROW,
    },
    Table {
        name: "hashtag_windows",
        part: Part::Catalog,
        columns: &[
            ("hashtag", I),
            ("observed_at", I),
            ("source", I),
            ("country", T),
            ("window_days", I),
            ("views", I),
            ("posts", I),
            ("rank", I),
            ("industry", T),
        ],
        key: &["hashtag", "observed_at", "source", "country", "window_days"],
        rows_max: NARROW,
    },
    Table {
        name: "video_snapshots",
        part: Part::Catalog,
        columns: &[
            ("video", I),
            ("observed_at", I),
            ("source", I),
            ("plays", I),
            ("likes", I),
            ("comments", I),
            ("shares", I),
            ("saves", I),
            ("downloads", I),
            ("rounded", I),
        ],
        key: &["video", "observed_at", "source"],
        rows_max: NARROW,
    },
    Table {
        name: "walk_runs",
        part: Part::Catalog,
        columns: &[
            ("hashtag", I),
            ("region", I),
            ("job_id", B),
            ("at_ms", I),
            ("unique_videos", I),
            ("videos", B),
        ],
        key: &["hashtag", "region", "job_id"],
        rows_max: WIDEST,
    },
    Table {
        name: "changes",
        part: Part::Catalog,
        columns: &[("sequence", I), ("hashtags", B)],
        key: &["sequence"],
        rows_max: WIDEST,
    },
];
