//! The accept loop: connection limit, start and shutdown.

use super::activity::ConnectionTimeouts;
use super::connection;
use super::farewell::farewell;
use super::middleware::RequestMiddleware;
use crate::app::App;
use crate::errors::ErrorCode;
#[cfg(target_os = "linux")]
use crate::options::UNSENT_BYTES_MAX;
use crate::problem::Problem;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;

/// Connections the system may queue for us.
const BACKLOG: u32 = 1024;
/// Pause after a failed accept (no file handles left): an immediate retry would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Binds the address; port 0 selects a free port.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until `shutdown` completes, then drains.
pub(crate) async fn run(
    listener: TcpListener,
    middleware: Arc<RequestMiddleware>,
    shutdown: impl Future<Output = ()>,
) {
    let app = Arc::clone(&middleware.app);
    let options = &app.options;
    let timeouts = ConnectionTimeouts {
        header: options.header_timeout,
        keep_alive: options.keep_alive_timeout,
        write: options.write_timeout,
    };
    let seats = Arc::new(Semaphore::new(options.connections_max));
    let protocol = Arc::new(connection::protocol());
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_the_clients(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else {
            refuse(&app, stream);
            app.metrics.connection_refused();
            continue;
        };
        // An answer is written in one go; waiting to fill a packet would only delay it.
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        bound_unsent(&stream);
        app.metrics.connection_opened();
        let (middleware, protocol, guard) =
            (Arc::clone(&middleware), Arc::clone(&protocol), app.drain.guard());
        tokio::spawn(async move {
            connection::serve(stream, Arc::clone(&middleware), protocol, timeouts, guard).await;
            middleware.app.metrics.connection_closed();
            drop(seat);
        });
    }
    drop(listener);
    tracing::info!(connections = app.drain.connections(), "stopping: requests in flight are finished");
    let cut_off = app.drain.stop(app.options.drain_timeout).await;
    if cut_off > 0 {
        tracing::warn!(cut_off, "connections were cut off");
    }
}

/// Bounds the unsent bytes in the kernel, so that [`Activity`](super::activity::Activity) sees each time that a
/// slow client reads some. Linux only.
#[cfg(target_os = "linux")]
pub(super) fn bound_unsent(stream: &TcpStream) {
    if let Err(error) = SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX) {
        tracing::debug!(%error, "the unsent bytes of a connection cannot be bounded");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn bound_unsent(_: &TcpStream) {}

/// Sends 503 and closes. A client that cannot be written to at once is just closed.
fn refuse(app: &App, stream: TcpStream) {
    let detail = "the server has no connection left; connect again in a moment";
    let full = farewell(app, &Problem::new(ErrorCode::Unavailable, detail).retry_after(1));
    // Writes to the plain socket: the runtime does not know yet that it is writable.
    if let Err(error) = stream.into_std().and_then(|mut socket| socket.write_all(&full)) {
        tracing::debug!(%error, "cannot send 503 to a connection over the limit");
    }
}

/// Returns true for a client that left before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
