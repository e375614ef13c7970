//! What is written is read back with the readers that people use, and what is cut off does no harm.

mod csv;
mod cut_off;
mod json;
mod parquet;
mod python;
mod rows;
mod xlsx;
