//! Web discover lists: cards of users (type 2), hashtags (type 3) and music (type 4). Only hashtags are read.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::lenient::{Maybe, Text};
use crate::json::number::Number;
use crate::reading::{Reading, Refusal};
use domain::observation::{HashtagCounts, HashtagDetails, HashtagObservation, TagRef};
use domain::{Source, Tag};
use serde::Deserialize;

/// Card type of hashtags.
const HASHTAG: i64 = 3;

pub(crate) static FORMAT: Format = Format {
    source: Source::Discover,
    shape: "`{body:[{exploreList:[{cardItem}]}]}`",
    made_by: "web captures of node/share/discover",
    kind: Kind::Json(Json {
        all: &["type", "title", "extraInfo"],
        any: &["link", "cover", "subTitle"],
        none: &[],
        within: &["body", "exploreList", "cardItem"],
        read,
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Card<'a> {
    #[serde(rename = "type")]
    kind: Number,
    id: Id<'a>,
    title: Text<'a>,
    sub_title: Number,
    description: Text<'a>,
    cover: Text<'a>,
    extra_info: Option<Maybe<ExtraInfo<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ExtraInfo<'a> {
    challenge_id: Id<'a>,
    challenge_name: Text<'a>,
    views: Number,
}

fn read(raw: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let card: Card<'_> = serde_json::from_str(raw)?;
    let Some(extra) = &card.extra_info else { return Err(Refusal::Shape) };
    if card.kind.int() != Some(HASHTAG) {
        return Ok(());
    }
    let name = if extra.challenge_name.is_empty() { &card.title } else { &extra.challenge_name };
    let tag = Tag::new(name).map_err(|why| format!("extraInfo.challengeName: {why}"))?;
    reading.hashtag(HashtagObservation {
        tag: TagRef { tag, id: extra.challenge_id.hashtag().or(card.id.hashtag()) },
        source: Source::Discover,
        observed_at: reading.observed_at,
        counts: HashtagCounts {
            views: extra.views.or(card.sub_title).web("extraInfo.views")?,
            ..HashtagCounts::default()
        },
        details: HashtagDetails {
            description: Some(card.description.clean()).filter(|text| !text.is_empty()),
            cover: Some(card.cover.clean()).filter(|url| !url.is_empty()),
            ..HashtagDetails::default()
        },
    });
    Ok(())
}
