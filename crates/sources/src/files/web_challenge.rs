//! Web challenge detail: a hashtag's own record with its totals, `challengeInfo{challenge,stats,statsV2}` or its
//! content.

use super::format::{Format, Json, Kind};
use crate::json::id::Id;
use crate::json::lenient::{Flag, Maybe, Text, first_non_empty};
use crate::json::number::Number;
use crate::reading::{Reading, Refusal};
use domain::observation::{HashtagCounts, HashtagDetails, HashtagObservation, TagRef};
use domain::{Source, Tag};
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format {
    source: Source::WebChallenge,
    shape: "`{challengeInfo:{challenge,stats,statsV2}}` or `{challenge,stats}`, also in saved pages",
    made_by: "web captures",
    kind: Kind::Json(Json {
        all: &["challenge"],
        any: &["stats", "statsV2"],
        none: &[],
        within: &["challengeInfo", "__DEFAULT_SCOPE__", "webapp.challenge-detail", "ChallengePage"],
        read: |raw, reading| read(raw, Source::WebChallenge, reading),
    }),
};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Record<'a> {
    challenge: Maybe<Challenge<'a>>,
    stats: Maybe<Stats>,
    #[serde(rename = "statsV2")]
    stats_v2: Maybe<Stats>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Challenge<'a> {
    id: Id<'a>,
    title: Text<'a>,
    desc: Text<'a>,
    is_commerce: Flag,
    cover_larger: Text<'a>,
    cover_medium: Text<'a>,
    profile_larger: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Stats {
    view_count: Number,
    video_count: Number,
    user_count: Number,
}

/// Parses `{challenge,stats,statsV2}`, which the web search has too.
pub(crate) fn read(raw: &str, source: Source, reading: &mut Reading<'_>) -> Result<(), Refusal> {
    let record: Record<'_> = serde_json::from_str(raw)?;
    let challenge = &record.challenge;
    let tag = Tag::new(&challenge.title).map_err(|why| format!("challenge.title: {why}"))?;
    let reported = |of: fn(&Stats) -> Number| of(&record.stats_v2).or(of(&record.stats));
    let (views, videos, creators) =
        (reported(|s| s.view_count), reported(|s| s.video_count), reported(|s| s.user_count));
    // The web never reports the number of creators and sends 0; a hashtag with views has some.
    let is_used = views.whole().unwrap_or(0) > 0 || videos.whole().unwrap_or(0) > 0;
    reading.hashtag(HashtagObservation {
        tag: TagRef { tag, id: challenge.id.hashtag() },
        source,
        observed_at: reading.observed_at,
        counts: HashtagCounts {
            views: views.unless_zero(videos.whole().unwrap_or(0) == 0).web("stats.viewCount")?,
            videos: videos.unless_zero(views.whole().unwrap_or(0) == 0).web("stats.videoCount")?,
            creators: creators.unless_zero(!is_used).web("stats.userCount")?,
        },
        details: HashtagDetails {
            description: Some(challenge.desc.clean()).filter(|text| !text.is_empty()),
            is_commerce: challenge.is_commerce.0,
            cover: Some(first_non_empty(&[
                &challenge.cover_larger,
                &challenge.cover_medium,
                &challenge.profile_larger,
            ]))
            .filter(|url| !url.is_empty()),
            ..HashtagDetails::default()
        },
    });
    Ok(())
}
