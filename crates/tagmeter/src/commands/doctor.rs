//! `tagmeter doctor`: shows the settings and where they are from, reports problems and suggests fixes. It
//! creates, migrates and repairs nothing.

mod contents;

mod database;

mod folder;

mod upstreams;

use super::Context;
use crate::cli::Json;
use crate::exit::{Exit, Failure};
use crate::output::{counted, print, print_json, print_text, table};
use serde::Serialize;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use store::StoreOptions;

/// Result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// No problem, but something to know or to do.
    Note,
    Problem,
}

/// One check and its result.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    /// Suggested fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, state: State::Ok, found: found.into(), hint: None }
    }

    fn note(what: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what, state: State::Note, found: found.into(), hint: Some(hint.into()) }
    }

    fn problem(what: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what, state: State::Problem, found: found.into(), hint: Some(hint.into()) }
    }
}

/// Output of `doctor --json`.
#[derive(Serialize)]
struct Report {
    ok: bool,
    settings: Vec<SettingView>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct SettingView {
    name: String,
    value: String,
    from: String,
}

pub(super) async fn run(output: Json, context: &Context) -> Result<Exit, Failure> {
    let options = context.store_options();
    let mut findings = vec![Finding::ok("version", version(&options))];
    findings.push(settings_file(context));
    findings.extend(context.settings.warnings.iter().map(|warning| {
        Finding::problem(
            "environment",
            warning.clone(),
            "correct its name, or remove it from the environment",
        )
    }));
    findings.extend(folder::check(&options.data_dir));
    match &options.database_url {
        Some(url) => findings.extend(database::check(url, &options, context).await),
        None => findings.extend(contents::check(&options, context).await),
    }
    findings.extend(upstreams::check(context).await);
    findings.push(port(context.settings.listen.value));
    let settings = context.settings.rows().into_iter();
    let report = Report {
        ok: findings.iter().all(|finding| finding.state != State::Problem),
        settings: settings.map(|[name, value, from]| SettingView { name, value, from }).collect(),
        findings,
    };
    if output.json {
        print_json(&report)?
    } else {
        show(&report)?
    }
    Ok(if report.ok { Exit::Done } else { Exit::ProblemFound })
}

fn version(options: &StoreOptions) -> String {
    format!("tagmeter {}, {}", env!("CARGO_PKG_VERSION"), options.backend())
}

fn settings_file(context: &Context) -> Finding {
    match &context.settings.file {
        Some(path) => Finding::ok("settings file", path.display().to_string()),
        None => Finding::ok("settings file", "none; `tagmeter config > tagmeter.toml` writes one"),
    }
}

/// Checks that the address can be listened on.
fn port(address: SocketAddr) -> Finding {
    let text = |state: &str| format!("{address} {state}");
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok("address", text("is free")),
        Err(cause) if cause.kind() == ErrorKind::AddrInUse => Finding::note(
            "address",
            text("is in use"),
            "expected while `tagmeter serve` runs; otherwise choose another one with --listen",
        ),
        Err(cause) => Finding::problem(
            "address",
            text(&format!("cannot be listened on: {cause}")),
            "choose another one with --listen; ports below 1024 need root",
        ),
    }
}

fn show(report: &Report) -> Result<(), Failure> {
    let settings = report.settings.iter().map(|s| vec![s.name.clone(), s.value.clone(), s.from.clone()]);
    print(table(&["setting", "value", "from"], settings))?;
    print("")?;
    let findings = report.findings.iter().map(|finding| {
        let state = format!("{:?}", finding.state).to_lowercase();
        vec![state, finding.what.to_owned(), finding.found.clone()]
    });
    print(table(&[], findings))?;
    print("")?;
    for finding in report.findings.iter().filter(|finding| finding.state != State::Ok) {
        if let Some(hint) = &finding.hint {
            print_text(format_args!("{}: {hint}", finding.what))?;
        }
    }
    let problems = report.findings.iter().filter(|finding| finding.state == State::Problem).count() as u64;
    if problems == 0 {
        print("No problem found.")
    } else {
        print_text(format_args!("{} found.", counted(problems, "problem")))
    }
}
