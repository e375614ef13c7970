//! Where the store is and how it is opened.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use tokio_postgres::Config;

/// Where the data is.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Folder of the SQLite files; made when missing. On PostgreSQL nothing of the store is in it.
    pub data_dir: PathBuf,
    /// The PostgreSQL database that is used in place of SQLite files.
    pub database_url: Option<DatabaseUrl>,
}

impl StoreOptions {
    /// SQLite files in this folder.
    pub fn in_folder(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), database_url: None }
    }

    /// A PostgreSQL database.
    pub fn at_url(data_dir: impl Into<PathBuf>, database_url: DatabaseUrl) -> Self {
        Self { data_dir: data_dir.into(), database_url: Some(database_url) }
    }
}

/// How to reach a PostgreSQL database: `postgres://user:password@host:5432/database?...`, with libpq's parameters and
/// one of our own, `prepared_statements=false`, for poolers that cannot follow them. Never shown with its password.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(crate) config: Config,
    pub(crate) prepared_statements: bool,
    shown: String,
}

/// Why a text is no address of a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a database is given as postgres://user:password@host:5432/database: {0}")]
pub struct DatabaseUrlError(String);

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if !matches!(scheme, Some("postgres" | "postgresql")) {
            return Err(DatabaseUrlError("it does not begin with postgres://".to_owned()));
        }
        let (rest, prepared_statements) = take_own_parameters(text)?;
        let config: Config = rest.parse().map_err(|error: tokio_postgres::Error| {
            let cause =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            DatabaseUrlError(cause)
        })?;
        if config.get_dbname().is_none() {
            return Err(DatabaseUrlError("it names no database".to_owned()));
        }
        Ok(Self { shown: shown(&config), config, prepared_statements })
    }
}

/// The address without our own parameters, which the driver would refuse, and what they say.
fn take_own_parameters(text: &str) -> Result<(String, bool), DatabaseUrlError> {
    let mut prepared_statements = true;
    let Some((address, query)) = text.split_once('?') else { return Ok((text.to_owned(), true)) };
    let mut others = Vec::new();
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("prepared_statements", "true")) => prepared_statements = true,
            Some(("prepared_statements", "false")) => prepared_statements = false,
            Some(("prepared_statements", other)) => {
                return Err(DatabaseUrlError(format!(
                    "prepared_statements is {other}, and must be true or false"
                )));
            }
            _ => others.push(parameter),
        }
    }
    let rest = if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) };
    Ok((rest, prepared_statements))
}

/// For people: no password.
fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!(
        "postgres://{}@{host}:{port}/{}",
        config.get_user().unwrap_or_default(),
        config.get_dbname().unwrap_or_default()
    )
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_shown_without_its_password() {
        let url: DatabaseUrl =
            "postgres://me:secret@db.example.com:6432/tags?prepared_statements=false&connect_timeout=3"
                .parse()
                .expect("an address");
        assert_eq!(url.to_string(), "postgres://me@db.example.com:6432/tags");
        assert!(!format!("{url:?}").contains("secret") && !url.prepared_statements);
        assert_eq!(url.config.get_connect_timeout().map(std::time::Duration::as_secs), Some(3));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("mysql://localhost/x", "does not begin"),
            ("tagmeter-data", "does not begin"),
            ("postgres://localhost", "names no database"),
            ("postgres://localhost/x?prepared_statements=perhaps", "perhaps"),
            ("postgres://localhost/x?no_such=1", "no_such"),
            ("postgres://localhost:port/x", "port"),
        ] {
            let told = text.parse::<DatabaseUrl>().expect_err(text).to_string();
            assert!(told.contains(part), "{text}: {told}");
        }
    }
}
