//! A proxy in front of PostgreSQL that cuts a connection at the worst moment: around a `COMMIT`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Fate of the next `COMMIT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cut {
    /// It succeeds.
    Not = 0,
    /// It never reaches the server.
    Before = 1,
    /// The server commits, and its answer is lost.
    After = 2,
}

/// The proxy. Each cut happens once.
pub(crate) struct Proxy {
    port: u16,
    cut: Arc<AtomicU8>,
    cuts: Arc<Mutex<u32>>,
}

/// A `COMMIT` of a client, and the server's answer to it.
const COMMIT: &[u8] = b"COMMIT\0";

impl Proxy {
    /// Starts a proxy in front of the server that listens on this socket.
    pub(crate) async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let (cut, cuts) = (Arc::new(AtomicU8::new(0)), Arc::new(Mutex::new(0)));
        let proxy = Self { port, cut: Arc::clone(&cut), cuts: Arc::clone(&cuts) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&socket).await else { continue };
                tokio::spawn(relay(client, server, Arc::clone(&cut), Arc::clone(&cuts)));
            }
        });
        proxy
    }

    /// Returns the address of a database behind it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Cuts the next `COMMIT`.
    pub(crate) fn cut_next(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// Returns the number of cuts so far.
    pub(crate) fn cuts(&self) -> u32 {
        *self.cuts.lock().expect("no panic")
    }
}

async fn relay(mut client: TcpStream, mut server: UnixStream, cut: Arc<AtomicU8>, cuts: Arc<Mutex<u32>>) {
    let (mut sent, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut sent) => {
                let Ok(read @ 1..) = read else { return };
                let query = &sent[..read];
                let is_commit = query.windows(COMMIT.len()).any(|window| window == COMMIT);
                let cut_now = if is_commit { cut.swap(Cut::Not as u8, Ordering::SeqCst) } else { 0 };
                if cut_now != 0 {
                    *cuts.lock().expect("no panic") += 1;
                }
                if cut_now == Cut::Before as u8 {
                    return;
                }
                if server.write_all(query).await.is_err() {
                    return;
                }
                if cut_now == Cut::After as u8 {
                    swallow(&mut server).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(read @ 1..) = read else { return };
                if client.write_all(&answered[..read]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads until the server has committed.
async fn swallow(server: &mut UnixStream) {
    let mut received = Vec::new();
    let mut piece = vec![0; 1 << 16];
    while !received.windows(COMMIT.len()).any(|window| window == COMMIT) {
        match server.read(&mut piece).await {
            Ok(read @ 1..) => received.extend_from_slice(&piece[..read]),
            _ => return,
        }
    }
}
