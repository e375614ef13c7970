//! `tagmeter search`: finds hashtags by keyword, page by page.

use super::Context;
use crate::cli::Search;
use crate::exit::Failure;
use crate::hashtag_view::HashtagView;
use crate::measured::{print_notes, tag, total};
use crate::output::{print, print_json, say, table};
use measure::{LIMIT_MAX, Meta, TotalView};
use serde::Serialize;

/// Output of `search --json`.
#[derive(Serialize)]
struct Found {
    keyword: String,
    /// The answer over HTTP, each hashtag with details.
    hashtags: Vec<HashtagView>,
    meta: Meta,
    /// True if more match.
    has_more: bool,
}

pub(super) async fn run(command: Search, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?;
    measure.catalog().bring_search_up().await?;
    let mut query = command.query;
    let (mut hashtags, mut left, mut has_more) = (Vec::new(), command.limit, true);
    while left > 0 && has_more {
        query.limit = left.min(LIMIT_MAX);
        let (page, next) = measure.matching(&query).await?;
        left = left.saturating_sub(u32::try_from(page.len()).unwrap_or(u32::MAX));
        hashtags.extend(page);
        (query.after, has_more) = (next, next.is_some());
    }
    let meta = query.meta(&hashtags);
    let hashtags = hashtags.iter().map(HashtagView::from).collect();
    let found = Found { keyword: query.query, hashtags, meta, has_more };
    if command.output.json { print_json(&found) } else { show(&found) }
}

fn show(found: &Found) -> Result<(), Failure> {
    if found.hashtags.is_empty() {
        say(format_args!("No hashtag matches {:?}.", found.keyword));
        return Ok(());
    }
    let basis = |of: &TotalView| of.basis.unwrap_or_default().to_owned();
    let rows = found.hashtags.iter().map(|HashtagView { record, .. }| {
        vec![
            tag(&record.name),
            record.id.clone().or_else(|| record.assigned_id.clone()).unwrap_or_default(),
            total(&record.views),
            basis(&record.views),
            total(&record.creators),
            basis(&record.creators),
        ]
    });
    print(table(&["hashtag", "id", ">views", "", ">creators", ""], rows))?;
    print_notes(&found.meta);
    if found.has_more {
        say("There are more: --limit shows them.");
    }
    Ok(())
}
