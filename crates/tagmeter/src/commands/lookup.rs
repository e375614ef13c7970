//! `tagmeter lookup`: one hashtag by name or id.

use super::{Context, hashtag_of};
use crate::cli::Lookup;
use crate::exit::Failure;
use crate::hashtag_view::HashtagView;
use crate::output::{print, print_json};

/// Sums over windows of time that are printed, the newest.
const WINDOWS_MAX: u32 = 100;

pub(super) async fn run(command: Lookup, context: &Context) -> Result<(), Failure> {
    let catalog = context.open_existing_catalog().await?;
    let hashtag = hashtag_of(&catalog, &command.hashtag).await?;
    let snapshots = catalog.store().hashtag_snapshots_count(hashtag.row).await?;
    let windows = catalog.store().hashtag_windows(hashtag.row, WINDOWS_MAX).await?;
    let view = HashtagView::new(&hashtag).with_snapshots(snapshots).with_windows(windows);
    if command.output.json { print_json(&view) } else { print(view.lines()) }
}
