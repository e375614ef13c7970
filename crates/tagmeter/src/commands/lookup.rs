//! `tagmeter lookup`: shows one hashtag by name or id.

use super::{Context, hashtag_of};
use crate::cli::Lookup;
use crate::exit::Failure;
use crate::hashtag_view::HashtagView;
use crate::measured::outlook;
use crate::output::{print, print_json, print_text};
use measure::OutlookView;
use serde::Serialize;

/// Maximum number of sums over windows of time that are printed, the newest.
const WINDOWS_MAX: u32 = 100;

pub(super) async fn run(command: Lookup, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?;
    let hashtag = hashtag_of(&measure, &command.hashtag).await?;
    let snapshots = measure.store().hashtag_snapshots_count(hashtag.row).await?;
    let windows = measure.store().hashtag_windows(hashtag.row, WINDOWS_MAX).await?;
    let view = HashtagView::new(&hashtag).with_snapshots(snapshots).with_windows(windows);
    let outlook = measure.overview(&hashtag).await?.data.outlook;
    if command.output.json {
        return print_json(&Shown { view: &view, outlook: outlook.as_ref() });
    }
    print(view.lines())?;
    outlook.iter().flat_map(outlook::lines).try_for_each(print_text)
}

/// Output of `lookup --json`.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    view: &'a HashtagView,
    /// Outlook on the 7 days after the newest reading; `null` without one.
    outlook: Option<&'a OutlookView>,
}
