//! A network for tests: receivers that behave in every way on this machine, and resolvers that lead to them.

use domain::{Clock, Timestamp};
use notify::allowed::Allowed;
use notify::dial::{Connector, Resolve, Resolved};
use notify::send::{Post, SEND_LIMIT, Sender};
use notify::target::Policy;
use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Time of the clock of [`sender`].
pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Resolver whose answers come one after another, from the beginning again after the last.
pub(crate) struct Answers {
    answers: Vec<Vec<SocketAddr>>,
    queries: AtomicUsize,
}

impl Answers {
    pub(crate) fn new(answers: Vec<Vec<SocketAddr>>) -> Arc<Self> {
        Arc::new(Self { answers, queries: AtomicUsize::new(0) })
    }
}

impl Resolve for Answers {
    fn resolve<'r>(&'r self, _host: &'r str, _port: u16) -> Resolved<'r> {
        let query = self.queries.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move { Ok(self.answers[query % self.answers.len()].clone()) })
    }
}

pub(crate) fn policy(allowed: &[&str]) -> Policy {
    Policy::new(Allowed::parse(allowed.iter().copied()).expect("entries"), Vec::new())
}

pub(crate) fn sender(
    allowed: &[&str],
    resolver: Arc<Answers>,
    authorities: &[CertificateDer<'static>],
) -> Sender {
    Sender::new(Connector::new(policy(allowed), resolver, authorities), Arc::new(Still), SEND_LIMIT)
}

/// Returns a sender with less time, for receivers that use all of it.
pub(crate) fn hasty_sender(allowed: &[&str], resolver: Arc<Answers>) -> Sender {
    let connector = Connector::new(policy(allowed), resolver, &[]);
    Sender::new(connector, Arc::new(Still), Duration::from_millis(300))
}

pub(crate) fn post(allowed: &[&str], url: &str) -> Post {
    let target = policy(allowed).target(url).expect("a target");
    Post { target, headers: http::HeaderMap::new(), body: bytes::Bytes::from_static(b"{}") }
}

/// A certificate authority for one test.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("an authority"))
    }

    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        vec![self.0.der().clone()]
    }

    fn certify(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("parameters");
        (params.signed_by(&key, &self.0).expect("a certificate"), key)
    }

    /// Writes certificate and key of a server of this name to files, and returns their paths.
    pub(crate) fn files(&self, name: &str, folder: &Path) -> [PathBuf; 2] {
        let (certificate, key) = self.certify(name);
        let files = [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())];
        files.map(|(file, pem)| {
            let path = folder.join(file);
            std::fs::write(&path, pem).expect("a file");
            path
        })
    }

    /// Returns what a server of this name answers handshakes with.
    pub(crate) fn acceptor(&self, name: &str) -> TlsAcceptor {
        let (certificate, key) = self.certify(name);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate and its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Behaviour of a receiver.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// Reads the request and answers with these bytes.
    Answers(String),
    /// Closes the connection at once.
    Closes,
    /// Reads and never writes.
    Silent,
    /// Writes these bytes, then the others again and again, each time after a pause.
    Repeats(&'static str, String, Duration),
}

/// A server on this machine that counts its connections and stores the requests.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::start_at("127.0.0.1", behaviour, None).await
    }

    pub(crate) async fn start_at(ip: &str, behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Self {
        let ip: IpAddr = ip.parse().expect("an address");
        let listener = TcpListener::bind((ip, 0)).await.expect("a free port");
        let receiver = Self {
            address: listener.local_addr().expect("an address"),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (Arc::clone(&receiver.connections), Arc::clone(&receiver.requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (behaviour, requests, tls) = (behaviour.clone(), Arc::clone(&requests), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                behave(stream, behaviour, &requests).await;
                            }
                        }
                        None => behave(stream, behaviour, &requests).await,
                    }
                });
            }
        });
        receiver
    }

    /// Returns how many connections there were, after all that are under way: a last one of its own comes after them.
    pub(crate) async fn connections(&self) -> usize {
        let before = self.connections.load(Ordering::SeqCst);
        let _last = TcpStream::connect(self.address).await.expect("it accepts");
        while self.connections.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        self.connections.fetch_sub(1, Ordering::SeqCst) - 1
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

async fn behave(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    behaviour: Behaviour,
    requests: &Mutex<Vec<String>>,
) {
    if matches!(behaviour, Behaviour::Closes) {
        return;
    }
    let request = read_request(&mut stream).await;
    requests.lock().expect("no panic").push(request);
    match behaviour {
        Behaviour::Closes => {}
        Behaviour::Answers(answer) => {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Behaviour::Silent => {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Behaviour::Repeats(first, again, pause) => {
            let mut sent = stream.write_all(first.as_bytes()).await;
            while sent.is_ok() {
                tokio::time::sleep(pause).await;
                sent = stream.write_all(again.as_bytes()).await;
            }
        }
    }
}

/// Reads a request with a body of the length that its header states.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut request = String::new();
    let mut piece = [0; 4096];
    loop {
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
                return request;
            }
        }
        match stream.read(&mut piece).await {
            Ok(bytes) if bytes > 0 => request += &String::from_utf8_lossy(&piece[..bytes]),
            _ => return request,
        }
    }
}
