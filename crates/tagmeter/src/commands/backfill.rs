//! `tagmeter backfill`: fetches past videos of a hashtag from TikTok's Research API, with the user's own key.

use super::Context;
use crate::cli;
use crate::config::{Access, UpstreamSettings};
use crate::exit::{Exit, Failure};
use crate::output::{counted, grouped, print, print_json, print_text, say};
use crate::progress::Bar;
use crate::upstreams;
use catalog::CatalogError;
use catalog::upstream::backfill::{Backfill, BackfillReport};
use domain::caveat::caveat_texts;
use domain::{Clock, Tag, UtcDay};
use measure::CaveatView;
use serde::Serialize;
use sources::upstream::Http;

/// Output of `backfill --json`.
#[derive(Serialize)]
struct Filled {
    /// True if every day was read.
    ok: bool,
    hashtag: String,
    from: String,
    to: String,
    upstream: String,
    windows: u64,
    windows_done: u64,
    windows_before: u64,
    videos: VideosView,
    /// Positions of the index that were passed; those without a video were deleted or not returned.
    positions: u64,
    rejected: u64,
    first_rejects: Vec<RejectView>,
    calls: CallsView,
    is_quota_used_up: bool,
    failed: Vec<FailedView>,
    /// Fields that the API refused, whose values are unknown.
    fields_left_out: Vec<String>,
    caveats: Vec<CaveatView>,
}

#[derive(Serialize)]
struct VideosView {
    records: u64,
    new: u64,
}

#[derive(Serialize)]
struct CallsView {
    made: u64,
    today: u64,
    left_today: Option<u64>,
}

/// A reject, with its window, page and reason.
#[derive(Serialize)]
struct RejectView {
    from: String,
    to: String,
    cursor: u64,
    record: u64,
    reason: String,
}

#[derive(Serialize)]
struct FailedView {
    from: String,
    to: String,
    reason: String,
}

pub(super) async fn run(command: cli::Backfill, context: &Context) -> Result<Exit, Failure> {
    let tag = Tag::of_typed(&command.hashtag)
        .map_err(|why| Failure::usage(format_args!("{:?} is no hashtag: {why}", command.hashtag)))?;
    let now = context.now();
    let (first, last) = (UtcDay::of(command.from.begin(now)), UtcDay::of(command.to.end(now)));
    let upstream = chosen(context, command.upstream.as_deref())?;
    let source = upstreams::research_source(upstream, Http::new().map_err(Failure::new)?)?;
    let store = context.open_store().await?;
    let measure = context.open_measure(store, &context.settings.data_dir.value).await?;
    let today = UtcDay::of(context.clock.now());
    let before = measure.store().upstream_calls(&upstream.name, today).await?;
    let left = |calls: u64| source.allowed.daily_requests.map(|max| max.saturating_sub(before + calls));
    let bar = Bar::new();
    let progress = |report: &BackfillReport| {
        let left = left(report.calls).map(|left| format!(", {} left today", counted(left, "request")));
        let videos = counted(report.videos, "video");
        bar.windows(report.windows_done, report.windows, &format!("{videos}{}", left.unwrap_or_default()));
    };
    let backfill = Backfill { tag, first, last };
    let report = measure.catalog().backfill(&source, &backfill, &progress).await;
    bar.finish();
    let report = report.map_err(|error| refused(error, upstream))?;
    let today = measure.store().upstream_calls(&upstream.name, UtcDay::of(context.clock.now())).await?;
    let left_today = source.allowed.daily_requests.map(|max| max.saturating_sub(today));
    let filled = Filled::new(&backfill, upstream, report, today, left_today);
    if command.output.json {
        print_json(&filled)?;
    } else {
        filled.show()?;
    }
    filled.end()
}

/// Returns the named upstream, or the only one.
fn chosen<'c>(context: &'c Context, name: Option<&str>) -> Result<&'c UpstreamSettings, Failure> {
    let is_research = |upstream: &&UpstreamSettings| matches!(upstream.access, Access::Client { .. });
    let all: Vec<&UpstreamSettings> = context.settings.upstreams.iter().filter(is_research).collect();
    let names = || all.iter().map(|upstream| upstream.name.as_str()).collect::<Vec<_>>().join(", ");
    match (name, all.as_slice()) {
        (_, []) => Err(Failure::usage("no upstream of kind tiktok-research is configured")
            .hint("`tagmeter config` prints an example; put it into tagmeter.toml")),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::usage(format_args!(
            "there are several upstreams of kind tiktok-research: {}",
            names()
        ))
        .hint("--upstream NAME chooses one")),
        (Some(name), all) => all.iter().find(|upstream| upstream.name == name).copied().ok_or_else(|| {
            Failure::usage(format_args!("no upstream of kind tiktok-research is called {name:?}"))
                .hint(format_args!("there are: {}", names()))
        }),
    }
}

fn refused(error: CatalogError, upstream: &UpstreamSettings) -> Failure {
    match error {
        CatalogError::Window(why) => Failure::usage(format_args!("--from and --to: {why}")),
        error @ CatalogError::Research(_) => {
            Failure::new(format_args!("upstream {}: {error}", upstream.name))
                .hint("what was fetched before is stored; `tagmeter doctor` checks the upstream")
        }
        error => error.into(),
    }
}

impl Filled {
    fn new(
        backfill: &Backfill,
        upstream: &UpstreamSettings,
        report: BackfillReport,
        today: u64,
        left_today: Option<u64>,
    ) -> Self {
        let failed = report.failed.into_iter().map(|(window, reason)| FailedView {
            from: window.first().to_string(),
            to: window.last().to_string(),
            reason,
        });
        let first_rejects = report.first_rejects.into_iter().map(|reject| RejectView {
            from: reject.window.first().to_string(),
            to: reject.window.last().to_string(),
            cursor: reject.cursor,
            record: reject.record,
            reason: reject.reason,
        });
        let caveats = caveat_texts(report.caveats.into_iter().collect()).into_iter();
        Self {
            ok: report.windows_done == report.windows,
            hashtag: backfill.tag.name().to_owned(),
            from: backfill.first.to_string(),
            to: backfill.last.to_string(),
            upstream: upstream.name.clone(),
            windows: report.windows,
            windows_done: report.windows_done,
            windows_before: report.windows_before,
            videos: VideosView { records: report.videos, new: report.videos_new },
            positions: report.positions,
            rejected: report.rejects,
            first_rejects: first_rejects.collect(),
            calls: CallsView { made: report.calls, today, left_today },
            is_quota_used_up: report.is_quota_used_up,
            failed: failed.collect(),
            fields_left_out: report.fields_left_out.into_iter().collect(),
            caveats: caveats.map(CaveatView::from).collect(),
        }
    }

    fn show(&self) -> Result<(), Failure> {
        let (videos, new) = (counted(self.videos.records, "video"), grouped(self.videos.new));
        print_text(format_args!(
            "#{} from {} to {}: {videos}, {new} of them new",
            self.hashtag, self.from, self.to
        ))?;
        let before = match self.windows_before {
            0 => String::new(),
            before => format!(", {} of them before", grouped(before)),
        };
        let of = grouped(self.windows);
        print_text(format_args!("{} of {of} windows read{before}", grouped(self.windows_done)))?;
        let missing = self.positions.saturating_sub(self.videos.records + self.rejected);
        if missing > 0 {
            print_text(format_args!(
                "{} in its index were deleted or not returned",
                counted(missing, "more video")
            ))?;
        }
        self.show_rejected()?;
        let left = self.calls.left_today.map(|left| format!(", {} left today", grouped(left)));
        print_text(format_args!("{}{}", counted(self.calls.made, "request"), left.unwrap_or_default()))?;
        print("These are sums of what was returned, not totals of the hashtag:")?;
        for caveat in &self.caveats {
            print_text(format_args!("- {}", caveat.text))?;
        }
        Ok(())
    }

    fn show_rejected(&self) -> Result<(), Failure> {
        if self.rejected == 0 {
            return Ok(());
        }
        print_text(format_args!("Rejected {}:", counted(self.rejected, "record")))?;
        for RejectView { from, to, cursor, record, reason } in &self.first_rejects {
            print_text(format_args!("  {from} to {to}, page at {cursor}, record {record}: {reason}"))?;
        }
        let listed = self.first_rejects.len() as u64;
        if self.rejected > listed {
            print_text(format_args!("  ... and {} more", grouped(self.rejected - listed)))?;
        }
        Ok(())
    }

    /// Reports what is missing on standard error and by the exit code.
    fn end(&self) -> Result<Exit, Failure> {
        if !self.fields_left_out.is_empty() {
            say(format_args!(
                "warning: the API refused some of these fields, so they were left out and are unknown: {}; `fields` of the \
                 upstream chooses others",
                self.fields_left_out.join(", ")
            ));
        }
        for failed in &self.failed {
            say(format_args!("warning: {} to {} cannot be read: {}", failed.from, failed.to, failed.reason));
        }
        if self.is_quota_used_up {
            return Err(Failure::new("the requests of this UTC day are used up")
                .hint("run the same command after midnight UTC: it continues where it ended"));
        }
        if self.ok {
            return Ok(Exit::Done);
        }
        Err(Failure::new(format_args!("{} cannot be read", counted(self.failed.len() as u64, "day")))
            .hint("run the same command later: it fetches only these days"))
    }
}
