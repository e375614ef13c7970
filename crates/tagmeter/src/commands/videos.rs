//! `tagmeter videos`: walks the videos under a hashtag, most plays first.

use super::{Context, hashtag_of};
use crate::cli::Videos;
use crate::exit::Failure;
use crate::hashtag_view::HashtagView;
use crate::output::{grouped, print, print_json, say, shortened, table};
use catalog::{HashtagRef, WalkPage, WalkRequest};
use domain::{Hashtag, Timestamp, WalkCursor};
use measure::Measure;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Videos of a page, the largest of the contract.
const VIDEOS_PER_PAGE: u32 = 35;

/// Output of `videos --json`.
#[derive(Serialize)]
struct Walked {
    hashtag: HashtagView,
    /// Video objects as the contract has them.
    videos: Vec<Box<RawValue>>,
    /// Videos stored under the hashtag.
    held: u64,
    /// True if more are stored.
    has_more: bool,
}

pub(super) async fn run(command: Videos, context: &Context) -> Result<(), Failure> {
    let measure = context.open_existing_measure().await?;
    let hashtag = hashtag_of(&measure, &command.hashtag).await?;
    let limit = if command.limit == 0 { u64::MAX } else { command.limit };
    let mut walked =
        Walked { hashtag: HashtagView::from(&hashtag), videos: Vec::new(), held: 0, has_more: true };
    let mut cursor = WalkCursor::START;
    while walked.has_more && (walked.videos.len() as u64) < limit {
        let left = limit - walked.videos.len() as u64;
        let count = u32::try_from(left).unwrap_or(u32::MAX).min(VIDEOS_PER_PAGE);
        let page = page(&measure, &hashtag, cursor, count).await?;
        for video in &page.videos {
            walked.videos.push(read(video)?);
        }
        (cursor, walked.has_more, walked.held) = (page.cursor, page.has_more, page.stored);
    }
    if command.output.json { print_json(&walked) } else { show(&walked) }
}

async fn page(
    measure: &Measure,
    hashtag: &Hashtag,
    cursor: WalkCursor,
    count: u32,
) -> Result<WalkPage, Failure> {
    let reference = HashtagRef::Key(hashtag.tag.key().clone());
    let page = measure.catalog().walk(&reference, WalkRequest { cursor, count, region: None }).await?;
    page.ok_or_else(|| Failure::not_found(format_args!("#{} no longer exists", hashtag.tag.name())))
}

fn read<'a, T: Deserialize<'a>>(video: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(video)
        .map_err(|cause| Failure::new(format_args!("a stored video is not JSON: {cause}")))
}

/// Columns of a video.
#[derive(Deserialize)]
struct Row {
    video_id: String,
    title: String,
    play_count: u64,
    digg_count: u64,
    comment_count: u64,
    share_count: u64,
    create_time: i64,
    author: RowAuthor,
}

#[derive(Deserialize)]
struct RowAuthor {
    unique_id: String,
}

fn show(walked: &Walked) -> Result<(), Failure> {
    if walked.videos.is_empty() {
        say(format_args!("No videos are stored under #{}.", walked.hashtag.record.name));
        return Ok(());
    }
    let mut rows = Vec::with_capacity(walked.videos.len());
    for video in &walked.videos {
        let row: Row = read(video.get().as_bytes())?;
        rows.push(vec![
            row.video_id,
            count(row.play_count),
            count(row.digg_count),
            count(row.comment_count),
            count(row.share_count),
            day(row.create_time),
            format!("@{}", row.author.unique_id),
            shortened(&row.title, 48),
        ]);
    }
    print(table(&["video", ">plays", ">likes", ">comments", ">shares", "posted", "author", "title"], rows))?;
    say(format_args!(
        "{} of the {} stored under #{}; - is 0 or unknown.",
        grouped(walked.videos.len() as u64),
        grouped(walked.held),
        walked.hashtag.record.name
    ));
    Ok(())
}

/// Formats a count; 0 as `-`, since the contract writes an unknown count as 0.
fn count(number: u64) -> String {
    if number == 0 { "-".to_owned() } else { grouped(number) }
}

fn day(seconds: i64) -> String {
    if seconds == 0 {
        return "-".to_owned();
    }
    Timestamp::from_ms(seconds.saturating_mul(1000)).to_rfc3339().chars().take(10).collect()
}
