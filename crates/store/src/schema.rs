//! The schema of both backends: its steps, and the catalogue of all tables with their columns, keys, distribution over a
//! cluster and place in a transfer. A test compares the catalogue with the schema that the steps make.

use crate::migration::{Set, set};

/// Steps of `catalog.db`.
pub(crate) const CATALOG: Set = set!("catalog": "0001_catalog", "0002_identities", "0003_removed", "0004_imported_files", "0005_runs", "0006_arrivals", "0007_videos_known", "0008_source_readings");
/// Steps of `accounts.db`.
pub(crate) const ACCOUNTS: Set = set!("accounts": "0001_accounts", "0002_jobs_that_fail", "0003_attempts_unheard", "0004_trackers", "0005_alerts", "0006_campaigns", "0007_read_keys", "0008_ended_jobs", "0009_annotations", "0010_shares", "0011_top_videos", "0012_schedules", "0013_feeds");
/// Steps of `walks.db`.
pub(crate) const WALKS: Set = set!("walks": "0001_walks", "0002_standings", "0003_outlook");
/// All steps. On PostgreSQL, where everything is in one database, they are applied in this order.
pub(crate) const SETS: [Set; 3] = [CATALOG, ACCOUNTS, WALKS];

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    /// 0 or 1 on SQLite.
    Flag,
    Real,
    Text,
    Blob,
}

/// Which backend has a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Both,
    Sqlite,
    Postgres,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) on: On,
    /// SQL that gives the value on SQLite, of a column that PostgreSQL alone has.
    pub(crate) read_as: Option<&'static str>,
}

/// A file of the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum File {
    Catalog,
    Accounts,
    Walks,
}

/// Distribution of a table's rows over a Citus cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distribution {
    /// On the coordinator, where writers of the catalog take turns.
    Coordinator,
    /// A copy on every node (a reference table): few rows, looked up in many ways.
    Reference,
    /// Sharded by a column.
    By(&'static str),
    /// Sharded by a column, each row beside the rows of another table with the same value (co-located).
    With(&'static str, &'static str),
}

/// A table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The file on SQLite; `None` if PostgreSQL alone has the table.
    pub(crate) file: Option<File>,
    pub(crate) columns: &'static [Column],
    /// Columns of the primary key on PostgreSQL.
    pub(crate) key: &'static [&'static str],
    /// The same on SQLite.
    pub(crate) sqlite_key: &'static [&'static str],
    pub(crate) distribution: Distribution,
    /// Rows that a transfer moves at once; `None` if it leaves the table out.
    pub(crate) moved: Option<usize>,
}

impl Table {
    const fn new(
        name: &'static str,
        file: File,
        columns: &'static [Column],
        key: &'static [&'static str],
    ) -> Self {
        let distribution = Distribution::Coordinator;
        Self { name, file: Some(file), columns, key, sqlite_key: key, distribution, moved: None }
    }

    const fn sqlite_key(mut self, key: &'static [&'static str]) -> Self {
        self.sqlite_key = key;
        self
    }

    const fn on(mut self, distribution: Distribution) -> Self {
        self.distribution = distribution;
        self
    }

    const fn moved(mut self, rows_max: usize) -> Self {
        self.moved = Some(rows_max);
        self
    }

    /// Returns the rows of a transfer that are in memory at once, and in one transaction of its target.
    pub(crate) fn rows_max(&self) -> usize {
        self.moved.unwrap_or(NARROW)
    }

    /// Returns the columns that a transfer moves: those of PostgreSQL.
    pub(crate) fn moved_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.on != On::Sqlite)
    }

    /// Returns what a column holds; one that is not the table's, and only orders rows, is an integer.
    pub(crate) fn kind_of(&self, column: &str) -> Kind {
        self.columns.iter().find(|known| known.name == column).map_or(Kind::Integer, |known| known.kind)
    }
}

/// Returns the tables that a transfer moves, in the order in which it writes them. The one-row tables are set at its end;
/// rankings, trends and fetches from upstreams can be made again and are left out.
pub(crate) fn moved_tables() -> impl Iterator<Item = &'static Table> {
    tables().filter(|table| table.moved.is_some())
}

/// Columns, several a line: `name: kind`, with the backend if only one has it.
macro_rules! columns {
    ($($name:ident: $kind:ident $($on:ident $($read_as:literal)?)?),+ $(,)?) => {
        &[$(Column {
            name: stringify!($name),
            kind: columns!(kind $kind),
            on: columns!(on $($on)?),
            read_as: columns!(read_as $($($read_as)?)?),
        }),+]
    };
    (kind integer) => { Kind::Integer };
    (kind flag) => { Kind::Flag };
    (kind real) => { Kind::Real };
    (kind text) => { Kind::Text };
    (kind blob) => { Kind::Blob };
    (on) => { On::Both };
    (on sqlite) => { On::Sqlite };
    (on postgres) => { On::Postgres };
    (read_as) => { None };
    (read_as $sql:literal) => { Some($sql) };
}

/// Rows of a narrow table that a transfer moves at once.
const NARROW: usize = 50_000;
/// Rows of about a kilobyte.
const WIDE: usize = 10_000;
/// Rows with a document in them.
const WIDEST: usize = 500;

/// Rows with a report of some hundred kilobytes, and up to megabytes.
const DOCUMENTS: usize = 16;

const WITH_ACCOUNT: Distribution = Distribution::With("account_id", "balances");
const WITH_HASHTAG: Distribution = Distribution::With("hashtag", "hashtags");
const WITH_VIDEO: Distribution = Distribution::With("video", "videos");

mod accounts;

/// Returns every table but `migrations`; those that a transfer moves in the order in which it writes them.
pub(crate) fn tables() -> impl Iterator<Item = &'static Table> {
    accounts::TABLES.iter().chain(&OTHERS)
}

/// Tables of `catalog.db` and `walks.db`.
static OTHERS: [Table; 30] = [
    Table::new(
        "hashtags",
        File::Catalog,
        columns! {
            hashtag: integer, name: text, id: integer, changed: integer, held_videos: integer,
            held_views: integer, held_creators: integer, held_sources: integer, held_caveats: integer,
            views: integer, views_at: integer, creators: integer, creators_at: integer,
            videos: integer, videos_at: integer, rounded: integer, description: text, is_pgcshow: flag,
            is_commerce: flag, is_challenge: flag, is_strong_music: flag, kind: integer, cover: text,
            details_at: integer, assigned_id: integer, held_by_handle: integer, held_at: integer,
        },
        &["hashtag"],
    )
    .on(Distribution::By("hashtag"))
    .moved(WIDE),
    Table::new("hashtag_keys", File::Catalog, columns! { key: text, hashtag: integer }, &["key"])
        .on(Distribution::By("key"))
        .moved(NARROW),
    Table::new("hashtag_ids", File::Catalog, columns! { id: integer, hashtag: integer }, &["id"])
        .on(Distribution::By("id"))
        .moved(NARROW),
    Table::new("handles", File::Catalog, columns! { handle: integer, author: integer }, &["handle"])
        .on(Distribution::By("handle"))
        .moved(NARROW),
    Table::new("forgotten", File::Catalog, columns! { digest: integer }, &["digest"])
        .on(Distribution::By("digest"))
        .moved(NARROW),
    Table::new(
        "video_ids",
        File::Catalog,
        columns! { id: integer, video: integer, digest: integer },
        &["id"],
    )
    .on(Distribution::By("id"))
    .moved(NARROW),
    Table::new(
        "videos",
        File::Catalog,
        columns! {
            video: integer, id: integer, author: integer, create_time: integer, region: integer,
            observed_at: integer, plays: integer, likes: integer, comments: integer, shares: integer,
            saves: integer, downloads: integer, rounded: integer, plays_at: integer, likes_at: integer,
            comments_at: integer, shares_at: integer, saves_at: integer, downloads_at: integer,
            tags: blob, handle: integer, removed_at: integer,
        },
        &["video"],
    )
    .on(Distribution::By("video"))
    .moved(NARROW),
    Table::new("video_fragments", File::Catalog, columns! { video: integer, packed: blob }, &["video"])
        .on(WITH_VIDEO)
        .moved(WIDE),
    Table::new(
        "links",
        File::Catalog,
        columns! {
            hashtag: integer, author: integer, video: integer,
            id: integer postgres "(SELECT id FROM videos WHERE videos.video = links.video)",
            plays: integer, region: integer,
        },
        &["hashtag", "author", "video"],
    )
    .on(WITH_HASHTAG)
    .moved(NARROW),
    Table::new(
        "hashtag_snapshots",
        File::Catalog,
        columns! {
            hashtag: integer, observed_at: integer, source: integer, views: integer, creators: integer,
            videos: integer, rounded: integer, readings: integer, last_at: integer, later: blob, arrived: blob,
        },
        &["hashtag", "observed_at", "source"],
    )
    .on(WITH_HASHTAG)
    .moved(NARROW),
    Table::new(
        "hashtag_superseded",
        File::Catalog,
        columns! {
            hashtag: integer, observed_at: integer, source: integer, superseded_at: integer,
            arrived_at: integer, views: integer, creators: integer, videos: integer, rounded: integer,
        },
        &["hashtag", "observed_at", "source", "superseded_at"],
    )
    .on(WITH_HASHTAG)
    .moved(NARROW),
    Table::new(
        "hashtag_windows",
        File::Catalog,
        columns! {
            hashtag: integer, observed_at: integer, source: integer, country: text,
            window_days: integer, views: integer, posts: integer, rank: integer, industry: text,
        },
        &["hashtag", "observed_at", "source", "country", "window_days"],
    )
    .on(WITH_HASHTAG)
    .moved(NARROW),
    Table::new(
        "video_snapshots",
        File::Catalog,
        columns! {
            video: integer, observed_at: integer, source: integer, plays: integer, likes: integer,
            comments: integer, shares: integer, saves: integer, downloads: integer, rounded: integer,
        },
        &["video", "observed_at", "source"],
    )
    .on(WITH_VIDEO)
    .moved(NARROW),
    Table::new(
        "video_superseded",
        File::Catalog,
        columns! {
            video: integer, superseded_at: integer, author: integer, create_time: integer, region: integer,
            observed_at: integer, rounded: integer, plays: integer, likes: integer, comments: integer,
            shares: integer, saves: integer, downloads: integer, tags: integer, removed_at: integer,
        },
        &["video", "superseded_at"],
    )
    .on(WITH_VIDEO)
    .moved(NARROW),
    Table::new(
        "arrivals",
        File::Catalog,
        columns! { arrived_at: integer, hashtags: integer, videos: integer, from_before: integer },
        &["arrived_at"],
    )
    .moved(NARROW),
    Table::new(
        "source_readings",
        File::Catalog,
        columns! { source: integer, observed_at: integer, arrived_at: integer },
        &["source"],
    )
    .moved(NARROW),
    Table::new(
        "walk_runs",
        File::Catalog,
        columns! {
            hashtag: integer, region: integer, job_id: blob, at_ms: integer, unique_videos: integer,
            videos: blob,
        },
        &["hashtag", "region", "job_id"],
    )
    .on(WITH_HASHTAG)
    .moved(WIDEST),
    Table::new(
        "imported_files",
        File::Catalog,
        columns! { number: integer, bytes: integer, digest: blob, imported_at: integer, summary: text },
        &["number"],
    ),
    Table::new("changes", File::Catalog, columns! { sequence: integer, hashtags: blob }, &["sequence"])
        .moved(WIDEST),
    Table::new(
        "store",
        File::Catalog,
        columns! {
            one: integer, identity: blob, sequence: integer, next_hashtag: integer postgres,
            next_video: integer postgres, backfill_hashtag: integer, backfill_video: integer,
            backfill_runs: integer, arrived_at: integer, forget_key: blob, last_video: integer sqlite, videos_gone: integer, has_forgotten: integer,
            is_forgetting: integer,
        },
        &["one"],
    ),
    Table {
        file: None,
        ..Table::new("told", File::Catalog, columns! { one: integer, sequence: integer }, &["one"])
    },
    Table::new("keys_version", File::Accounts, columns! { one: integer, version: integer }, &["one"])
        .on(Distribution::Reference),
    Table::new(
        "generations",
        File::Walks,
        columns! {
            generation: integer, slot: integer, store: blob sqlite, hashtag: integer, region: integer,
            changed: integer, built_at: integer, videos: integer, head: blob,
        },
        &["hashtag", "generation"],
    )
    .sqlite_key(&["generation"])
    .on(WITH_HASHTAG),
    Table::new(
        "generation_chunks",
        File::Walks,
        columns! {
            hashtag: integer postgres, generation: integer, chunk: integer, videos: blob,
        },
        &["hashtag", "generation", "chunk"],
    )
    .sqlite_key(&["generation", "chunk"])
    .on(WITH_HASHTAG),
    Table::new(
        "asks",
        File::Walks,
        columns! {
            store: blob sqlite, kind: integer, key: text, at_ms: integer, is_found: flag,
            cursor: integer, has_more: flag,
        },
        &["key", "kind"],
    )
    .sqlite_key(&["store", "kind", "key"])
    .on(Distribution::By("key")),
    Table::new(
        "trends",
        File::Walks,
        columns! {
            hashtag: integer, trend_window: integer, read_at: integer, readings: integer,
            views: integer, emerging: real, velocity: real, growth: real, zscore: real,
            acceleration: real, facts: blob, surge: real, breadth: real, novelty: real,
            saturation: real, concentration: real,
        },
        &["hashtag", "trend_window"],
    )
    .on(WITH_HASHTAG),
    Table::new(
        "trend_peers",
        File::Walks,
        columns! { trend_window: integer, peers: blob, made_of: integer },
        &["trend_window"],
    )
    .on(Distribution::Reference),
    Table::new(
        "trend_state",
        File::Walks,
        columns! { one: integer, store: blob sqlite, sequence: integer, newest_at: integer },
        &["one"],
    )
    .on(Distribution::Reference),
    Table::new("trend_odds", File::Walks, columns! { one: integer, odds: text }, &["one"])
        .on(Distribution::Reference),
    Table::new(
        "standings",
        File::Walks,
        columns! { hashtag: integer, sequence: integer, counts: blob },
        &["hashtag"],
    )
    .on(WITH_HASHTAG),
];

#[cfg(test)]
mod tests;
