//! `tagmeter lookup`: one hashtag by name or id.

use super::{Context, hashtag_of};
use crate::cli::Lookup;
use crate::exit::Failure;
use crate::hashtag_view::HashtagView;
use crate::measured::outlook;
use crate::output::{print, print_json, print_text};
use catalog::measure::OutlookView;
use serde::Serialize;

/// Sums over windows of time that are printed, the newest.
const WINDOWS_MAX: u32 = 100;

pub(super) async fn run(command: Lookup, context: &Context) -> Result<(), Failure> {
    let catalog = context.open_existing_catalog().await?;
    let hashtag = hashtag_of(&catalog, &command.hashtag).await?;
    let snapshots = catalog.store().hashtag_snapshots_count(hashtag.row).await?;
    let windows = catalog.store().hashtag_windows(hashtag.row, WINDOWS_MAX).await?;
    let view = HashtagView::new(&hashtag).with_snapshots(snapshots).with_windows(windows);
    let outlook = catalog.overview(&hashtag).await?.data.outlook;
    if command.output.json {
        return print_json(&Shown { view: &view, outlook: outlook.as_ref() });
    }
    print(view.lines())?;
    outlook.iter().flat_map(outlook::lines).try_for_each(print_text)
}

/// What `lookup --json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    view: &'a HashtagView,
    /// What can be said of the 7 days after the newest reading; `null` without one.
    outlook: Option<&'a OutlookView>,
}
