//! Hashtags, videos, links and snapshots.

mod changes;

mod hashtags;

mod record;

mod snapshots;

mod videos;
