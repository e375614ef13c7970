//! `tagmeter audit`: adds the ledger up again and tells every rule that is broken.

use super::Context;
use crate::cli::Json;
use crate::exit::{Exit, Failure};
use crate::output::{counted, grouped, print, print_json};
use serde::Serialize;
use store::audit::AuditReport;

/// What `audit --json` prints.
#[derive(Serialize)]
struct AuditView {
    ok: bool,
    accounts: u64,
    entries: u64,
    charges: u64,
    credits_granted: u64,
    credits_charged: u64,
    credits_held: u64,
    problems_count: u64,
    /// The first problems.
    problems: Vec<ProblemView>,
}

#[derive(Serialize)]
struct ProblemView {
    account_id: Option<String>,
    what: String,
}

impl AuditView {
    fn new(report: &AuditReport) -> Self {
        let problem = |problem: &store::audit::Problem| ProblemView {
            account_id: problem.account.map(|account| account.to_string()),
            what: problem.what.clone(),
        };
        Self {
            ok: report.ok(),
            accounts: report.accounts,
            entries: report.entries,
            charges: report.charges,
            credits_granted: report.credits_granted,
            credits_charged: report.credits_charged,
            credits_held: report.credits_held,
            problems_count: report.problems_count,
            problems: report.problems.iter().map(problem).collect(),
        }
    }
}

pub(super) async fn run(output: Json, context: &Context) -> Result<Exit, Failure> {
    let report = context.open_existing_store().await?.audit().await?;
    let exit = if report.ok() { Exit::Done } else { Exit::ProblemFound };
    let view = AuditView::new(&report);
    if output.json {
        return print_json(&view).map(|()| exit);
    }
    for problem in &view.problems {
        let account = problem.account_id.as_deref().unwrap_or("ledger");
        print(format_args!("{account}: {}", problem.what))?;
    }
    let looked_at = format!("{}, {}", counted(view.accounts, "account"), grouped(view.entries));
    let entries = if view.entries == 1 { "entry" } else { "entries" };
    let credits = format!(
        "{} credits granted, {} charged, {} held",
        grouped(view.credits_granted),
        grouped(view.credits_charged),
        grouped(view.credits_held)
    );
    if view.ok {
        print(format_args!("The ledger is sound: {looked_at} {entries}, {credits}."))?;
    } else {
        print(format_args!(
            "{} in {looked_at} {entries}, {credits}.",
            counted(view.problems_count, "problem")
        ))?;
    }
    Ok(exit)
}
