//! `tagmeter forget`: forgets videos and creators for good, by ids, handles or TikTok's compliance lists.

use super::Context;
use crate::cli::forget::Forget;
use crate::exit::Failure;
use crate::output::{counted, counted_as, grouped, print_json, print_text, say};
use crate::progress::Bar;
use catalog::forget::{ForgetOrder, ForgetReport};
use domain::compliance::gone;
use domain::{Handle, VideoId};
use serde::Serialize;
use server::remove_stored_downloads;
use sources::id_list::{IdListError, handle, read_handles, read_videos};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Output of `forget --json`.
#[derive(Serialize)]
struct Forgot {
    /// True if it was done, `false` if these are what would be forgotten.
    done: bool,
    /// Videos named, and those of named creators.
    asked: u64,
    /// Stored videos among these.
    videos: u64,
    /// Readings of the stored videos.
    snapshots: u64,
    /// Creators named.
    creators: u64,
    /// Named creators of whom nothing was stored.
    creators_unknown: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
}

/// Other data that was deleted or changed.
#[derive(Serialize)]
struct Rest {
    /// Hashtags of the videos.
    hashtags: u64,
    /// Handles of creators without remaining videos.
    handles: u64,
    /// Stored answers that named any of it.
    answers: u64,
    /// Stored reports of shares from which entries were removed.
    shares: u64,
    /// Large answers in files of this node.
    downloads: u64,
    /// True if the write-ahead logs are empty; `null` on PostgreSQL.
    logs_empty: Option<bool>,
}

/// Output of `forget --allow-again --json`.
#[derive(Serialize)]
struct Allowed {
    /// Videos and creators that had been forgotten.
    allowed: u64,
}

pub(super) async fn run(command: Forget, context: &Context) -> Result<(), Failure> {
    let order = order(&command)?;
    let measure = context.open_existing_measure().await?;
    if command.allow_again {
        let allowed = measure.catalog().allow_again(&order).await?;
        return match command.output.json {
            true => print_json(&Allowed { allowed }),
            false => print_text(format_args!(
                "{} may be imported again.",
                counted_as(allowed, ("video or creator", "videos and creators"))
            )),
        };
    }
    let bar = Bar::new();
    let progress = |more, total| bar.forgotten(more, total);
    if !command.yes {
        let report = measure.catalog().would_forget(order, &progress).await?;
        bar.finish();
        Forgot::new(&report, None).show(command.output.json)?;
        if command.dry_run {
            return Ok(());
        }
        return Err(Failure::new("nothing was forgotten").hint("--yes forgets it for good"));
    }
    let report = measure.catalog().forget(order, &progress).await;
    bar.finish();
    let report = report?;
    let folder = context.settings.downloads.folder(&context.settings.data_dir.value);
    let downloads = remove_stored_downloads(&folder).map_err(|why| {
        Failure::new(format_args!("large answers in {} cannot be removed: {why}", folder.display()))
            .hint("run the same command again")
    })?;
    let rest = Rest {
        hashtags: report.hashtags,
        handles: report.handles,
        answers: report.answers,
        shares: report.shares,
        downloads,
        logs_empty: report.wiped.are_logs_empty,
    };
    Forgot::new(&report, Some(rest)).show(command.output.json)
}

/// Reads what the command line names. Every list is read to its end before anything is deleted.
fn order(command: &Forget) -> Result<ForgetOrder, Failure> {
    let mut order = ForgetOrder { is_rewritten: command.rewrite, ..ForgetOrder::default() };
    for text in &command.creators {
        let handle = text.strip_prefix('@').and_then(handle);
        order.handles.insert(handle.ok_or_else(|| {
            Failure::usage(format_args!("{text:?} is no handle with @"))
                .hint("creators are named as @user, lists of videos by --ids FILE")
        })?);
    }
    if let Some(path) = &command.handles {
        listed(path, |input| {
            read_handles(input, &mut |handle: Handle| {
                order.handles.insert(handle);
            })
        })?;
    }
    if let Some(path) = &command.ids {
        order.videos = videos(path)?;
    }
    if let (Some(asked), Some(valid)) = (&command.asked, &command.valid) {
        let gone = gone(&videos(asked)?, &videos(valid)?, command.complete).map_err(|why| {
            let refused = Failure::refused(format_args!("{}: {why}", valid.display()));
            match why.is_doubt() {
                true => refused
                    .hint("download the list again; --complete accepts it if it is known to be complete"),
                false => refused.hint("download the list again"),
            }
        })?;
        order.videos.extend(gone);
    }
    Ok(order)
}

fn videos(path: &Path) -> Result<Vec<VideoId>, Failure> {
    let mut videos = Vec::new();
    listed(path, |input| read_videos(input, &mut |id| videos.push(id)))?;
    Ok(videos)
}

/// Reads a list; - is standard input.
fn listed(path: &Path, read: impl FnOnce(Box<dyn Read>) -> Result<(), IdListError>) -> Result<(), Failure> {
    let failed = |why: IdListError| {
        let message = format!("{}: {why}", path.display());
        match why {
            IdListError::Html | IdListError::ErrorAnswer(_) => {
                Failure::refused(message).hint("download the list again")
            }
            _ => Failure::usage(message).hint("nothing was changed"),
        }
    };
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|why| failed(why.into()))?)
    };
    read(input).map_err(failed)
}

impl Forgot {
    fn new(report: &ForgetReport, rest: Option<Rest>) -> Self {
        Self {
            done: rest.is_some(),
            asked: report.asked,
            videos: report.videos,
            snapshots: report.snapshots,
            creators: report.creators,
            creators_unknown: report.creators_unknown,
            rest,
        }
    }

    fn show(&self, is_json: bool) -> Result<(), Failure> {
        if is_json {
            return print_json(self);
        }
        let verb = if self.done { "Forgot" } else { "Would forget" };
        print_text(format_args!(
            "{verb} {} of {} named or by a named creator, with {}.",
            counted(self.videos, "stored video"),
            grouped(self.asked),
            counted(self.snapshots, "reading")
        ))?;
        if self.creators > 0 {
            print_text(format_args!(
                "{}, {} without stored data.",
                counted(self.creators, "creator"),
                grouped(self.creators_unknown)
            ))?;
        }
        let Some(rest) = &self.rest else { return Ok(()) };
        print_text(format_args!(
            "Also deleted: {}, {}, {}. {} and {} changed.",
            counted(rest.handles, "handle"),
            counted(rest.answers, "stored answer"),
            counted(rest.downloads, "download"),
            counted(rest.hashtags, "hashtag"),
            counted(rest.shares, "shared report")
        ))?;
        if rest.logs_empty == Some(false) {
            say(
                "warning: another process reads an older snapshot, so a write-ahead log still contains some of it",
            );
            say("hint: run the same command again, or stop the other process");
        }
        Ok(())
    }
}
