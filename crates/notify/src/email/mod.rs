//! E-mail through the operator's SMTP server.

mod mail;

pub use mail::{FILE_NAME_BYTES_MAX, File, Image, MAIL_BYTES_MAX, Mail, MailError, Unsubscribe};

use crate::message::Line;
use crate::webhook::signature::MessageId;
use domain::Timestamp;
use lettre::message::Mailbox;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use strum::{Display, EnumString, VariantNames};
use tokio::time::timeout;

/// Default time limit of sending one mail.
pub const MAIL_LIMIT: Duration = Duration::from_secs(60);
/// Codes of a server that does not accept the login.
const LOGIN_CODES: [u16; 4] = [530, 534, 535, 538];

/// Encryption of the connection to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum TlsMode {
    /// From the first byte.
    Tls,
    /// After `STARTTLS`, without which nothing is sent.
    StartTls,
    /// None, for a server on this machine or in its network.
    None,
}

impl TlsMode {
    /// Returns the usual port of servers with this encryption.
    pub fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// Name and password at the server. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Settings of the server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Host name or address.
    pub host: String,
    /// Port; [`TlsMode::port`] unless the server has another one.
    pub port: u16,
    /// Encryption.
    pub tls: TlsMode,
    /// Login, if the server wants one.
    pub login: Option<Login>,
    /// Sender: `alerts@example.com` or `Tagmeter <alerts@example.com>`.
    pub from: String,
}

/// Settings with which nothing can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpError {
    /// The sender is no address.
    #[error("the sender is an address: alerts@example.com, or Tagmeter <alerts@example.com>")]
    From,
    /// The password would be sent in the open.
    #[error("a login needs the encryption tls or starttls, unless {host} is this machine")]
    OpenLogin {
        /// Host of the server.
        host: String,
    },
    /// The certificate authorities cannot be used.
    #[error("TLS cannot be set up: {reason}")]
    Tls {
        /// Error of the TLS library.
        reason: String,
    },
}

/// Reason why a mail was not taken by the server. Its text may contain that of the server: it is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendMailError {
    /// The server will never take it: another attempt is of no use.
    #[error("the server refused the mail: {reason}")]
    Refused {
        /// Answer of the server.
        reason: String,
    },
    /// The server does not accept the login of the settings.
    #[error("the server refused the login: {reason}")]
    Login {
        /// Answer of the server.
        reason: String,
    },
    /// The server did not take it now.
    #[error("the server did not take the mail: {reason}")]
    Failed {
        /// Answer of the server, or error of the connection.
        reason: String,
    },
    /// The server did not take it within the limit.
    #[error("the server did not take the mail within {limit_ms} ms")]
    Timeout {
        /// Limit in milliseconds.
        limit_ms: u128,
    },
}

/// Sends mails, a connection each.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    limit: Duration,
}

impl Mailer {
    /// Creates a mailer that trusts these certificate authorities, and gives up on a mail after `limit`
    /// ([`MAIL_LIMIT`] unless a test has less time).
    ///
    /// # Errors
    ///
    /// The sender is no address, or a login would be sent in the open.
    pub fn new(
        smtp: &Smtp,
        authorities: &[CertificateDer<'static>],
        limit: Duration,
    ) -> Result<Self, SmtpError> {
        let from: Mailbox = smtp.from.parse().map_err(|_| SmtpError::From)?;
        let tls = match smtp.tls {
            TlsMode::None if smtp.login.is_some() && !is_loopback(&smtp.host) => {
                return Err(SmtpError::OpenLogin { host: smtp.host.clone() });
            }
            TlsMode::None => Tls::None,
            TlsMode::Tls => Tls::Wrapper(tls(&smtp.host, authorities)?),
            TlsMode::StartTls => Tls::Required(tls(&smtp.host, authorities)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(None)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some(Login { user, password }) = &smtp.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build(), from, limit })
    }

    /// Sends a mail once. Attempts at the same mail have the same id, by which receivers recognise them.
    ///
    /// # Errors
    ///
    /// The server did not take it.
    pub async fn send(&self, mail: &Mail, id: &MessageId, now: Timestamp) -> Result<(), SendMailError> {
        let sending = self.transport.send(mail.message(&self.from, id, now));
        match timeout(self.limit, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(SendMailError::Timeout { limit_ms: self.limit.as_millis() }),
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("from", &self.from).field("limit", &self.limit).finish_non_exhaustive()
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls(host: &str, authorities: &[CertificateDer<'static>]) -> Result<TlsParameters, SmtpError> {
    let failed = |error: smtp::Error| SmtpError::Tls { reason: error.to_string() };
    let mut builder = TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
    // Systems list some that cannot be parsed; the library would refuse all for one of them.
    let mut roots = RootCertStore::empty();
    for authority in authorities.iter().filter(|authority| roots.add((*authority).clone()).is_ok()) {
        builder = builder.add_root_certificate(Certificate::from_der(authority.to_vec()).map_err(failed)?);
    }
    builder.build_rustls().map_err(failed)
}

fn failure(error: &smtp::Error) -> SendMailError {
    let reason = Line::new(&error.to_string()).to_string();
    let code: u16 = error.status().and_then(|code| code.to_string().parse().ok()).unwrap_or_default();
    if LOGIN_CODES.contains(&code) {
        SendMailError::Login { reason }
    } else if error.is_permanent() {
        SendMailError::Refused { reason }
    } else {
        SendMailError::Failed { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(host: &str, tls: TlsMode, login: bool, from: &str) -> Option<SmtpError> {
        let login = login.then(|| Login { user: "user".to_owned(), password: "secret".to_owned() });
        let smtp = Smtp { host: host.to_owned(), port: tls.port(), tls, login, from: from.to_owned() };
        assert!(!format!("{smtp:?}").contains("secret"), "{smtp:?}");
        Mailer::new(&smtp, &[], MAIL_LIMIT).err()
    }

    #[test]
    fn settings_that_cannot_work_or_show_the_password_are_refused() {
        let from = "Tagmeter <alerts@example.com>";
        let open = SmtpError::OpenLogin { host: "mail.example.com".to_owned() };
        assert_eq!(smtp("mail.example.com", TlsMode::None, true, from), Some(open));
        for (host, tls, login) in [
            ("mail.example.com", TlsMode::None, false),
            ("mail.example.com", TlsMode::StartTls, true),
            ("mail.example.com", TlsMode::Tls, true),
            ("127.0.0.1", TlsMode::None, true),
            ("::1", TlsMode::None, true),
            ("localhost", TlsMode::None, true),
        ] {
            assert_eq!(smtp(host, tls, login, from), None, "{host} {tls}");
        }
        for from in ["", "alerts", "a@b@c", "a@example.com\r\nBcc: b@example.com", "a@x.example, b@x.example"]
        {
            assert_eq!(smtp("localhost", TlsMode::None, false, from), Some(SmtpError::From), "{from:?}");
        }
    }

    #[test]
    fn modes_are_named_as_settings_are() {
        assert_eq!(TlsMode::VARIANTS, ["tls", "starttls", "none"]);
        assert_eq!(
            ["tls", "starttls", "none"].map(|name| name.parse().map(TlsMode::port)),
            [Ok(465), Ok(587), Ok(25)]
        );
    }
}
