//! Written files are read back by common readers, and truncated files do no harm.

mod csv;
mod cut_off;
mod json;
mod parquet;
mod python;
mod rows;
mod xlsx;
