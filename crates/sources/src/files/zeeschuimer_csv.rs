//! Zeeschuimer's CSV, and 4CAT's, which has the same columns: one post per row. Unknown values are `undefined` or
//! `null`. It has no saves and no reading time.

use super::format::{Format, Kind, Table};
use super::mapped;
use super::mapping::Field;
use domain::Source;

pub(crate) static FORMAT: Format = Format {
    source: Source::Zeeschuimer,
    shape: "CSV of posts with the columns `tiktok_url`, `unix_timestamp`, `body`, `plays`",
    made_by: "Zeeschuimer, 4CAT",
    kind: Kind::Table(Table {
        columns: "column names, among them tiktok_url, unix_timestamp, body and plays",
        fits: |header| ["tiktok_url", "unix_timestamp", "body", "plays"].iter().all(|name| header.has(name)),
        open: |header, _| mapped::known(Source::Zeeschuimer, &COLUMNS, header),
    }),
};

const COLUMNS: [(&str, Field); 18] = [
    ("id", Field::VideoId),
    ("tiktok_url", Field::Url),
    ("body", Field::Caption),
    ("author", Field::AuthorName),
    ("author_full", Field::AuthorNickname),
    ("unix_timestamp", Field::CreateTime),
    ("timestamp", Field::CreateTime),
    ("plays", Field::Plays),
    ("likes", Field::Likes),
    ("comments", Field::Comments),
    ("shares", Field::Shares),
    ("hashtags", Field::Hashtags),
    // Hashtags of the post other than those of its caption.
    ("challenges", Field::Hashtags),
    ("music_id", Field::MusicId),
    ("thumbnail_url", Field::Cover),
    ("location_created", Field::Region),
    ("saves", Field::Saves),
    ("duration", Field::DurationSeconds),
];
