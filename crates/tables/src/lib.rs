//! Rows become files: JSON, NDJSON, CSV, XLSX and Parquet, in bounded memory, so that numbers survive Excel and pandas.
//!
//! Deliberately absent: what the columns mean, HTTP, reading the clock. Server and command line use this crate; it sees
//! nobody but `domain`. Reading order: [`Column`] and [`Value`] (what a cell is), [`Writer`] (rows go out one by one),
//! [`Table`] (a small answer held whole), [`Format`] (which one is asked for). A format is the file of its name.
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
//! What a reader does with it is the reader's: Excel makes a number of an id in CSV, and pandas of one in XLSX unless
//! `read_excel` is told `dtype={"id": "str"}`. Parquet alone holds every kind by itself.
//!
//! Pairs of meta data stand in JSON beside the rows, in XLSX on a second sheet, in Parquet in the footer; NDJSON and CSV
//! have no place for them.

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

pub use accept::{Accept, Wish, weight_of};
pub use column::{Column, Kind};
pub use error::TableError;
pub use format::{Format, UnknownFormat};
pub use table::Table;
pub use value::Value;
pub use writer::{Options, Writer};
pub use xlsx::{INTEGER_MAX as XLSX_INTEGER_MAX, ROWS_MAX as XLSX_ROWS_MAX, TEXT_MAX as XLSX_TEXT_MAX};
