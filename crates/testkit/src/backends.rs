//! A store of each kind, so that one story runs on all of them.

#[cfg(unix)]
use crate::postgres::{CitusCluster, TestDatabase};
use store::{Store, StoreOptions};
use tempfile::TempDir;

/// A store that is gone when this is. Fields are dropped in order: it closes before what it is kept in goes.
#[derive(Debug)]
pub struct TestStore {
    store: Store,
    kept_in: KeptIn,
}

#[derive(Debug)]
enum KeptIn {
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
        Some(Self { store, kept_in: KeptIn::Folder(folder) })
    }

    /// PostgreSQL, in a database. `None`, said aloud, where it is not installed.
    #[cfg(unix)]
    pub async fn postgres() -> Option<Self> {
        let database = TestDatabase::create().await?;
        let store = database.open().await;
        Some(Self { store, kept_in: KeptIn::Database(database) })
    }

    /// A cluster of Citus. `None`, said aloud, where it is not installed.
    #[cfg(unix)]
    pub async fn citus() -> Option<Self> {
        let cluster = CitusCluster::start()?;
        let store = cluster.open().await;
        Some(Self { store, kept_in: KeptIn::Cluster(cluster) })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs a statement on the catalog's tables, which it names as PostgreSQL has them: `tagmeter.hashtags`.
    pub fn sql(&self, sql: &str) {
        match &self.kept_in {
            KeptIn::Folder(folder) => {
                let catalog = rusqlite::Connection::open(folder.path().join("catalog.db")).expect("a file");
                catalog.execute_batch(&sql.replace("tagmeter.", "")).expect(sql);
            }
            #[cfg(unix)]
            KeptIn::Database(database) => {
                database.sql(sql);
            }
            #[cfg(unix)]
            KeptIn::Cluster(cluster) => {
                cluster.sql(sql);
            }
        }
    }

    /// Opens the same data once more, as another process or node would.
    pub async fn again(&self) -> Store {
        match &self.kept_in {
            KeptIn::Folder(folder) => {
                Store::open(&StoreOptions::in_folder(folder.path())).await.expect("a store")
            }
            #[cfg(unix)]
            KeptIn::Database(database) => database.open().await,
            #[cfg(unix)]
            KeptIn::Cluster(cluster) => cluster.open().await,
        }
    }
}

/// Defines stories of a store that run on SQLite, on PostgreSQL and on a Citus cluster: `name::sqlite`, `name::postgres` and
/// `name::citus`.
///
/// ```
/// # fn main() {}
/// testkit::on_each_backend! {
///     async fn a_new_store_is_empty(held: &testkit::TestStore) {
///         assert_eq!(held.store().catalog_size().await.expect("a size").hashtags, 0);
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_each_backend {
    ($($(#[$about:meta])* async fn $name:ident($held:ident: &$kind:ty) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing of the file around it")]
            use super::*;

            $(#[$about])*
            async fn story($held: &$kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(&$crate::TestStore::sqlite().await.expect("always here")).await;
            }

            #[cfg(unix)]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(held) = $crate::TestStore::postgres().await else { return };
                story(&held).await;
            }

            #[cfg(unix)]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn citus() {
                let Some(held) = $crate::TestStore::citus().await else { return };
                story(&held).await;
            }
        }
    )*};
}
