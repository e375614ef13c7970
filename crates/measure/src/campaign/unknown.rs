//! Limits of what a campaign's numbers can say, in sentences.

use super::gathered::Gathered;
use super::view::{CampaignHashtagView, ParticipationView};
use crate::view::{CaveatView, grouped};
use domain::campaign::CampaignPlan;

/// Hashtags of which fewer than this part of the reported videos is stored are named.
const PART_MIN: f64 = 0.95;

/// Returns what cannot be known of a campaign.
pub(super) fn unknown(
    gathered: &Gathered,
    plan: &CampaignPlan,
    hashtags: &[CampaignHashtagView],
    participation: Option<&ParticipationView>,
) -> Vec<CaveatView> {
    let mut list = Vec::new();
    let mut say = |code, text: String| list.push(CaveatView { code, text });
    for hashtag in hashtags {
        if let Some(why) = &hashtag.no_increment
            && why.code != "not_begun"
        {
            say(why.code, why.text.clone());
        }
        of_hashtag(hashtag, &mut say);
    }
    if gathered.until.is_none() {
        say("not_begun", "The campaign has not begun: only its baseline is known.".to_owned());
    }
    if let Some(seen) = participation {
        of_videos(seen, &mut say);
    }
    let own = plan.own().len();
    if own > 1 {
        let text = format!(
            "Reported views of the {own} own hashtags are added up: a video under two of them counts for both, and how many \
             there are is known of the stored videos alone."
        );
        say("counted_twice", text);
    }
    if !gathered.rivals().any(|rival| rival.stored.is_some()) {
        let text = "Without a competitor's hashtag nothing shows whether all of TikTok grew meanwhile.";
        say("no_control", text.to_owned());
    }
    say(
        "older_videos",
        "Reported views grow by views of older videos under the hashtag, too, and by paid views: TikTok states the sum."
            .to_owned(),
    );
    say("cause", "Growth beyond the trend before is no proof of its cause.".to_owned());
    say("people", "Views are plays, and nobody knows of how many people.".to_owned());
    say(
        "language",
        "The language of a video is not stored: the filter goes by hashtags and creators.".to_owned(),
    );
    list
}

fn of_hashtag(hashtag: &CampaignHashtagView, say: &mut impl FnMut(&'static str, String)) {
    let name = &hashtag.name;
    let Some(record) = &hashtag.record else { return };
    if let Some(reported) = record.videos.value.filter(|_| record.videos.basis == Some("reported")) {
        let stored = record.observed.videos;
        if part(stored, reported).is_some_and(|part| part < PART_MIN) {
            let text = format!(
                "Of about {} reported videos under #{name}, {} are stored: videos, creators and shares are of these.",
                grouped(reported),
                grouped(stored)
            );
            say("partial_sample", text);
        }
    }
    if let Some(gain) = hashtag.views_gained.as_ref().filter(|gain| gain.step > 1) {
        let text = format!(
            "Views of #{name} are rounded to {}: a growth below that cannot be seen.",
            grouped(gain.step)
        );
        say("rounded", text);
    }
    if !hashtag.gaps.is_empty() {
        let longest = hashtag.gaps.iter().map(|gap| gap.days).fold(0.0, f64::max);
        let text = format!(
            "#{name} has {} of more than two days without a reading, the longest of {longest:.1} days: growth within is known \
             as a sum.",
            times(hashtag.gaps.len())
        );
        say("gaps", text);
    }
}

fn of_videos(seen: &ParticipationView, say: &mut impl FnMut(&'static str, String)) {
    if seen.videos_without_time > 0 {
        let text = format!(
            "{} stored videos have no time of posting, and may be of the campaign.",
            grouped(seen.videos_without_time)
        );
        say("videos_without_time", text);
    }
    if seen.videos_without_creator > 0 {
        let text = format!("The creators of {} videos are unknown.", grouped(seen.videos_without_creator));
        say("videos_without_creator", text);
    }
    if seen.videos > 0 {
        let text = "A creator is new if no earlier video of theirs under the own hashtags is stored: an earlier one may exist.";
        say("new_creators", text.to_owned());
    }
}

fn times(number: usize) -> String {
    if number == 1 { "1 time".to_owned() } else { format!("{number} times") }
}

/// Returns a part of a whole; `None` of nothing.
pub(super) fn part(part: u64, whole: u64) -> Option<f64> {
    crate::creators::share(part, whole)
}
