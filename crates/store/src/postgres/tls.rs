//! TLS to the database by rustls, with the meaning of libpq's `sslmode` and `sslrootcert`.
//!
//! `disable`: never. `prefer` (the default): encrypted if the server supports it, without verification.
//! `require`: encrypted or no connection, without verification. `verify-ca`: its certificate must be from a
//! trusted authority. `verify-full`: and for the host's name. Trusted are the authorities in the file
//! `sslrootcert`, or without one (or with `system`) those that the system trusts. Names are read from the
//! certificate's subjectAltName alone.

use crate::StoreError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Servers that are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Any server.
    Anybody,
    /// Certificate of a trusted authority, for any name.
    Authority(Roots),
    /// Certificate of a trusted authority, for the host's name.
    Host(Roots),
}

/// Trusted authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Authorities that the system trusts.
    System,
    /// Authorities in this PEM file.
    File(PathBuf),
}

/// Parses `sslmode` and `sslrootcert`.
pub(crate) fn interpret(mode: Option<&str>, root: Option<&str>) -> Result<(SslMode, Trust), String> {
    let is_system = root == Some("system");
    let roots = match root {
        None | Some("system") => Roots::System,
        Some(path) => Roots::File(PathBuf::from(path)),
    };
    let mode = mode.unwrap_or(if is_system { "verify-full" } else { "prefer" });
    if is_system && mode != "verify-full" {
        return Err(format!("sslmode is {mode}, and must be verify-full with sslrootcert=system"));
    }
    match mode {
        "disable" => Ok((SslMode::Disable, Trust::Anybody)),
        "prefer" => Ok((SslMode::Prefer, Trust::Anybody)),
        // A named authority is verified.
        "require" if root.is_some() => Ok((SslMode::Require, Trust::Authority(roots))),
        "require" => Ok((SslMode::Require, Trust::Anybody)),
        "verify-ca" => Ok((SslMode::Require, Trust::Authority(roots))),
        "verify-full" => Ok((SslMode::Require, Trust::Host(roots))),
        other => {
            Err(format!("sslmode is {other}, and must be disable, prefer, require, verify-ca or verify-full"))
        }
    }
}

/// Creates the TLS connector. Reads the certificates of the authorities.
pub(crate) fn connector(trust: &Trust) -> Result<MakeRustlsConnect, StoreError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Unusable(format!("TLS cannot be set up: {error}")))?;
    let config = match trust {
        Trust::Host(roots) => builder.with_root_certificates(read(roots)?).with_no_client_auth(),
        Trust::Authority(roots) => {
            let verifier = Verifier { roots: Some(read(roots)?), provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
        Trust::Anybody => {
            let verifier = Verifier { roots: None, provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

fn read(roots: &Roots) -> Result<RootCertStore, StoreError> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::System => {
            let loaded = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(loaded.certs);
            if store.is_empty() {
                return Err(StoreError::Unusable(
                    "the system trusts no certificate authority; name one with sslrootcert=FILE".to_owned(),
                ));
            }
        }
        Roots::File(path) => {
            let unusable = |cause: String| {
                let path = path.display();
                StoreError::Unusable(format!("sslrootcert={path} contains no certificates: {cause}"))
            };
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                store.add(certificate).map_err(|error| unusable(error.to_string()))?;
            }
            if store.is_empty() {
                return Err(unusable("there is no PEM section CERTIFICATE".to_owned()));
            }
        }
    }
    Ok(store)
}

/// Verifies less than rustls does by default.
#[derive(Debug)]
struct Verifier {
    /// `None`: the issuer of the certificate is not verified either.
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.roots.is_none() {
            // The certificate's owner is not verified: its signature proves nothing, and refusing kinds of
            // certificates that rustls does not read would only exclude servers that other clients reach.
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.roots.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_mean_what_they_mean_to_libpq() {
        let file = || Roots::File("root.crt".into());
        for (mode, root, want) in [
            (None, None, (SslMode::Prefer, Trust::Anybody)),
            (Some("disable"), Some("root.crt"), (SslMode::Disable, Trust::Anybody)),
            (Some("prefer"), None, (SslMode::Prefer, Trust::Anybody)),
            (Some("require"), None, (SslMode::Require, Trust::Anybody)),
            (Some("require"), Some("root.crt"), (SslMode::Require, Trust::Authority(file()))),
            (Some("verify-ca"), Some("root.crt"), (SslMode::Require, Trust::Authority(file()))),
            (Some("verify-full"), Some("root.crt"), (SslMode::Require, Trust::Host(file()))),
            (Some("verify-full"), None, (SslMode::Require, Trust::Host(Roots::System))),
            (None, Some("system"), (SslMode::Require, Trust::Host(Roots::System))),
        ] {
            assert_eq!(interpret(mode, root), Ok(want), "{mode:?} {root:?}");
        }
        for (mode, root, part) in [
            (Some("allow"), None, "must be disable, prefer"),
            (Some("require"), Some("system"), "must be verify-full with sslrootcert=system"),
        ] {
            let message = interpret(mode, root).expect_err("no such mode");
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.crt");
        std::fs::write(&empty, "nothing").expect("a file");
        for path in [folder.path().join("missing.crt"), empty] {
            let refused = connector(&Trust::Host(Roots::File(path.clone()))).map(|_| ());
            let message = refused.expect_err("no certificate").to_string();
            assert!(message.contains(path.to_str().expect("UTF-8")), "{message}");
        }
    }
}
