//! Outside data becomes observations and rejects. Deliberately absent: the database.
//!
//! [`files`] reads what users already hold. Shapes are recognised by content; each may be plain, gzipped, in a tar, or
//! come from standard input:
//!
//! | name | shape | made by |
//! |---|---|---|
//!
//! Reading order: [`files`] (what goes in and what comes out), `content` (what the bytes are), `document` and `lines`
//! (records in a stream), `record` (one record), `files::format` (the list of formats) and any format after that.

pub mod files;

mod run;

mod content;

mod document;

mod lines;

mod record;

mod reading;

mod json;
