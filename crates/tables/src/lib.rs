//! Writes rows as JSON, NDJSON, CSV, XLSX and Parquet, in bounded memory, so that numbers survive Excel and pandas.
//!
//! Deliberately absent: what the columns mean, HTTP, reading the clock. The server and the command line
//! use this crate, which depends on `domain` only. Reading order: [`Column`] and [`Value`] (cells), [`Writer`] (streams
//! rows), [`Table`] (a small answer in memory), [`Format`] (selection of a format). Each format is the file of its name.
//!
//! The same value in each format:
//!
//! | [`Kind`] | JSON, NDJSON | CSV | XLSX | Parquet |
//! |---|---|---|---|---|
//! | text | string | text, a leading `'` before what a spreadsheet would take for a formula | text | string |
//! | id | string | as text | text, and never a number | string |
//! | integer | number, every digit | digits | number; text from 16 digits on, which Excel would round | INT64 |
//! | real | shortest number that reads back the same | the same | number | DOUBLE |
//! | flag | `true`, `false` | `true`, `false` | boolean | BOOLEAN |
//! | time | RFC 3339, UTC | RFC 3339, UTC | date, UTC; text before March 1900 and after 9999 | TIMESTAMP, ms, UTC |
//! | absent | `null` | nothing | empty cell | null |
//!
//! Readers may still infer types: Excel turns an id in CSV into a number, and so does pandas with one in XLSX unless
//! `read_excel` is given `dtype={"id": "str"}`. Only Parquet declares the type of every column.
//!
//! Metadata is beside the rows in JSON, on a second sheet in XLSX, in the footer in Parquet; NDJSON and CSV have none.

mod accept;

mod column;

mod value;

mod error;

mod format;

mod json;

mod csv;

mod xlsx;

mod parquet;

mod writer;

mod table;

pub use accept::{Accept, Preference, weight_of};
pub use column::{Column, Kind};
pub use csv::is_like_formula;
pub use error::TableError;
pub use format::{Format, UnknownFormat};
pub use table::Table;
pub use value::Value;
pub use writer::{Options, Writer};
pub use xlsx::{INTEGER_MAX as XLSX_INTEGER_MAX, ROWS_MAX as XLSX_ROWS_MAX, TEXT_MAX as XLSX_TEXT_MAX};
