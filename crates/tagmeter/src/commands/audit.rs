//! `tagmeter audit`: recomputes the ledger and reports every broken rule. With `--heal` it also corrects the
//! sums of hashtags that do not match their links.

use super::Context;
use crate::cli::Audit;
use crate::exit::{Exit, Failure};
use crate::output::{counted, grouped, print_json, print_text};
use serde::Serialize;
use store::audit::AuditReport;
use store::sums::{Sums, SumsReport};

/// Output of `audit --json`.
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

/// Output of `audit --heal --json`: the audit, and the corrected sums.
#[derive(Serialize)]
struct HealedView {
    #[serde(flatten)]
    audit: AuditView,
    sums: SumsView,
}

/// Result of checking the sums of hashtags.
#[derive(Serialize)]
struct SumsView {
    hashtags: u64,
    /// Hashtags whose sums were corrected.
    healed: u64,
    /// The first of them.
    changes: Vec<HealedSums>,
}

#[derive(Serialize)]
struct HealedSums {
    hashtag: String,
    before: SumView,
    after: SumView,
}

#[derive(Serialize)]
struct SumView {
    videos: u64,
    /// `null` above 2^53.
    views: Option<u64>,
    creators: u64,
    /// Creators known by handle alone, among these.
    creators_by_handle: u64,
}

impl From<Sums> for SumView {
    fn from(Sums { videos, views, creators, by_handle }: Sums) -> Self {
        Self { videos, views, creators, creators_by_handle: by_handle }
    }
}

impl SumView {
    fn shown(&self) -> String {
        let views = self.views.map_or_else(|| "unknown".to_owned(), grouped);
        let by_handle = match self.creators_by_handle {
            0 => String::new(),
            number => format!(" ({} by handle alone)", grouped(number)),
        };
        format!(
            "{} videos, {views} views, {} creators{by_handle}",
            grouped(self.videos),
            grouped(self.creators)
        )
    }
}

impl SumsView {
    fn new(report: SumsReport) -> Self {
        let changes = report.named.into_iter().map(|off| HealedSums {
            hashtag: off.name,
            before: off.stored.into(),
            after: off.linked.into(),
        });
        Self { hashtags: report.hashtags, healed: report.off, changes: changes.collect() }
    }

    fn show(&self) -> Result<(), Failure> {
        for HealedSums { hashtag, before, after } in &self.changes {
            print_text(format_args!("#{hashtag}: {} -> {}", before.shown(), after.shown()))?;
        }
        if self.healed == 0 {
            let all = counted(self.hashtags, "hashtag");
            return print_text(format_args!("Nothing to heal: the sums of {all} match their videos."));
        }
        print_text(format_args!("Corrected the sums of {}.", counted(self.healed, "hashtag")))
    }
}

pub(super) async fn run(command: Audit, context: &Context) -> Result<Exit, Failure> {
    let store = context.open_existing_store().await?;
    let sums = if command.heal { Some(SumsView::new(store.heal_sums().await?)) } else { None };
    let report = store.audit().await?;
    let exit = if report.ok() { Exit::Done } else { Exit::ProblemFound };
    let audit = AuditView::new(&report);
    match sums {
        Some(sums) if command.output.json => print_json(&HealedView { audit, sums }),
        None if command.output.json => print_json(&audit),
        Some(sums) => sums.show().and_then(|()| audit.show()),
        None => audit.show(),
    }
    .map(|()| exit)
}

impl AuditView {
    pub(super) fn show(&self) -> Result<(), Failure> {
        for problem in &self.problems {
            let account = problem.account_id.as_deref().unwrap_or("ledger");
            print_text(format_args!("{account}: {}", problem.what))?;
        }
        let audited = format!("{}, {}", counted(self.accounts, "account"), grouped(self.entries));
        let entries = if self.entries == 1 { "entry" } else { "entries" };
        let credits = format!(
            "{} credits granted, {} charged, {} in balances",
            grouped(self.credits_granted),
            grouped(self.credits_charged),
            grouped(self.credits_held)
        );
        if self.ok {
            return print_text(format_args!("The ledger is sound: {audited} {entries}, {credits}."));
        }
        let problems = counted(self.problems_count, "problem");
        print_text(format_args!("{problems} in {audited} {entries}, {credits}."))
    }
}
