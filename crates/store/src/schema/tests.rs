//! Compares the catalogue of tables with the schema that the steps create, on both backends.

use super::*;
use crate::error::Doing;
use crate::postgres::Postgres;
use crate::row;
use crate::sqlite::migrations;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// A database's description of a table: its columns with their types, and the columns of its key in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Described {
    columns: BTreeSet<(String, String)>,
    key: Vec<String>,
}

type Schema = BTreeMap<String, Described>;

/// Returns the catalogue's tables of a backend.
fn catalogued(is_there: impl Fn(&Table) -> bool, other: On, type_of: fn(Kind) -> &'static str) -> Schema {
    let describe = |table: &Table| {
        let columns = table.columns.iter().filter(|column| column.on != other);
        let key = if other == On::Postgres { table.sqlite_key } else { table.key };
        Described {
            columns: columns
                .map(|column| (column.name.to_owned(), type_of(column.kind).to_owned()))
                .collect(),
            key: key.iter().map(|name| (*name).to_owned()).collect(),
        }
    };
    let tables = tables().filter(|table| is_there(table));
    tables.map(|table| (table.name.to_owned(), describe(table))).collect()
}

#[test]
fn the_files_have_the_tables_of_the_catalogue() {
    const SQL: &str = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c
        WHERE t.type = 'table' AND t.name <> 'migrations' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.pk";
    let type_of = |kind| match kind {
        Kind::Integer | Kind::Flag => "INTEGER",
        Kind::Real => "REAL",
        Kind::Text => "TEXT",
        Kind::Blob => "BLOB",
    };
    for (set, file) in SETS.iter().zip([File::Catalog, File::Accounts, File::Walks]) {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrations::apply(&mut connection, set.sqlite).expect("a schema");
        let mut found = Schema::new();
        let mut statement = connection.prepare(SQL).expect("a statement");
        let rows = statement.query_map([], row::sqlite::<(String, String, String, i64)>).expect("rows");
        for row in rows {
            let (table, column, kind, place) = row.expect("a column");
            let described = found.entry(table).or_default();
            if place > 0 {
                described.key.push(column.clone());
            }
            described.columns.insert((column, kind));
        }
        assert_eq!(
            found,
            catalogued(|table| table.file == Some(file), On::Postgres, type_of),
            "{}",
            set.name
        );
    }
}

#[tokio::test]
async fn the_database_has_the_tables_of_the_catalogue() {
    const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL),
            coalesce(array_position(i.indkey::int2[], a.attnum), -1)::bigint
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary
        WHERE c.relnamespace = 'tagmeter'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relname <> 'migrations'
        ORDER BY 1, 4";
    let Some(database) = testkit::postgres::TestDatabase::create().await else { return };
    let url = database.url_text().parse().expect("an address");
    let postgres = Postgres::open(&url).await.expect("a store");
    let rows = postgres.pool.query("read the schema", COLUMNS, &[]).await.expect("columns");
    let mut found = Schema::new();
    for row in &rows {
        let (table, column, kind, place): (String, String, String, i64) =
            row::read(row).doing("read a column").expect("a column");
        let described = found.entry(table).or_default();
        if place >= 0 {
            described.key.push(column.clone());
        }
        described.columns.insert((column, kind));
    }
    let type_of = |kind| match kind {
        Kind::Integer => "bigint",
        Kind::Flag => "boolean",
        Kind::Real => "double precision",
        Kind::Text => "text",
        Kind::Blob => "bytea",
    };
    assert_eq!(found, catalogued(|_| true, On::Sqlite, type_of));
}

#[test]
fn tables_that_lie_beside_another_share_its_column() {
    for table in tables() {
        if let Distribution::With(column, other) = table.distribution {
            let beside = tables().find(|table| table.name == other).expect("a table of the catalogue");
            assert_eq!(beside.distribution, Distribution::By(column), "{}", table.name);
        }
        if let Distribution::With(column, _) | Distribution::By(column) = table.distribution {
            assert!(table.key.contains(&column), "the key of {} does not have {column}", table.name);
        }
    }
}
