//! One HTTP call: with a total timeout, a limit on the decompressed size, and no redirects, so that a key is never
//! sent elsewhere.

use super::UpstreamError;
use domain::Timestamp;
use domain::retry_after::wait_ms;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, Url, redirect};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Largest answer, decompressed, in bytes: a page of 100 videos has about 300 KB.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// Timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Most characters of an upstream's text in the log.
const SAID_CHARACTERS_MAX: usize = 200;

/// An HTTP client for upstreams. Cheap to clone: clones share connections.
#[derive(Debug, Clone)]
pub struct Http {
    direct: Client,
    /// Client that uses the proxy of the environment (`HTTPS_PROXY`, `NO_PROXY` ...).
    proxied: Client,
}

/// A request.
pub(super) struct Call<'c> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// Media type and bytes of the body.
    pub(super) body: Option<(&'static str, Vec<u8>)>,
    /// Timeout of the whole call.
    pub(super) timeout: Duration,
    /// Current time, for dates in the answer.
    pub(super) at: Timestamp,
    /// Name used in errors instead of the address, which may contain secrets.
    pub(super) name: &'c str,
}

/// A response of any status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) retry_after_ms: Option<u64>,
}

impl Http {
    /// Creates a client that trusts the system's certificate authorities.
    pub fn new() -> Result<Self, UpstreamError> {
        let refused =
            |reason: String| UpstreamError::Connect { reason: format!("TLS cannot be set up: {reason}") };
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = || {
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .user_agent(concat!("tagmeter/", env!("CARGO_PKG_VERSION")))
        };
        let built =
            |client: reqwest::ClientBuilder| client.build().map_err(|error| refused(reason_of(&error)));
        Ok(Self { direct: built(client().no_proxy())?, proxied: built(client())? })
    }

    /// Makes one call.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer, UpstreamError> {
        let limit = call.timeout;
        let timeout_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let done = timeout(limit, self.exchange(call)).await;
        done.unwrap_or(Err(UpstreamError::Timeout { timeout_ms }))
    }

    async fn exchange(&self, call: Call<'_>) -> Result<Answer, UpstreamError> {
        // Servers on this machine are never behind a proxy.
        let client = if is_loopback(&call.url) { &self.direct } else { &self.proxied };
        let mut request = client.request(call.method, call.url).headers(call.headers);
        request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((kind, body)) = call.body {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static(kind)).body(body);
        }
        let failed = |error: reqwest::Error| {
            let reason = format!("{}: {}", call.name, reason_of(&error));
            if error.is_decode() {
                UpstreamError::Malformed { reason }
            } else {
                UpstreamError::Connect { reason }
            }
        };
        let mut response = request.send().await.map_err(failed)?;
        let (status, retry_after_ms) = (response.status().as_u16(), retry_after_ms(&response, call.at));
        let too_large = || UpstreamError::TooLarge { bytes_max: BODY_BYTES_MAX as u64 };
        if response.content_length().is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if body.len() + piece.len() > BODY_BYTES_MAX {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, body, retry_after_ms })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

fn retry_after_ms(response: &Response, now: Timestamp) -> Option<u64> {
    wait_ms(response.headers().get(RETRY_AFTER)?.to_str().ok()?, now)
}

/// Returns the network error without the address, which may contain a key.
fn reason_of(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "the call failed".to_owned(), ToString::to_string)
}

/// Shortens a text of the upstream and removes line breaks, for the log.
pub(super) fn said(text: &str) -> String {
    let plain = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    plain.take(SAID_CHARACTERS_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_here_is_distinguished_from_what_does_not() {
        let loopback = |url: &str| is_loopback(&url.parse().expect("a URL"));
        assert!(
            loopback("http://127.0.0.1:1/") && loopback("http://[::1]/") && loopback("http://localhost:80")
        );
        assert!(!loopback("https://api.example.com/") && !loopback("http://10.0.0.1/"));
    }

    #[test]
    fn what_an_upstream_says_fits_a_line() {
        assert_eq!(said(" no\nkey\u{1b}[31m "), "no key [31m");
        assert_eq!(said(&"x".repeat(1000)).len(), SAID_CHARACTERS_MAX);
    }
}
