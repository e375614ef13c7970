//! Mobile challenge detail: a hashtag's own record as the app's API sends it. Its totals are exact.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::lenient::{Flag, Text};
use crate::json::number::Number;
use crate::reading::{Reading, Refusal};
use domain::observation::{HashtagCounts, HashtagDetails, HashtagObservation, TagRef};
use domain::{Source, Tag};
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) static FORMAT: Format = Format {
    source: Source::MobileChallenge,
    shape: "`{ch_info}`, `{data:{ch_info}}`",
    made_by: "mobile captures, EnsembleData, TikHub and other vendors",
    kind: Kind::Json(Json {
        all: &["cid", "cha_name"],
        any: &["view_count", "user_count"],
        none: &[],
        within: &["ch_info", "challenge_list", "challenge_info", "data"],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Record<'a> {
    cid: Id<'a>,
    /// Only the contract's record has it.
    id: Option<IgnoredAny>,
    cha_name: Text<'a>,
    desc: Text<'a>,
    view_count: Number,
    user_count: Number,
    is_pgcshow: Flag,
    is_commerce: Flag,
    is_challenge: Flag,
    is_strong_music: Flag,
    #[serde(rename = "type")]
    kind: Number,
    hashtag_profile: Text<'a>,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let record: Record<'_> = serde_json::from_str(raw)?;
    if record.cid.is_none() && record.id.is_some() {
        return Err(Refusal::Shape);
    }
    let tag = Tag::new(&record.cha_name).map_err(|why| format!("cha_name: {why}"))?;
    // A record of zeros is a placeholder from a video's `cha_list`, exported alone.
    let (views, creators) = (record.view_count, record.user_count);
    let is_used = |number: Number| number.whole().unwrap_or(0) > 0;
    let has_counts = is_used(views) && is_used(creators);
    reading.hashtag(HashtagObservation {
        tag: TagRef { tag, id: record.cid.hashtag() },
        source: Source::MobileChallenge,
        observed_at: reading.observed_at,
        counts: HashtagCounts {
            views: views.unless_zero(has_counts).exact("view_count")?,
            creators: creators.unless_zero(has_counts).exact("user_count")?,
            videos: None,
        },
        details: HashtagDetails {
            description: Some(record.desc.clean()).filter(|text| !text.is_empty()),
            is_pgcshow: record.is_pgcshow.0,
            is_commerce: record.is_commerce.0,
            is_challenge: record.is_challenge.0,
            is_strong_music: record.is_strong_music.0,
            kind: record.kind.int(),
            cover: Some(record.hashtag_profile.clean()).filter(|url| url.starts_with("http")),
        },
    });
    Ok(())
}
