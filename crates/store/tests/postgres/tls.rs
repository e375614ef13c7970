//! TLS over the network: which servers a client accepts.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::path::{Path, PathBuf};
use store::{Store, StoreError, StoreOptions};
use testkit::postgres::Cluster;

/// An authority, and its certificate in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let file = folder.join(format!("{name}.crt"));
        std::fs::write(&file, issuer.pem()).expect("a file");
        Self { issuer, file }
    }

    /// Returns certificate and key of a server of this name.
    fn certify(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

async fn open(cluster: &Cluster, host: &str, parameters: &str) -> Result<Store, StoreError> {
    let url = format!("postgres://postgres@{host}:{}/postgres?{parameters}", cluster.port());
    Store::open(&StoreOptions::at_url("", url.parse().expect("an address"))).await
}

/// Returns true if the connections of Tagmeter to the server are encrypted.
fn is_encrypted(cluster: &Cluster) -> bool {
    let seen = cluster.sql(
        "postgres",
        "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tagmeter'",
    );
    assert_eq!(seen.lines().count(), 1, "{seen}");
    seen.trim() == "t"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_believed_as_sslmode_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path(), "ours");
    let stranger = Authority::new(folder.path(), "theirs");
    let (certificate, key) = authority.certify("localhost");
    let Some(cluster) = Cluster::start_with_tls(&certificate, &key) else { return };
    let [ours, theirs] = [&authority, &stranger].map(|authority| authority.file.display());
    // 127.0.0.1 is not a name in the certificate.
    for (host, parameters, encrypted) in [
        ("localhost", "sslmode=disable".to_owned(), Some(false)),
        ("localhost", String::new(), Some(true)),
        ("localhost", "sslmode=require".to_owned(), Some(true)),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ours}"), Some(true)),
        ("localhost", format!("sslmode=verify-full&sslrootcert={ours}"), Some(true)),
        ("localhost", format!("sslmode=require&sslrootcert={theirs}"), None),
        ("localhost", format!("sslmode=verify-ca&sslrootcert={theirs}"), None),
        ("localhost", format!("sslmode=verify-full&sslrootcert={theirs}"), None),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={ours}"), None),
    ] {
        let opened = open(&cluster, host, &parameters).await;
        match (opened, encrypted) {
            (Ok(store), Some(encrypted)) => {
                assert_eq!(is_encrypted(&cluster), encrypted, "{host} {parameters}");
                drop(store);
            }
            (Err(error), None) => {
                assert!(error.to_string().contains("certificate"), "{host} {parameters}: {error}");
            }
            (opened, _) => panic!("{host} {parameters}: {opened:?}"),
        }
    }
}
