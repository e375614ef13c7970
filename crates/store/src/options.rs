//! Location and options of a store.

use crate::postgres::tls::{self, Trust};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Time after which a network connection without acknowledgements or answers to probes is closed, unless the
/// address has `tcp_user_timeout` or `keepalives_idle`.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Location of the data.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Folder of the SQLite files, created if missing. On PostgreSQL nothing of the store is in it.
    pub data_dir: PathBuf,
    /// PostgreSQL database that replaces the SQLite files.
    pub database_url: Option<DatabaseUrl>,
}

impl StoreOptions {
    /// Returns options for SQLite files in this folder.
    pub fn in_folder(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), database_url: None }
    }

    /// Returns options for a PostgreSQL database.
    pub fn at_url(data_dir: impl Into<PathBuf>, database_url: DatabaseUrl) -> Self {
        Self { data_dir: data_dir.into(), database_url: Some(database_url) }
    }
}

/// Address of a PostgreSQL database: `postgres://user:password@host:5432/database?...`, with libpq's parameters
/// (TLS by `sslmode` and `sslrootcert`; not `sslcert`) and one of our own, `prepared_statements=false`, for
/// transaction poolers that do not support them. Never shown with its password.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(crate) config: Config,
    pub(crate) prepared_statements: bool,
    pub(crate) trust: Trust,
    shown: String,
}

/// Error of a text that is not an address of a database.
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
        let own = extract_own_parameters(text)?;
        let (ssl_mode, trust) =
            tls::interpret(own.sslmode, own.sslrootcert.as_deref()).map_err(DatabaseUrlError)?;
        let mut config: Config = own.rest.parse().map_err(|error: tokio_postgres::Error| {
            let cause =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            DatabaseUrlError(cause)
        })?;
        if config.get_dbname().is_none() {
            return Err(DatabaseUrlError("it names no database".to_owned()));
        }
        complete(&mut config, ssl_mode, &own.rest);
        Ok(Self { shown: shown(&config), config, prepared_statements: own.prepared_statements, trust })
    }
}

/// Parameters of an address that the driver would refuse, split off.
struct OwnParameters<'t> {
    rest: String,
    prepared_statements: bool,
    sslmode: Option<&'t str>,
    sslrootcert: Option<String>,
}

fn extract_own_parameters(text: &str) -> Result<OwnParameters<'_>, DatabaseUrlError> {
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let mut own = OwnParameters {
        rest: address.to_owned(),
        prepared_statements: true,
        sslmode: None,
        sslrootcert: None,
    };
    let mut parting = '?';
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("prepared_statements", "true")) => own.prepared_statements = true,
            Some(("prepared_statements", "false")) => own.prepared_statements = false,
            Some(("prepared_statements", other)) => {
                return Err(DatabaseUrlError(format!(
                    "prepared_statements is {other}, and must be true or false"
                )));
            }
            Some(("sslmode", mode)) => own.sslmode = Some(mode),
            Some(("sslrootcert", path)) => {
                let path = percent_encoding::percent_decode_str(path).decode_utf8();
                let path = path.map_err(|_| DatabaseUrlError("sslrootcert is not in UTF-8".to_owned()))?;
                own.sslrootcert = Some(path.into_owned());
            }
            _ => {
                own.rest.push(std::mem::replace(&mut parting, '&'));
                own.rest.push_str(parameter);
            }
        }
    }
    Ok(own)
}

/// Sets defaults that the address leaves open.
fn complete(config: &mut Config, ssl_mode: SslMode, address: &str) {
    // As in libpq, TLS is for the network: a local socket needs none.
    let hosts = config.get_hosts();
    let is_local = !hosts.is_empty() && hosts.iter().all(|host| !matches!(host, Host::Tcp(_)));
    if hosts.is_empty() {
        // Certificates are compared with the host as given.
        let addresses: Vec<String> = config.get_hostaddrs().iter().map(ToString::to_string).collect();
        for address in addresses {
            config.host(address);
        }
    }
    config.ssl_mode(if is_local { SslMode::Disable } else { ssl_mode });
    if config.get_application_name().is_none() {
        config.application_name("tagmeter");
    }
    if !address.contains("tcp_user_timeout=") {
        config.tcp_user_timeout(SILENCE_MAX);
    }
    if !address.contains("keepalives_idle=") {
        config.keepalives_idle(SILENCE_MAX);
    }
}

/// Formats the address without its password.
fn shown(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
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
        assert_eq!(url.config.get_connect_timeout().map(|timeout| timeout.as_secs()), Some(3));
    }

    #[test]
    fn tls_is_for_the_network() {
        let read = |text: &str| text.parse::<DatabaseUrl>().expect("an address");
        let url = read(
            "postgres://db.example.com/x?sslmode=verify-full&connect_timeout=3&sslrootcert=%2Fa%20b.crt",
        );
        assert_eq!(url.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(url.trust, Trust::Host(tls::Roots::File("/a b.crt".into())));
        assert_eq!(url.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
        let url = read("postgres://%2Frun%2Fpostgresql/x?sslmode=require");
        assert_eq!(url.config.get_ssl_mode(), SslMode::Disable, "a socket");
        let url = read("postgres:///x?hostaddr=192.0.2.7&sslmode=require&keepalives_idle=90");
        assert_eq!(url.config.get_hosts(), [Host::Tcp("192.0.2.7".to_owned())]);
        assert_eq!(url.config.get_keepalives_idle(), Duration::from_secs(90));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("mysql://localhost/x", "does not begin"),
            ("tagmeter-data", "does not begin"),
            ("postgres://localhost", "names no database"),
            ("postgres://localhost/x?prepared_statements=perhaps", "perhaps"),
            ("postgres://localhost/x?sslmode=perhaps", "perhaps, and must be disable"),
            ("postgres://localhost/x?sslcert=me.crt", "sslcert"),
            ("postgres://localhost/x?no_such=1", "no_such"),
            ("postgres://localhost:port/x", "port"),
        ] {
            let message = text.parse::<DatabaseUrl>().expect_err(text).to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
