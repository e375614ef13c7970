//! `tagmeter audit`: adds the ledger up again and tells every rule that is broken.

use super::Context;
use crate::cli::Json;
use crate::exit::{Exit, Failure};
use crate::output::{counted, grouped, print, print_json};
use serde::Serialize;
use store::audit::AuditReport;

/// What `audit --json` prints.
#[derive(Serialize)]
pub(super) struct AuditView {
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
    pub(super) fn new(report: &AuditReport) -> Self {
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
    view.show().map(|()| exit)
}

impl AuditView {
    pub(super) fn show(&self) -> Result<(), Failure> {
        for problem in &self.problems {
            let account = problem.account_id.as_deref().unwrap_or("ledger");
            print(format_args!("{account}: {}", problem.what))?;
        }
        let looked_at = format!("{}, {}", counted(self.accounts, "account"), grouped(self.entries));
        let entries = if self.entries == 1 { "entry" } else { "entries" };
        let credits = format!(
            "{} credits granted, {} charged, {} held",
            grouped(self.credits_granted),
            grouped(self.credits_charged),
            grouped(self.credits_held)
        );
        if self.ok {
            return print(format_args!("The ledger is sound: {looked_at} {entries}, {credits}."));
        }
        let problems = counted(self.problems_count, "problem");
        print(format_args!("{problems} in {looked_at} {entries}, {credits}."))
    }
}
