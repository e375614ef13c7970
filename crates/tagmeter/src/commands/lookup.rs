//! `tagmeter lookup`: shows what is known of a hashtag.

use super::{Context, hashtag_of};
use crate::cli::Lookup;
use crate::exit::Failure;
use crate::hashtag_view::{DetailsView, WindowView, lines};
use crate::measured::outlook;
use crate::output::{print, print_json, print_text};
use measure::{MadeOf, OverviewView};
use serde::Serialize;

/// Maximum number of sums over windows of time that are printed, the newest.
const WINDOWS_MAX: u32 = 100;

/// Output of `lookup --json`: the overview as over HTTP, and details.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    overview: OverviewView,
    #[serde(flatten)]
    details: DetailsView,
    /// Number of stored readings.
    snapshots: u64,
    /// Sums within windows of time, by country, newest first; never part of the totals.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    windows: Vec<WindowView>,
}

pub(super) async fn run(command: Lookup, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?.at(command.as_of, MadeOf::Videos).await?;
    let hashtag = hashtag_of(&measure, &command.hashtag).await?;
    // It is not stored when sums over windows came in.
    let windows = match measure.as_of() {
        Some(_) => Vec::new(),
        None => measure.store().hashtag_windows(hashtag.row, WINDOWS_MAX).await?,
    };
    let shown = Shown {
        overview: measure.overview(&hashtag).await?.data,
        details: DetailsView::of(&hashtag),
        snapshots: measure.readings_count(&hashtag).await?,
        windows: windows.into_iter().map(WindowView::from).collect(),
    };
    if command.output.json {
        return print_json(&shown);
    }
    let Shown { overview, details, snapshots, windows } = &shown;
    print(lines(&overview.record, &details.meta, *snapshots, windows))?;
    overview.outlook.iter().flat_map(outlook::lines).try_for_each(print_text)
}
