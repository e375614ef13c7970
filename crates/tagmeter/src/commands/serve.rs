//! `tagmeter serve`: answers over the network until it is stopped.

use super::Context;
use super::worker::{here, uploads};
use crate::delivery;
use crate::exit::Failure;
use crate::output::print;
use crate::system::random_bytes;
use crate::telemetry;
use measure::Measure;
use server::{BindError, Downloads, Options, Parts, Server, Uploads};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use worker::Worker;

/// Pause before a worker that panicked is restarted.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    telemetry::start(&context.settings)?;
    let store = context.open_store().await?;
    let measure = context.open_live_measure(store).await?;
    let uploads = uploads(&context.settings.data_dir.value)?;
    let worker = match context.settings.worker.value {
        true => Some(here(context, &measure, uploads.clone())?),
        false => None,
    };
    let server = bind(context, measure, &context.settings.data_dir.value, Some(uploads)).await?;
    let settings = &context.settings;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        address = %server.local_addr(),
        data_dir = %settings.data_dir.value.display(),
        database = settings.database_url.as_ref().map(|url| tracing::field::display(&url.value)),
        requests_per_minute = settings.requests_per_minute.value,
        upstreams = settings.upstreams.len(),
        worker = settings.worker.value,
        "serving"
    );
    print(format_args!("Listening on http://{}", server.local_addr()))?;
    until_stopped(server, worker).await
}

/// Binds the configured address. Large answers are stored in the data folder, unless the settings name another
/// one.
pub(super) async fn bind(
    context: &Context,
    measure: Measure,
    data_dir: &Path,
    uploads: Option<Uploads>,
) -> Result<Server, Failure> {
    let settings = &context.settings;
    let node = uploads.as_ref().map(|uploads| uploads.node.clone()).unwrap_or_default();
    let options = Options {
        requests_per_minute: settings.requests_per_minute.value,
        legacy_errors: settings.legacy_errors.value,
        sign_up_site: settings.sign_up_site.value.clone(),
        uploads,
        public_url: settings.public_url.value.clone(),
        cors_origins: settings.cors_origins.value.clone(),
        keep_alive_timeout: Duration::from_millis(settings.keep_alive.value.as_ms().unwrap_or_default()),
        downloads: Downloads { node, ..settings.downloads.options(data_dir) },
        ..Options::default()
    };
    let parts = Parts {
        alerting: delivery::alerting(settings, measure.clone()),
        sharing: delivery::sharing(measure.clone()),
        scheduling: delivery::scheduling(&context.settings, measure.clone()),
        measure,
        clock: context.clock.clone(),
        seed: u64::from_be_bytes(random_bytes()?),
    };
    let address: SocketAddr = settings.listen.value;
    Server::bind(address, parts, options).await.map_err(|error| match error {
        BindError::Address { .. } => {
            Failure::new(&error).hint("choose another address with --listen; port 0 picks a free one")
        }
        error @ BindError::Downloads(_) => {
            Failure::new(&error).hint("name another folder by downloads.folder in the settings")
        }
        BindError::Store(error) => error.into(),
    })
}

/// Serves until SIGINT or SIGTERM, then answers the calls under way and ends.
pub(super) async fn until_stopped(server: Server, worker: Option<Worker>) -> Result<(), Failure> {
    let signal = stop_signal()?;
    let (stop, stopped) = watch::channel(false);
    let is_stopped = |mut stopped: watch::Receiver<bool>| async move {
        // Sent or dropped, it is time to stop.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let working = async {
        let Some(worker) = worker else { return };
        // A worker that panics is restarted; its jobs resume when their leases expire.
        while let Err(error) = tokio::spawn(worker.clone().run(is_stopped(stopped.clone()))).await {
            tracing::error!(%error, "the worker panicked and is restarted");
            sleep(RESTART_PAUSE).await;
        }
    };
    let listening = async move {
        let name = signal.await;
        tracing::info!(signal = name, "stopping: calls under way are answered first");
        stop.send_replace(true);
    };
    tokio::join!(server.run(is_stopped(stopped.clone())), listening, working);
    Ok(())
}

/// Returns a future of the signal that stops the process, by name. The handlers are installed on return.
#[cfg(unix)]
pub(crate) fn stop_signal() -> Result<impl Future<Output = &'static str>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen =
        |kind| signal(kind).map_err(|cause| Failure::new(format_args!("cannot listen for signals: {cause}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

/// Returns a future of the signal that stops the process, by name.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> Result<impl Future<Output = &'static str>, Failure> {
    Ok(async {
        // An error here means that there is no console to be interrupted from: serve until killed.
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    })
}
