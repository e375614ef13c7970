//! Logging: to standard error, as text on a terminal, else as a JSON object a line.

use crate::config::{LogFormat, Settings};
use crate::exit::Failure;
use crate::terminal;
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// Starts logging. Called once, by the commands that serve.
pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log.value).map_err(Failure::usage)?;
    let is_terminal = stderr().is_terminal();
    let has_colours = is_terminal && terminal::has_colours();
    let as_json = match settings.log_format.value {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(has_colours);
    let started = if as_json {
        builder.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        builder.try_init()
    };
    started.map_err(|cause| Failure::new(format_args!("logging could not be started: {cause}")))
}
