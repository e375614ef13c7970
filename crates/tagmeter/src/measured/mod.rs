//! Output of the measuring commands: tables, JSON, CSV, files, pictures, formatted numbers and sparklines.

mod document;

mod format;

mod new_file;

mod spark;

mod target;

pub(crate) use document::{Document, WrittenFile, brand};
pub(crate) use format::FileFormat;
pub(crate) use measure::shown::{
    about, basis, counted_share, is_far_from, maybe, observed, over, per_cent, ratio, real, share, span, tag,
    total, when,
};
pub(crate) use measure::shown::{nothing_moves, nothing_posted, nothing_read, outlook};
pub(crate) use new_file::{NewFile, remove_unfinished};
pub(crate) use spark::spark;
pub(crate) use target::{Target, print_notes, rows_unwritten};
