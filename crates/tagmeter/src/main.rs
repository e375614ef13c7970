//! Tagmeter: measures TikTok hashtags. The one binary: command line, settings, wiring, signals.
//!
//! Deliberately absent: rules. Hashtags, walks and prices are defined in the crates below.

mod cli;

mod config;

mod commands;

mod delivery;
mod demo;

mod exit;

mod hashtag_view;

mod interrupt;

mod measured;

mod output;

mod own_files;

mod progress;

mod system;

mod table;

mod telemetry;

mod terminal;

mod upstreams;

use cli::Cli;
use config::{Environment, Settings};
use exit::{Exit, Failure};
use std::process::ExitCode;

/// An import passes millions of small allocations from the reading thread to the storing one. Measured, this
/// allocator takes an eighth less processor time than the system's, and less memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let environment: Vec<_> = std::env::vars_os().collect();
    terminal::find(&environment);
    match run(cli::parse(), environment) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::say(&failure);
            failure.exit.into()
        }
    }
}

fn run(cli: Cli, environment: Environment) -> Result<Exit, Failure> {
    let settings = Settings::load(cli.flags(), environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::new(format_args!("the runtime cannot be started: {cause}")))?;
    runtime.block_on(commands::run(cli, settings))
}
