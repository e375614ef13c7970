//! `tagmeter serve`: answers over the network until it is told to stop.

use super::Context;
use crate::exit::Failure;
use crate::output::print;
use crate::system::random_bytes;
use crate::telemetry;
use catalog::Catalog;
use server::{BindError, Options, Parts, Server};
use std::net::SocketAddr;

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    telemetry::start(&context.settings)?;
    let store = context.open_store().await?;
    let catalog = context.open_live_catalog(store).await?;
    let server = bind(context, catalog).await?;
    let settings = &context.settings;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        address = %server.local_addr(),
        data_dir = %settings.data_dir.value.display(),
        database = settings.database_url.as_ref().map(|url| tracing::field::display(&url.value)),
        requests_per_minute = settings.requests_per_minute.value,
        upstreams = settings.upstreams.len(),
        "serving"
    );
    print(format_args!("Listening on http://{}", server.local_addr()))?;
    until_stopped(server).await
}

/// Takes the address that is configured.
pub(super) async fn bind(context: &Context, catalog: Catalog) -> Result<Server, Failure> {
    let settings = &context.settings;
    let options = Options {
        requests_per_minute: settings.requests_per_minute.value,
        legacy_errors: settings.legacy_errors.value,
        sign_up_site: settings.sign_up_site.value.clone(),
        ..Options::default()
    };
    let parts = Parts { catalog, clock: context.clock.clone(), seed: u64::from_be_bytes(random_bytes()?) };
    let address: SocketAddr = settings.listen.value;
    Server::bind(address, parts, options).await.map_err(|error| match error {
        BindError::Address { .. } => {
            Failure::new(&error).hint("--listen takes another address; port 0 takes a free one")
        }
        BindError::Store(error) => error.into(),
    })
}

/// Serves until SIGINT or SIGTERM, then answers what is under way and ends.
pub(super) async fn until_stopped(server: Server) -> Result<(), Failure> {
    let signal = stop_signal()?;
    server
        .run(async move {
            let name = signal.await;
            tracing::info!(signal = name, "stopping: calls under way are answered first");
        })
        .await;
    Ok(())
}

/// Done when the process is asked to stop; gives the signal's name. The handlers are in place on return.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = &'static str>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| {
        signal(kind).map_err(|cause| Failure::new(format_args!("signals cannot be listened for: {cause}")))
    };
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

/// Done when the process is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = &'static str>, Failure> {
    Ok(async {
        // An error here means that there is no console to be interrupted from: serve until killed.
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    })
}
