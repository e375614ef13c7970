//! `tagmeter search`: finds hashtags by keyword, page by page.

use super::Context;
use crate::cli::Search;
use crate::exit::Failure;
use crate::hashtag_view::HashtagView;
use crate::output::{print, print_json, say, table};
use measure::not_as_read;
use serde::Serialize;

/// Hashtags of a page.
const HASHTAGS_PER_PAGE: u32 = 100;

/// Output of `search --json`.
#[derive(Serialize)]
struct Found {
    keyword: String,
    hashtags: Vec<HashtagView>,
    /// True if more match.
    has_more: bool,
}

pub(super) async fn run(command: Search, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?;
    measure.catalog().bring_search_up().await?;
    let mut found = Found { keyword: command.keyword, hashtags: Vec::new(), has_more: true };
    let (mut offset, mut left) = (0, command.limit);
    while left > 0 && found.has_more {
        let page = measure.catalog().search(&found.keyword, offset, left.min(HASHTAGS_PER_PAGE)).await?;
        found.hashtags.extend(page.hashtags.iter().map(HashtagView::new));
        found.has_more = page.has_more;
        left = left.saturating_sub(u32::try_from(page.hashtags.len()).unwrap_or(u32::MAX));
        offset = page.next_offset;
    }
    if command.output.json {
        return print_json(&found);
    }
    if found.hashtags.is_empty() {
        say(format_args!("No hashtag matches {:?}.", found.keyword));
        return Ok(());
    }
    let rows = found.hashtags.iter().map(|hashtag| {
        vec![
            format!("#{}", hashtag.name),
            hashtag.any_id(),
            hashtag.views.shown(),
            hashtag.views.basis(),
            hashtag.creators.shown(),
            hashtag.creators.basis(),
        ]
    });
    print(table(&["hashtag", "id", ">views", "", ">creators", ""], rows))?;
    if let Some(note) = not_as_read(found.hashtags.iter().flat_map(HashtagView::not_as_read)) {
        say(format_args!("note: {note}"));
    }
    if found.has_more {
        say("There are more: --limit shows them.");
    }
    Ok(())
}
