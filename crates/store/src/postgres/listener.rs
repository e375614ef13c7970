//! Receives notifications of other nodes (`LISTEN`), over a connection of its own.
//!
//! A connection can go silent without an error: its other end may be gone, or a pooler may have reassigned its
//! session. So this node notifies itself over another connection at intervals, and reconnects when that does
//! not arrive.

use super::connection::Pool;
use super::keys::CHANNEL as KEYS;
use crate::StoreError;
use crate::error::Doing;
use crate::notifications::Notifications;
use futures_util::StreamExt;
use futures_util::stream::poll_fn;
use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Connection, Socket};

/// Channel of notifications that the catalog changed.
pub(crate) const CHANGES: &str = "tagmeter_changes";
/// Channel of a node to itself: its name, followed by the number of the session.
const ECHO: &str = "tagmeter_echo_";

/// Interval of a node's notifications to itself.
const ECHO_INTERVAL: Duration = Duration::from_secs(2);
/// Silence after which the connection counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Shortest and longest pause before a broken connection is opened again.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// Listens from the first call of [`Listener::notifications`] until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Listener(OnceLock<Listening>);

#[derive(Debug)]
struct Listening {
    received: watch::Receiver<Notifications>,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// `None` through a transaction pooler, which delivers no notifications.
    pub(crate) fn notifications(&self, pool: &Pool) -> Option<watch::Receiver<Notifications>> {
        if !pool.has_sessions() {
            return None;
        }
        let listening = self.0.get_or_init(|| {
            let (publish, received) = watch::channel(Notifications::default());
            Listening { received, task: tokio::spawn(listen(pool.clone(), publish)) }
        });
        Some(listening.received.clone())
    }
}

async fn listen(pool: Pool, publish: watch::Sender<Notifications>) {
    let mut wait = AGAIN_AFTER[0];
    loop {
        let Err(error) = listen_once(&pool, &publish).await;
        if publish.send_if_modified(|received| std::mem::take(&mut received.is_listening)) {
            wait = AGAIN_AFTER[0];
            tracing::warn!(%error, "notifications no longer arrive; polling instead");
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(AGAIN_AFTER[1]);
    }
}

/// Connects and listens until an error.
async fn listen_once(pool: &Pool, publish: &watch::Sender<Notifications>) -> Result<Infallible, StoreError> {
    let connecting = timeout(SILENCE_MAX, pool.connect_apart()).await.map_err(|_| silence())?;
    let (client, connection) = connecting.doing("listen for changes")?;
    let (send, channels) = mpsc::unbounded_channel();
    let listening = async {
        let session = timeout(SILENCE_MAX, subscribe(&client)).await.map_err(|_| silence())?;
        let echo = format!("{ECHO}{}", session.doing("listen for changes")?);
        tokio::select! {
            error = receive(channels, publish) => Err(error),
            never = echo_to_self(pool, &echo) => Ok(never),
        }
    };
    tokio::select! {
        () = pump(connection, send) => Err(silence()),
        ended = listening => ended,
    }
}

fn silence() -> StoreError {
    StoreError::Unreachable("notifications do not arrive".to_owned())
}

/// Drives the connection until it ends.
async fn pump<S: TlsStream + Unpin>(
    mut connection: Connection<Socket, S>,
    channels: mpsc::UnboundedSender<String>,
) {
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    while let Some(Ok(message)) = messages.next().await {
        if let AsyncMessage::Notification(notification) = message {
            // The receiver lives as long as this runs.
            let _ = channels.send(notification.channel().to_owned());
        }
    }
}

/// Returns the number of the listening session.
async fn subscribe(client: &tokio_postgres::Client) -> Result<i32, tokio_postgres::Error> {
    let row = client.query_typed("SELECT pg_backend_pid()", &[]).await?;
    let session = row.first().map_or(Ok(0), |row| row.try_get(0))?;
    client.batch_execute(&format!("LISTEN {KEYS}; LISTEN {CHANGES}; LISTEN {ECHO}{session}")).await?;
    Ok(session)
}

/// Counts notifications until they cease.
async fn receive(
    mut channels: mpsc::UnboundedReceiver<String>,
    publish: &watch::Sender<Notifications>,
) -> StoreError {
    while let Ok(Some(channel)) = timeout(SILENCE_MAX, channels.recv()).await {
        publish.send_if_modified(|received| {
            let before = *received;
            if !received.is_listening {
                // Anything may have changed while nothing listened.
                *received = Notifications {
                    is_listening: true,
                    keys: received.keys + 1,
                    changes: received.changes + 1,
                };
            }
            match channel.as_str() {
                KEYS => received.keys += 1,
                CHANGES => received.changes += 1,
                _ => {}
            }
            *received != before
        });
    }
    silence()
}

/// Notifies this node at intervals, to detect a silent connection.
async fn echo_to_self(pool: &Pool, echo: &str) -> Infallible {
    let mut ticks = interval(ECHO_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let sent = pool.query("notify this node", "SELECT pg_notify($1, '')", &[(&echo, Type::TEXT)]).await;
        if let Err(error) = sent {
            tracing::debug!(%error, "could not notify this node");
        }
    }
}
