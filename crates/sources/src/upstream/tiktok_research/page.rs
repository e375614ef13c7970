//! Parses the page in an answer.

use super::super::{PageRejects, UpstreamError};
use super::{VideosRequest, WindowPage};
use crate::files::research_api::read_video;
use crate::json::lenient::{Flag, Text};
use crate::json::number::Number;
use crate::reading::{Reading, RecordOutput, SeenDescriptions};
use domain::{Observation, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Most records of a plausible page.
const RECORDS_MAX: usize = 1_000;
/// Longest plausible search id, in bytes.
const SEARCH_ID_BYTES_MAX: usize = 128;

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Data<'a> {
    videos: Option<&'a RawValue>,
    cursor: Number,
    has_more: Flag,
    search_id: Text<'a>,
}

pub(super) fn read(
    data: &str,
    request: &VideosRequest<'_>,
    at: Timestamp,
) -> Result<WindowPage, UpstreamError> {
    let malformed = |reason: String| UpstreamError::Malformed { reason };
    let data: Data<'_> = serde_json::from_str(data).map_err(|error| malformed(error.to_string()))?;
    let has_more = data.has_more.is_set();
    // The list may be absent if nothing was found.
    let records: Vec<&RawValue> = match data.videos {
        Some(list) => {
            serde_json::from_str(list.get()).map_err(|_| malformed("videos is no list".to_owned()))?
        }
        None => Vec::new(),
    };
    if records.len() > RECORDS_MAX {
        return Err(malformed(format!("a page of more than {RECORDS_MAX} records")));
    }
    if data.search_id.len() > SEARCH_ID_BYTES_MAX {
        return Err(malformed("search_id is too long to be one".to_owned()));
    }
    let cursor = match data.cursor.whole() {
        Some(cursor) if has_more && cursor <= request.cursor => {
            return Err(malformed(format!(
                "has_more is true and cursor does not move on from {}",
                request.cursor
            )));
        }
        Some(cursor) => cursor.max(request.cursor),
        None if has_more => return Err(malformed("has_more is true and cursor is no number".to_owned())),
        None => request.cursor,
    };
    let mut page = WindowPage {
        videos: Vec::with_capacity(records.len()),
        hashtags: Vec::new(),
        rejects: PageRejects::default(),
        cursor,
        has_more,
        search_id: Some(data.search_id.clean()).filter(|id| !id.is_empty()),
        positions: cursor - request.cursor,
        left_out: Vec::new(),
    };
    let mut seen = SeenDescriptions::default();
    for (number, raw) in (1..).zip(records) {
        if let Err(reason) = add(raw.get(), request, at, &mut seen, &mut page) {
            page.rejects.add(number, &reason);
        }
    }
    Ok(page)
}

/// Adds the observations of a record. A video that does not carry the hashtag is rejected.
fn add(
    raw: &str,
    request: &VideosRequest<'_>,
    at: Timestamp,
    seen: &mut SeenDescriptions,
    page: &mut WindowPage,
) -> Result<(), String> {
    let (mut found, before) = (Vec::new(), page.videos.len());
    let mut reading =
        Reading { observed_at: Some(at), source: None, is_listed: true, seen, found: &mut found };
    read_video(raw, &mut reading).map_err(|why| why.to_string())?;
    for found in found {
        match found {
            RecordOutput::Observation(Observation::Video(video)) => {
                if video.tags.iter().any(|tag| tag.tag.key() == request.tag.key()) {
                    page.videos.push(*video);
                }
            }
            RecordOutput::Observation(Observation::Hashtag(hashtag)) => page.hashtags.push(*hashtag),
            // It has no period sums.
            RecordOutput::Observation(Observation::Window(_) | Observation::Removed(_))
            | RecordOutput::Refused { .. }
            | RecordOutput::Foreign { .. }
            | RecordOutput::Note { .. } => {}
        }
    }
    if page.videos.len() == before {
        return Err(format!("the video does not carry #{}", request.tag.name()));
    }
    Ok(())
}
