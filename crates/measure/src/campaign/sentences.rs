//! Sentences made of a campaign's numbers by fixed rules, each with the footnotes on how the numbers are known.

use super::effect::compact;
use super::footnotes::{Footnotes, counted};
use super::view::{
    CampaignGoalView, CampaignHashtagView, CampaignIncrementView, CampaignVoiceView, ParticipationView,
    SentenceView,
};
use crate::OverlapView;
use crate::creators::as_real;
use crate::view::grouped;

/// The numbers that sentences are made of.
pub(super) struct Numbers<'v> {
    pub(super) own: Vec<&'v CampaignHashtagView>,
    pub(super) rivals: Vec<&'v CampaignHashtagView>,
    pub(super) increment: &'v CampaignIncrementView,
    pub(super) participation: Option<&'v ParticipationView>,
    pub(super) voice: Option<&'v CampaignVoiceView>,
    pub(super) overlap: &'v [OverlapView],
    pub(super) goals: &'v [CampaignGoalView],
    pub(super) footnotes: &'v Footnotes,
}

impl Numbers<'_> {
    /// Returns the sentences, the most important first.
    pub(super) fn sentences(&self) -> Vec<SentenceView> {
        let mut list = Vec::new();
        list.extend(self.increment());
        if self.own.len() > 1 {
            list.extend(self.own.iter().filter_map(|hashtag| self.hashtag("hashtag", hashtag)));
        }
        list.extend(self.rivals.iter().filter_map(|hashtag| self.hashtag("controls", hashtag)));
        list.extend(self.controls());
        list.extend(self.participation());
        list.extend(self.concentration());
        list.extend(self.share_of_voice());
        list.extend(self.overlap());
        list.extend(self.goals.iter().map(|goal| self.goal(goal)));
        list
    }

    fn readings_of(&self, hashtags: &[&CampaignHashtagView]) -> Vec<u32> {
        hashtags.iter().flat_map(|hashtag| self.footnotes.readings(&hashtag.name)).collect()
    }

    fn increment(&self) -> Option<SentenceView> {
        let sum = self.increment.together.as_ref()?;
        let known: Vec<&CampaignHashtagView> =
            self.own.iter().copied().filter(|hashtag| hashtag.increment.is_some()).collect();
        let names = named(&known);
        let part = if sum.hashtags < sum.of_hashtags {
            format!(" ({} of {} own hashtags)", sum.hashtags, sum.of_hashtags)
        } else {
            String::new()
        };
        let sentence = format!(
            "{names}{part} gained {} views{}, {}.",
            compact(as_real(sum.gained)),
            times(sum.ratio),
            beyond(sum.value, sum.low, sum.high, sum.clear)
        );
        Some(SentenceView { about: "increment", sentence, footnotes: self.readings_of(&known) })
    }

    fn hashtag(&self, about: &'static str, hashtag: &CampaignHashtagView) -> Option<SentenceView> {
        let found = hashtag.increment.as_ref()?;
        let sentence = format!(
            "#{} gained {} views in {:.1} days{}, {}.",
            hashtag.name,
            compact(as_real(found.gained)),
            found.days,
            times(found.ratio),
            beyond(found.value, found.low, found.high, found.clear)
        );
        Some(SentenceView { about, sentence, footnotes: self.footnotes.readings(&hashtag.name) })
    }

    fn controls(&self) -> Option<SentenceView> {
        let controls = self.increment.controls.as_ref()?;
        let value = controls.value_against?;
        let sentence = format!(
            "Competitors' hashtags gained {:.2} times what their trends had expected; against that, the own ones gained {} \
             views {}.",
            controls.ratio?,
            compact(as_real(value.unsigned_abs())),
            if value < 0 { "less" } else { "more" }
        );
        let all: Vec<&CampaignHashtagView> = self.own.iter().chain(&self.rivals).copied().collect();
        let known: Vec<&CampaignHashtagView> =
            all.into_iter().filter(|hashtag| hashtag.increment.is_some()).collect();
        Some(SentenceView { about: "controls", sentence, footnotes: self.readings_of(&known) })
    }

    fn participation(&self) -> Option<SentenceView> {
        let seen = self.participation?;
        let sentence = if seen.videos == 0 {
            "No stored video under the own hashtags was posted in the campaign's time.".to_owned()
        } else {
            format!(
                "Stored under the own hashtags: {} of {}, {} of them new.",
                counted(seen.videos, "video"),
                counted(seen.creators, "creator"),
                seen.new_creators
            )
        };
        Some(SentenceView { about: "participation", sentence, footnotes: self.footnotes.videos() })
    }

    fn concentration(&self) -> Option<SentenceView> {
        let seen = self.participation?;
        let video = seen.top_videos.first()?.plays_share?;
        let creator = seen.top_creators.first()?.plays_share?;
        let tenth = match &seen.concentration {
            Some(spread) => format!("; the tenth with the most has {}", percent(spread.top_decile_share)),
            None => String::new(),
        };
        let sentence = format!(
            "{} of the plays are of one video, and {} of one creator{tenth}.",
            percent(video),
            percent(creator)
        );
        Some(SentenceView { about: "concentration", sentence, footnotes: self.footnotes.videos() })
    }

    fn share_of_voice(&self) -> Option<SentenceView> {
        let voice = self.voice?;
        let of = |base: &str, basis: &str| {
            voice.bases.iter().find(|one| one.base == base && one.basis == basis)?.own
        };
        let reported = of("views", "reported");
        let videos = of("videos", "observed");
        let mut parts = Vec::new();
        parts.extend(reported.map(|share| format!("{} of the reported growth of views", percent(share))));
        parts.extend(videos.map(|share| format!("{} of the stored videos", percent(share))));
        if parts.is_empty() {
            return None;
        }
        let sentence =
            format!("Against {}, the own hashtags have {}.", named(&self.rivals), parts.join(" and "));
        let mut footnotes = Vec::new();
        if reported.is_some() {
            footnotes.extend(self.readings_of(&self.own));
            footnotes.extend(self.readings_of(&self.rivals));
        }
        footnotes.extend(self.footnotes.videos().into_iter().filter(|_| videos.is_some()));
        Some(SentenceView { about: "share_of_voice", sentence, footnotes })
    }

    fn overlap(&self) -> Option<SentenceView> {
        let shared = self.overlap.iter().filter(|pair| pair.videos.is_some_and(|videos| videos > 0));
        let pair = shared.max_by_key(|pair| pair.videos)?;
        let sentence = format!(
            "{} both #{} and #{}: {} of the first one's and {} of the second one's.",
            match pair.videos? {
                1 => "1 stored video has".to_owned(),
                videos => format!("{} stored videos have", grouped(videos)),
            },
            pair.a,
            pair.b,
            percent(pair.share_of_a?),
            percent(pair.share_of_b?)
        );
        Some(SentenceView { about: "overlap", sentence, footnotes: self.footnotes.videos() })
    }

    fn goal(&self, goal: &CampaignGoalView) -> SentenceView {
        let state = match goal.state {
            "reached" => "reached",
            "on_track" => "on track",
            "behind" => "behind",
            "missed" => "missed",
            "no_end" => "without an end there is no pace",
            _ => "not known yet",
        };
        let sentence = match goal.value.zip(goal.share) {
            Some((value, share)) => format!(
                "Goal of {} {}: {} ({}), {state}.",
                grouped(goal.target),
                goal.goal,
                grouped(value),
                percent(share)
            ),
            None => format!("Goal of {} {}: {state}.", grouped(goal.target), goal.goal),
        };
        let footnotes = match goal.basis {
            "reported" => self.readings_of(&self.own),
            _ => self.footnotes.videos(),
        };
        SentenceView { about: "goal", sentence, footnotes }
    }
}

/// `#a`, `#a and #b`, `#a, #b and #c`
fn named(hashtags: &[&CampaignHashtagView]) -> String {
    let names: Vec<String> = hashtags.iter().map(|hashtag| format!("#{}", hashtag.name)).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn times(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) => format!(", {ratio:.2} times the expected"),
        None => String::new(),
    }
}

fn beyond(value: i64, low: i64, high: i64, clear: bool) -> String {
    let shown = |number: i64| {
        let size = compact(as_real(number.unsigned_abs()));
        if number < 0 { format!("-{size}") } else { size }
    };
    let more = if value < 0 { "less" } else { "more" };
    let verdict = if clear { "" } else { ": no clear difference" };
    format!(
        "{} {more} than the trend before (95 % interval {} to {}){verdict}",
        compact(as_real(value.unsigned_abs())),
        shown(low),
        shown(high)
    )
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 10.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}
