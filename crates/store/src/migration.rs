//! Steps of the schema: numbered files, the same numbers and names for every backend, each applied once and in
//! order. A released step is never edited; its checksum is stored and compared.

use crate::StoreError;
use sha2::{Digest, Sha256};

/// One step of a file's or a database's schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// The steps of a file on SQLite, and of the same tables on PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Set {
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static [Migration],
    pub(crate) postgres: &'static [Migration],
}

/// Defines the steps of a file by their names: `set!("catalog": "0001_catalog")` has
/// `sqlite/migrations/catalog/0001_catalog.sql` and the step of the same name for PostgreSQL.
macro_rules! set {
    ($set:literal: $($step:literal),+) => {
        $crate::migration::Set {
            name: $set,
            sqlite: &[$($crate::migration::step!("sqlite", $set, $step)),+],
            postgres: &[$($crate::migration::step!("postgres", $set, $step)),+],
        }
    };
}
pub(crate) use set;

/// A step of one backend.
macro_rules! step {
    ($backend:literal, $set:literal, $step:literal) => {
        $crate::migration::Migration::new(
            $step,
            include_str!(concat!($backend, "/migrations/", $set, "/", $step, ".sql")),
        )
    };
}
pub(crate) use step;

impl Migration {
    /// Parses the name of a step's file: its number in four digits, an underscore and its name.
    pub(crate) const fn new(file: &'static str, sql: &'static str) -> Self {
        let (digits, name) = file.split_at(4);
        let (_, name) = name.split_at(1);
        let mut number = 0;
        let mut at = 0;
        while at < digits.len() {
            number = 10 * number + (digits.as_bytes()[at] - b'0') as u32;
            at += 1;
        }
        Self { number, name, sql }
    }

    /// Returns the checksum, which detects an edit.
    pub(crate) fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql).into()
    }
}

/// Returns the steps still to apply, given the numbers and checksums of the applied ones.
pub(crate) fn pending<'m>(
    steps: &'m [Migration],
    applied: &[(u32, Vec<u8>)],
) -> Result<Vec<&'m Migration>, StoreError> {
    if let Some((number, _)) = applied.iter().find(|(n, _)| !steps.iter().any(|step| step.number == *n)) {
        return Err(StoreError::Unusable(format!(
            "this data was written by a newer Tagmeter (schema step {number}); use that version or newer"
        )));
    }
    let mut pending = Vec::new();
    for step in steps {
        match applied.iter().find(|(number, _)| *number == step.number) {
            Some((_, known)) if known.as_slice() == step.checksum() => {}
            Some(_) => {
                return Err(StoreError::Unusable(format!(
                    "schema step {} ({}) differs from the one this data was created with",
                    step.number, step.name
                )));
            }
            None => pending.push(step),
        }
    }
    Ok(pending)
}
