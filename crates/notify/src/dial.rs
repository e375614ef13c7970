//! Connections to targets. The addresses that a name resolves to are checked, and one of these very addresses is
//! dialled: nothing resolves the name a second time.

use crate::target::{Internal, Policy, Target};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Host;

/// Time limit of connecting to one address.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Most addresses of a name that are dialled, one after another; all of them are checked.
pub const DIALLED_MAX: usize = 3;

/// Answer of a resolver.
pub type Resolved<'r> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'r>>;

/// Resolves the names of targets. Injected, so that tests decide what a name leads to.
pub trait Resolve: Send + Sync {
    /// Returns all addresses of a host (A and AAAA), with the port to dial.
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolved<'r>;
}

/// Resolver of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolved<'r> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Opens connections to targets: through no proxy, and only to addresses that the policy allows.
#[derive(Clone)]
pub struct Connector {
    policy: Arc<Policy>,
    resolver: Arc<dyn Resolve>,
    tls: TlsConnector,
}

/// Reason why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The target leads to an address that is not allowed. Nothing was dialled.
    #[error(transparent)]
    Internal(#[from] Internal),
    /// The name could not be resolved.
    #[error("{host} cannot be resolved")]
    Unresolved {
        /// Host of the target.
        host: String,
    },
    /// None of the addresses took the connection.
    #[error("{host} cannot be connected to: {reason}")]
    Unreachable {
        /// Host of the target.
        host: String,
        /// Error of the last address.
        reason: String,
    },
    /// The host has no certificate for its name that the roots vouch for.
    #[error("{host} has no acceptable certificate: {reason}")]
    Tls {
        /// Host of the target.
        host: String,
        /// Error of the handshake.
        reason: String,
    },
}

/// A connection, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Connector {
    /// Creates a connector that trusts these certificate authorities; those that cannot be parsed are left out, as
    /// systems list some.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>, authorities: &[CertificateDer<'static>]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(authorities.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the suites of the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { policy: Arc::new(policy), resolver, tls: TlsConnector::from(Arc::new(tls)) }
    }

    /// Connects to a target.
    ///
    /// # Errors
    ///
    /// One of its addresses is not allowed, or no connection could be made.
    pub(crate) async fn connect(&self, target: &Target) -> Result<Box<dyn Stream>, DialError> {
        let addresses = self.addresses(target).await?;
        let host = target.host();
        let tcp = dial(&host, &addresses).await?;
        if !target.is_encrypted() {
            return Ok(Box::new(tcp));
        }
        let refused = |reason: String| DialError::Tls { host: host.clone(), reason };
        let name = server_name(target.parsed_host()).map_err(|error| refused(error.to_string()))?;
        let tls = self.tls.connect(name, tcp).await.map_err(|error| refused(error.to_string()))?;
        Ok(Box::new(tls))
    }

    /// Returns the addresses of a target, all of which were checked.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, DialError> {
        let literal = |address: IpAddr| vec![SocketAddr::new(address, target.port())];
        let addresses = match target.parsed_host() {
            Host::Ipv4(address) => literal(IpAddr::V4(*address)),
            Host::Ipv6(address) => literal(IpAddr::V6(*address)),
            Host::Domain(name) => self.resolver.resolve(name, target.port()).await.unwrap_or_default(),
        };
        if addresses.is_empty() {
            return Err(DialError::Unresolved { host: target.host() });
        }
        for address in &addresses {
            self.policy.check(target, address.ip())?;
        }
        Ok(addresses)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("policy", &self.policy).finish_non_exhaustive()
    }
}

async fn dial(host: &str, addresses: &[SocketAddr]) -> Result<TcpStream, DialError> {
    let mut reason = String::new();
    for address in addresses.iter().take(DIALLED_MAX) {
        match timeout(CONNECT_LIMIT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one write; waiting for more to send with it would only delay it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => reason = error.kind().to_string(),
            Err(_) => reason = io::ErrorKind::TimedOut.to_string(),
        }
    }
    Err(DialError::Unreachable { host: host.to_owned(), reason })
}

fn server_name(host: &Host) -> Result<ServerName<'static>, rustls::pki_types::InvalidDnsNameError> {
    Ok(match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())?,
        Host::Ipv4(address) => IpAddr::V4(*address).into(),
        Host::Ipv6(address) => IpAddr::V6(*address).into(),
    })
}
