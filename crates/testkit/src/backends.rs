//! A store of each kind, so that one story runs on all of them.

#[cfg(unix)]
use crate::postgres::{CitusCluster, TestDatabase};
use store::{Store, StoreOptions};
use tempfile::TempDir;

/// A store that is gone when this is. Fields are dropped in order: it closes before what it is kept in goes.
#[derive(Debug)]
pub struct TestStore {
    store: Store,
    stored_in: StoredIn,
}

#[derive(Debug)]
enum StoredIn {
    Folder(TempDir),
    #[cfg(unix)]
    Database(TestDatabase),
    #[cfg(unix)]
    Cluster(CitusCluster),
}

impl TestStore {
    /// SQLite, in a folder.
    pub async fn sqlite() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store");
        Some(Self { store, stored_in: StoredIn::Folder(folder) })
    }

    /// PostgreSQL, in a database. `None`, said aloud, where it is not installed.
    #[cfg(unix)]
    pub async fn postgres() -> Option<Self> {
        let database = TestDatabase::create().await?;
        let store = database.open().await;
        Some(Self { store, stored_in: StoredIn::Database(database) })
    }

    /// A cluster of Citus. `None`, said aloud, where it is not installed.
    #[cfg(unix)]
    pub async fn citus() -> Option<Self> {
        let cluster = CitusCluster::start()?;
        let store = cluster.open().await;
        Some(Self { store, stored_in: StoredIn::Cluster(cluster) })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs a statement on the catalog's tables, which it names as PostgreSQL has them: `tagmeter.hashtags`.
    pub fn sql(&self, sql: &str) {
        match &self.stored_in {
            StoredIn::Folder(folder) => {
                let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
                catalog.execute_batch(&sql.replace("tagmeter.", "")).expect(sql);
            }
            #[cfg(unix)]
            StoredIn::Database(database) => {
                database.sql(sql);
            }
            #[cfg(unix)]
            StoredIn::Cluster(cluster) => {
                cluster.sql(sql);
            }
        }
    }

    /// Returns the number of rows of a table of the catalog.
    pub fn rows(&self, table: &str) -> u64 {
        let sql = format!("SELECT count(*) FROM tagmeter.{table}");
        match &self.stored_in {
            StoredIn::Folder(folder) => {
                let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
                let count: i64 = catalog
                    .query_row(&sql.replace("tagmeter.", ""), [], |row| row.get("count(*)"))
                    .expect("a count");
                count.unsigned_abs()
            }
            #[cfg(unix)]
            StoredIn::Database(database) => database.sql(&sql).trim().parse().expect("a count"),
            #[cfg(unix)]
            StoredIn::Cluster(cluster) => cluster.sql(&sql).trim().parse().expect("a count"),
        }
    }

    /// Opens the same data once more, as another process or node would.
    pub async fn again(&self) -> Store {
        match &self.stored_in {
            StoredIn::Folder(folder) => {
                Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store")
            }
            #[cfg(unix)]
            StoredIn::Database(database) => database.open().await,
            #[cfg(unix)]
            StoredIn::Cluster(cluster) => cluster.open().await,
        }
    }
}

/// Defines stories of a store that run on SQLite, on PostgreSQL and on a Citus cluster: `name::sqlite`, `name::postgres` and
/// `name::citus`.
///
/// ```
/// # fn main() {}
/// testkit::on_each_backend! {
///     async fn a_new_store_is_empty(fixture: &testkit::TestStore) {
///         assert_eq!(fixture.store().catalog_size().await.expect("a size").hashtags, 0);
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_each_backend {
    ($($(#[$about:meta])* async fn $name:ident($fixture:ident: &$kind:ty) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing of the file around it")]
            use super::*;

            $(#[$about])*
            async fn story($fixture: &$kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(&$crate::TestStore::sqlite().await.expect("always here")).await;
            }

            #[cfg(unix)]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(fixture) = $crate::TestStore::postgres().await else { return };
                story(&fixture).await;
            }

            #[cfg(unix)]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn citus() {
                let Some(fixture) = $crate::TestStore::citus().await else { return };
                story(&fixture).await;
            }
        }
    )*};
}
