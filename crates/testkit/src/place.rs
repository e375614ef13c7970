//! The storage of a test's catalogs and servers, so that one story runs on each backend.

#[cfg(unix)]
use crate::postgres::TestDatabase;
use crate::{FixedClock, TemporaryCatalog, TestServer, TestServerBuilder};
#[cfg(unix)]
use tokio::sync::Mutex;

/// SQLite in folders, or PostgreSQL in databases that go when this does.
#[derive(Debug)]
pub struct Place {
    #[cfg(unix)]
    databases: Option<Mutex<Vec<TestDatabase>>>,
}

impl Place {
    /// Folders.
    pub fn folders() -> Self {
        Self {
            #[cfg(unix)]
            databases: None,
        }
    }

    /// Databases. `None`, said aloud, where PostgreSQL is not installed.
    #[cfg(unix)]
    pub fn databases() -> Option<Self> {
        crate::postgres::programs()?;
        Some(Self { databases: Some(Mutex::default()) })
    }

    /// A new, empty catalog.
    pub async fn catalog(&self, clock: &FixedClock) -> TemporaryCatalog {
        match self.new_database().await {
            Some(url) => TemporaryCatalog::at_url(url, clock).await,
            None => TemporaryCatalog::open(clock).await,
        }
    }

    /// A new server that holds nothing yet.
    pub async fn server(&self) -> TestServerBuilder {
        match self.new_database().await {
            Some(url) => TestServer::builder().database(url),
            None => TestServer::builder(),
        }
    }

    #[cfg(unix)]
    async fn new_database(&self) -> Option<store::DatabaseUrl> {
        let mut databases = self.databases.as_ref()?.lock().await;
        databases.push(TestDatabase::create().await.expect("PostgreSQL is here"));
        databases.last().map(TestDatabase::url)
    }

    #[cfg(not(unix))]
    async fn new_database(&self) -> Option<store::DatabaseUrl> {
        None
    }
}

/// Makes tests of stories `async fn name(place: &Place)`: `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! test_on_each_backend {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(&$crate::Place::folders()).await;
            }

            #[cfg(unix)]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(place) = $crate::Place::databases() else { return };
                super::$name(&place).await;
            }
        }
    )*};
}
