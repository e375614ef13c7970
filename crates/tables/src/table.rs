//! A small answer in memory.

use crate::column::Columns;
use crate::json::Record;
use crate::{Column, Format, Options, TableError, Value, Writer};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use std::io::{self, Write};

/// Columns and matching rows. Serializes as a list of objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<'a> {
    columns: Columns,
    rows: Vec<Vec<Value<'a>>>,
}

impl<'a> Table<'a> {
    /// Creates a table without rows.
    ///
    /// # Errors
    ///
    /// [`TableError`] without columns, or if two have the same name.
    pub fn new(columns: &[Column]) -> Result<Self, TableError> {
        Ok(Self { columns: Columns::new(columns)?, rows: Vec::new() })
    }

    /// Appends a row: a value for each column, absent or of its type.
    pub fn push(&mut self, row: Vec<Value<'a>>) -> Result<(), TableError> {
        self.columns.check(&row)?;
        self.rows.push(row);
        Ok(())
    }

    /// Returns the columns.
    pub fn columns(&self) -> &[Column] {
        self.columns.as_slice()
    }

    /// Its rows, each with a value for each column.
    pub fn rows(&self) -> &[Vec<Value<'a>>] {
        &self.rows
    }

    /// Writes it in a format with pairs of meta data, and gives `out` back.
    pub fn write<W: Write + Send>(
        &self,
        out: W,
        format: Format,
        meta: &[(&str, String)],
        options: &Options,
    ) -> io::Result<W> {
        self.write_with(&[], out, format, meta, options)
    }

    /// [`Table::write`]; XLSX gets a sheet for each of the other tables, by name. Other formats leave them out.
    pub fn write_with<W: Write + Send>(
        &self,
        others: &[(&str, Table<'_>)],
        out: W,
        format: Format,
        meta: &[(&str, String)],
        options: &Options,
    ) -> io::Result<W> {
        let mut writer = Writer::begin_with(out, format, self.columns(), meta, options)?;
        for row in &self.rows {
            writer.row(row)?;
        }
        writer.finish_with(others)
    }
}

impl Serialize for Table<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.rows.len()))?;
        for values in &self.rows {
            list.serialize_element(&Record { columns: self.columns(), values })?;
        }
        list.end()
    }
}
