//! `tagmeter worker`: runs jobs until it is stopped, without serving. `tagmeter serve` runs them as well.

use super::{Context, serve};
use crate::delivery;
use crate::exit::Failure;
use crate::output::print;
use crate::system::random_bytes;
use crate::telemetry;
use catalog::jobs::Spool;
use measure::Measure;
use server::Uploads;
use std::fs;
use std::io::Write;
use std::path::Path;
use worker::{Parts, Worker};

/// File with the node's name.
const NODE_FILE: &str = "node.id";

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    telemetry::start(&context.settings)?;
    let store = context.open_store().await?;
    let measure = context.open_live_measure(store).await?;
    let signal = serve::stop_signal()?;
    let worker = here(context, &measure, uploads(&context.settings.data_dir.value)?)?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        data_dir = %context.settings.data_dir.value.display(),
        upstreams = context.settings.upstreams.len(),
        "working"
    );
    print("Working on jobs")?;
    worker
        .run(async move {
            let name = signal.await;
            tracing::info!(signal = name, "stopping: jobs under way are released");
        })
        .await;
    Ok(())
}

/// Returns the worker of this node.
pub(super) fn here(context: &Context, measure: &Measure, uploads: Uploads) -> Result<Worker, Failure> {
    let Uploads { spool, node } = uploads;
    let parts = Parts {
        clock: context.clock.clone(),
        node,
        spool,
        alerting: delivery::alerting(&context.settings, measure.clone()),
        outgoing: delivery::outgoing(context)?,
        scheduling: delivery::scheduling(&context.settings, measure.clone()),
    };
    Ok(Worker::new(measure.catalog().clone(), parts))
}

/// Returns the folder of uploads to this node, and its name, which is drawn once and stored in the data folder.
pub(super) fn uploads(folder: &Path) -> Result<Uploads, Failure> {
    Ok(Uploads { spool: Spool::of(folder), node: node(folder)? })
}

fn node(folder: &Path) -> Result<String, Failure> {
    let path = folder.join(NODE_FILE);
    let failed = |cause| Failure::new(format_args!("{} cannot be used: {cause}", path.display()));
    let name = format!("{:016x}", u64::from_be_bytes(random_bytes()?));
    // If two processes start at once, one writes the name and both read it.
    if let Ok(mut file) = store::private::options().write(true).create_new(true).open(&path) {
        file.write_all(name.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        return Ok(name);
    }
    let known = fs::read_to_string(&path).map_err(failed)?;
    let known = known.trim();
    if known.is_empty() {
        return Err(
            Failure::new(format_args!("{} is empty", path.display())).hint("delete it and start again")
        );
    }
    Ok(known.to_owned())
}
