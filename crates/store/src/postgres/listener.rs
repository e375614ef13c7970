//! Hears what other nodes tell (`LISTEN`), over a connection of its own.
//!
//! A connection can go deaf without an error: its other end may be gone, or a pooler may have given its session to
//! somebody else. So we tell ourselves something over another connection every moment, and when that does not come back
//! we connect anew.

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

/// Interval of notifications to ourselves.
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
    news: watch::Receiver<Notifications>,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// `None` through a pooler that hands sessions around: nothing would be heard.
    pub(crate) fn notifications(&self, pool: &Pool) -> Option<watch::Receiver<Notifications>> {
        if !pool.has_sessions() {
            return None;
        }
        let listening = self.0.get_or_init(|| {
            let (tell, news) = watch::channel(Notifications::default());
            Listening { news, task: tokio::spawn(listen(pool.clone(), tell)) }
        });
        Some(listening.news.clone())
    }
}

async fn listen(pool: Pool, tell: watch::Sender<Notifications>) {
    let mut wait = AGAIN_AFTER[0];
    loop {
        let Err(error) = hear(&pool, &tell).await;
        if tell.send_if_modified(|news| std::mem::take(&mut news.is_listening)) {
            wait = AGAIN_AFTER[0];
            tracing::warn!(%error, "word of changes no longer comes through; asking instead");
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(AGAIN_AFTER[1]);
    }
}

/// Connects and listens until that ends, which it only does in error.
async fn hear(pool: &Pool, tell: &watch::Sender<Notifications>) -> Result<Infallible, StoreError> {
    let connecting = timeout(SILENCE_MAX, pool.connect_apart()).await.map_err(|_| silence())?;
    let (client, connection) = connecting.doing("listen for changes")?;
    let (send, words) = mpsc::unbounded_channel();
    let listening = async {
        let session = timeout(SILENCE_MAX, subscribe(&client)).await.map_err(|_| silence())?;
        let echo = format!("{ECHO}{}", session.doing("listen for changes")?);
        tokio::select! {
            error = take_in(words, tell) => Err(error),
            never = tell_ourselves(pool, &echo) => Ok(never),
        }
    };
    tokio::select! {
        () = pump(connection, send) => Err(silence()),
        ended = listening => ended,
    }
}

fn silence() -> StoreError {
    StoreError::Unreachable("no word of changes comes through".to_owned())
}

/// Works the connection until it ends.
async fn pump<S: TlsStream + Unpin>(
    mut connection: Connection<Socket, S>,
    words: mpsc::UnboundedSender<String>,
) {
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    while let Some(Ok(message)) = messages.next().await {
        if let AsyncMessage::Notification(notification) = message {
            // The other end waits for words as long as this runs.
            let _ = words.send(notification.channel().to_owned());
        }
    }
}

/// Gives the number of the session that listens.
async fn subscribe(client: &tokio_postgres::Client) -> Result<i32, tokio_postgres::Error> {
    let row = client.query_typed("SELECT pg_backend_pid()", &[]).await?;
    let session = row.first().map_or(Ok(0), |row| row.try_get(0))?;
    client.batch_execute(&format!("LISTEN {KEYS}; LISTEN {CHANGES}; LISTEN {ECHO}{session}")).await?;
    Ok(session)
}

async fn take_in(
    mut words: mpsc::UnboundedReceiver<String>,
    tell: &watch::Sender<Notifications>,
) -> StoreError {
    while let Ok(Some(word)) = timeout(SILENCE_MAX, words.recv()).await {
        tell.send_if_modified(|news| {
            let before = *news;
            if !news.is_listening {
                // Anything may have changed while nobody listened.
                *news = Notifications { is_listening: true, keys: news.keys + 1, changes: news.changes + 1 };
            }
            match word.as_str() {
                KEYS => news.keys += 1,
                CHANGES => news.changes += 1,
                _ => {}
            }
            *news != before
        });
    }
    silence()
}

/// A notification that does not get through is missed.
async fn tell_ourselves(pool: &Pool, echo: &str) -> Infallible {
    let mut ticks = interval(ECHO_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let told = pool.query("tell ourselves", "SELECT pg_notify($1, '')", &[(&echo, Type::TEXT)]).await;
        if let Err(error) = told {
            tracing::debug!(%error, "could not tell ourselves something");
        }
    }
}
