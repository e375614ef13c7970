//! The challenge object: a hashtag in the contract's words, fields in the contract's order.

use super::{not_found, to_json};
use crate::problem::Problem;
use catalog::{Answers, CachedResponse, FreshnessRequirement, HashtagRef};
use domain::Hashtag;
use domain::count::checked_sum;
use domain::hashtag::Total;
use serde::Serialize;
use utoipa::ToSchema;

/// A hashtag, which TikTok calls a challenge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Challenge, example = json!({
    "id": "7551", "cha_name": "cat", "desc": "", "user_count": 67_579_511, "view_count": 1_000_681_687_205_u64,
    "is_pgcshow": false, "is_commerce": false, "is_challenge": true, "is_strong_music": false, "type": 2,
    "cover": "https://p16.example.com/cat.jpeg",
}))]
pub(crate) struct ChallengeObject<'a> {
    /// Challenge id, digits. Where TikTok's is unknown it is an assigned one, from 9100000000000000000 upwards,
    /// which stays valid when TikTok's becomes known.
    id: String,
    /// The tag without `#`, as first spelled.
    cha_name: &'a str,
    /// Description; may be empty.
    desc: &'a str,
    /// Distinct creators who used the tag, on the same basis as `view_count`; 0 where unknown.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_i64)]
    user_count: u64,
    /// Lifetime views of its posts as TikTok reported them. Where neither views nor creators were reported, the sum over the
    /// stored videos. The header `X-Count-Basis` says which; 0 where unknown.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_992_i64)]
    view_count: u64,
    /// Professionally generated or branded programming.
    is_pgcshow: bool,
    /// Tied to a paid campaign.
    is_commerce: bool,
    /// A challenge in TikTok's own sense.
    is_challenge: bool,
    /// Tied to a piece of music.
    is_strong_music: bool,
    /// TikTok's tag type, 1 or 2; 0 where unknown.
    r#type: i64,
    /// URL of the cover; may be empty.
    cover: &'a str,
}

impl<'a> ChallengeObject<'a> {
    /// Describes a hashtag. Unknown flags are false: the contract cannot express "unknown".
    pub(crate) fn new(hashtag: &'a Hashtag) -> Self {
        let (details, counts) = (&hashtag.details, hashtag.on_one_basis());
        Self {
            id: hashtag.public_id().to_string(),
            cha_name: hashtag.tag.name(),
            desc: details.description.as_deref().unwrap_or_default(),
            user_count: total(counts.creators),
            view_count: total(counts.views),
            is_pgcshow: details.is_pgcshow.unwrap_or(false),
            is_commerce: details.is_commerce.unwrap_or(false),
            is_challenge: details.is_challenge.unwrap_or(false),
            is_strong_music: details.is_strong_music.unwrap_or(false),
            r#type: details.kind.unwrap_or(0),
            cover: details.cover.as_deref().unwrap_or_default(),
        }
    }
}

/// Returns a count of the contract, which is never null: 0 if it is unknown or above the largest count.
fn total(total: Option<Total>) -> u64 {
    total.and_then(|total| checked_sum(total.value.into())).unwrap_or(0)
}

/// Answers a look-up.
pub(super) async fn look_up(
    answers: &Answers,
    reference: HashtagRef,
    freshness: FreshnessRequirement,
) -> Result<CachedResponse, Problem> {
    let found = answers.hashtag(&reference, freshness).await?;
    found.ok_or_else(|| not_found(&reference))
}

/// Renders the body of a look-up.
pub(super) fn render(hashtag: &Hashtag) -> Vec<u8> {
    to_json(&ChallengeObject::new(hashtag), 512)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use domain::count::COUNT_MAX;
    use domain::hashtag::{Observed, ReportedTimes};
    use domain::observation::{HashtagCounts, HashtagDetails};
    use domain::{Count, HashtagRow, Tag};
    use proptest::prelude::*;

    pub(crate) fn cat() -> Hashtag {
        Hashtag {
            row: HashtagRow(1),
            id: "7551".parse().ok(),
            assigned_id: None,
            tag: Tag::new("cat").expect("a tag"),
            reported: HashtagCounts {
                views: Count::exact(1_000_681_687_205),
                creators: Count::exact(67_579_511),
                videos: None,
            },
            as_read: domain::hashtag::AsReadCounts::default(),
            reported_times: ReportedTimes::default(),
            observed: Observed::default(),
            details: HashtagDetails {
                is_challenge: Some(true),
                kind: Some(2),
                cover: Some("https://p16.example.com/cat.jpeg".into()),
                ..HashtagDetails::default()
            },
            changed: 1,
        }
    }

    fn text(hashtag: &Hashtag) -> String {
        String::from_utf8(render(hashtag)).expect("UTF-8")
    }

    #[test]
    fn the_example_record_comes_back_field_for_field() {
        insta::assert_snapshot!(text(&cat()));
    }

    #[test]
    fn a_hashtag_nobody_reported_has_observed_counts_and_an_assigned_id() {
        let hashtag = Hashtag {
            id: None,
            tag: Tag::new("\"quoted\" 😺\u{1f}").expect("a tag"),
            reported: HashtagCounts::default(),
            observed: Observed { videos: 2, views: Some(30), creators: 1, ..Observed::default() },
            details: HashtagDetails::default(),
            ..cat()
        };
        insta::assert_snapshot!(text(&hashtag));
    }

    #[test]
    fn the_largest_count_is_shown_as_it_is() {
        let most = Count::exact(COUNT_MAX);
        let reported = HashtagCounts { views: most, creators: most, videos: most };
        let object = ChallengeObject::new(&Hashtag { reported, ..cat() }).view_count;
        assert_eq!(object, 9_007_199_254_740_992);
    }

    proptest! {
        /// Programs that read JSON numbers as doubles must not lose a digit.
        #[test]
        fn no_integer_is_above_what_a_double_holds(views: u64, creators: u64, kind: i32) {
            let hashtag = Hashtag {
                reported: HashtagCounts { views: Count::exact(views), creators: Count::exact(creators), videos: None },
                observed: Observed {
                    videos: u64::MAX,
                    views: Some(u64::MAX),
                    creators: u64::MAX,
                    ..Observed::default()
                },
                details: HashtagDetails { kind: Some(kind.into()), ..HashtagDetails::default() },
                ..cat()
            };
            let object: serde_json::Value = serde_json::from_slice(&render(&hashtag)).expect("JSON");
            for value in object.as_object().expect("an object").values().filter_map(serde_json::Value::as_u64) {
                prop_assert!(value <= COUNT_MAX);
            }
        }
    }
}
