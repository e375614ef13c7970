//! Steps of the schema: numbered files, the same numbers and names for every backend, each applied once and in order. A
//! step that has been released is never edited; its checksum is kept and compared.

use crate::StoreError;
use sha2::{Digest, Sha256};

/// One step of a file's or a database's schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Names a step's file once: `migration!("catalog", 1, "0001", "hashtags")` is `migrations/catalog/0001_hashtags.sql`
/// beside the file that says so.
macro_rules! migration {
    ($file:literal, $number:literal, $digits:literal, $name:literal) => {
        $crate::migration::Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("migrations/", $file, "/", $digits, "_", $name, ".sql")),
        }
    };
}
pub(crate) use migration;

impl Migration {
    /// What is kept to notice an edit.
    pub(crate) fn checksum(&self) -> [u8; 32] {
        Sha256::digest(self.sql).into()
    }
}

/// The steps that are still to be applied, given the numbers and checksums of those that were.
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
                    "schema step {} ({}) differs from the one this data was made with",
                    step.number, step.name
                )));
            }
            None => pending.push(step),
        }
    }
    Ok(pending)
}

#[cfg(test)]
mod tests {
    use crate::{postgres, sqlite};

    #[test]
    fn both_backends_have_the_same_steps() {
        let sqlite = [sqlite::migrations::CATALOG, sqlite::migrations::ACCOUNTS, sqlite::migrations::WALKS];
        let postgres = postgres::migrations::SETS.map(|(_, steps)| steps);
        let names = |sets: [&[super::Migration]; 3]| {
            sets.map(|steps| steps.iter().map(|step| (step.number, step.name)).collect::<Vec<_>>())
        };
        assert_eq!(names(sqlite), names(postgres));
    }
}
