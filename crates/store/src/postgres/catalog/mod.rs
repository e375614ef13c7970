//! Hashtags, videos, links and snapshots.

mod all_videos;

pub(super) mod changes;

mod forget;

mod hashtags;

mod imported_files;

mod known;

mod plays;

mod record;

mod record_background;

mod record_copy;

mod record_handles;

mod record_hashtags;

mod record_links;

mod record_nonzero;
mod record_runs;
mod record_snapshots;

mod record_videos;

mod record_windows;

mod snapshots;

mod source_readings;

mod sums;

mod windows;

mod videos;
