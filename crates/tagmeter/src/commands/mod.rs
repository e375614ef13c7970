//! The commands, a file each, and their context: the settings, the clock and how the store is opened.

mod account;

mod alert;

mod annotation;

mod audit;

mod backfill;

mod backtest;

mod backup;

mod benchmark;

mod compare;

mod campaign;

mod creators;

mod demo;

mod doctor;

mod export;

mod forget;

mod history;

mod import;
mod import_stored;

mod key;

mod lookup;

mod metrics;

mod migrate;

mod related;

mod report;

mod search;

pub(crate) mod serve;

mod schedule;

mod feed;
mod share;

mod trackers;

mod trending;

mod videos;

mod webhook;

mod worker;

use crate::cli::{Cli, Command};
use crate::config::{DEFAULT_FILE, Settings};
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::output::{print, say};
use crate::own_files;
use crate::system::SystemClock;
use crate::upstreams;
use catalog::{Catalog, CatalogOptions};
use domain::{Clock, Email, Hashtag, Timestamp};
use measure::Measure;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use store::accounts::Account;
use store::{Store, StoreOptions};

/// Settings and clock of a command.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<SystemClock>,
}

/// Runs a command.
pub(crate) async fn run(cli: Cli, settings: Settings) -> Result<Exit, Failure> {
    for warning in &settings.warnings {
        say(format_args!("warning: {warning}"));
    }
    own_files::refuse(&cli.command, &settings.data_dir.value)?;
    interrupt::end_at_signal(&cli.command)?;
    let context = Context { settings, clock: Arc::new(SystemClock) };
    let done = |()| Exit::Done;
    match cli.command {
        Command::Demo(_) => demo::run(&context).await.map(done),
        Command::Import(command) => import::run(command, &context).await,
        Command::Backfill(command) => backfill::run(command, &context).await,
        Command::Serve(_) => serve::run(&context).await.map(done),
        Command::Worker => worker::run(&context).await.map(done),
        Command::Account(command) => account::run(command, &context).await.map(done),
        Command::Key(command) => key::run(command, &context).await.map(done),
        Command::Track(command) => trackers::track(command, &context).await.map(done),
        Command::Trackers(command) => trackers::trackers(command, &context).await.map(done),
        Command::Untrack(command) => trackers::untrack(command, &context).await.map(done),
        Command::Annotation(command) => annotation::run(command, &context).await.map(done),
        Command::Campaign(command) => campaign::run(command, &context).await.map(done),
        Command::Feed(command) => feed::run(command, &context).await.map(done),
        Command::Share(command) => share::run(command, &context).await.map(done),
        Command::Schedule(command) => schedule::run(command, &context).await.map(done),
        Command::Lookup(command) => lookup::run(command, &context).await.map(done),
        Command::Search(command) => search::run(command, &context).await.map(done),
        Command::Videos(command) => videos::run(command, &context).await.map(done),
        Command::History(command) => history::run(command, &context).await.map(done),
        Command::Trending(command) => trending::run(command, &context).await.map(done),
        Command::Benchmark(command) => benchmark::run(command, &context).await.map(done),
        Command::Related(command) => related::run(command, &context).await.map(done),
        Command::Creators(command) => creators::run(command, &context).await.map(done),
        Command::Compare(command) => compare::run(command, &context).await.map(done),
        Command::Export(command) => export::run(command, &context).await.map(done),
        Command::Report(command) => report::run(command, &context).await.map(done),
        Command::Alert(command) => alert::run(command, &context).await.map(done),
        Command::Webhook(command) => webhook::run(command, &context).await.map(done),
        Command::Backtest(command) => backtest::run(command, &context).await.map(done),
        Command::Metrics(output) => metrics::run(output).map(done),
        Command::Audit(command) => audit::run(command, &context).await,
        Command::Forget(command) => forget::run(command, &context).await.map(done),
        Command::Doctor(output) => doctor::run(output, &context).await,
        Command::Migrate(command) => migrate::run(command, &context).await,
        Command::Backup(command) => backup::run(command, &context).await,
        Command::Config => print(DEFAULT_FILE.trim_end()).map(done),
    }
}

impl Context {
    /// Returns the current time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the options of the store that the settings name.
    pub(crate) fn store_options(&self) -> StoreOptions {
        let data_dir = &self.settings.data_dir.value;
        match &self.settings.database_url {
            Some(url) => StoreOptions::at_url(data_dir, url.value.clone()),
            None => StoreOptions::in_folder(data_dir),
        }
    }

    /// Opens the store, and creates what is missing.
    pub(crate) async fn open_store(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.store_options()).await?)
    }

    /// Opens a store that must exist: commands that only read report a mistyped folder instead of creating it.
    pub(crate) async fn open_existing_store(&self) -> Result<Store, Failure> {
        if self.store_options().exists().await? {
            return self.open_store().await;
        }
        let (folder, database) = (&self.settings.data_dir, &self.settings.database_url);
        Err(match database {
            Some(url) => Failure::new(format_args!("there is no data in {} ({})", url.value, url.origin))
                .hint(
                    "import some with `tagmeter import PATH`, or name another database with --database-url",
                ),
            None => Failure::new(format_args!(
                "there is no data in {} ({})",
                folder.value.display(),
                folder.origin
            ))
            .hint("import some with `tagmeter import PATH`, or name another folder with --data-dir"),
        })
    }

    /// Opens the catalog of a store that must exist.
    pub(crate) async fn open_existing_measure(&self) -> Result<Measure, Failure> {
        let store = self.open_existing_store().await?;
        self.open_measure(store, &self.settings.data_dir.value).await
    }

    /// Opens the catalog of a store, with its search index in a folder: each node has its own, on PostgreSQL
    /// too.
    pub(crate) async fn open_measure(&self, store: Store, folder: &Path) -> Result<Measure, Failure> {
        make_folder(folder)?;
        Ok(Measure::new(Catalog::open(store, self.catalog_options(folder)).await?))
    }

    /// Opens the catalog with the upstreams of the settings.
    pub(crate) async fn open_live_measure(&self, store: Store) -> Result<Measure, Failure> {
        let folder = &self.settings.data_dir.value;
        make_folder(folder)?;
        let options = CatalogOptions {
            upstreams: upstreams::contract(&self.settings)?,
            ..self.catalog_options(folder)
        };
        Ok(Measure::new(Catalog::open(store, options).await?))
    }

    fn catalog_options(&self, folder: &Path) -> CatalogOptions {
        CatalogOptions::in_folder(folder, self.clock.clone())
    }
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    store::private::make_folder(folder).map_err(|cause| {
        Failure::new(format_args!("cannot create the data folder {}: {cause}", folder.display()))
    })
}

/// Parses an argument of the command line.
fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(Failure::usage)
}

/// Returns the account of an address as typed.
async fn account_of(store: &Store, email: &str) -> Result<Account, Failure> {
    let email: Email = parsed(email)?;
    store.account_by_email(&email).await?.ok_or_else(|| no_such_account(&email))
}

fn no_such_account(email: &Email) -> Failure {
    Failure::not_found(format_args!("there is no account {email}")).hint(format_args!(
        "`tagmeter account list` lists all, `tagmeter account create {email}` creates this one"
    ))
}

/// Returns the hashtag of a name or id as typed.
async fn hashtag_of(measure: &Measure, typed: &str) -> Result<Hashtag, Failure> {
    let found = measure.catalog().find(typed).await?.ok_or_else(|| {
        Failure::not_found(format_args!("there is no hashtag {typed:?}"))
            .hint(format_args!("`tagmeter search {typed:?}` finds others that contain it"))
    })?;
    Ok(measure.known(found).await?)
}
