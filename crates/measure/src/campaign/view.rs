//! Answer of a measured campaign: everything that a page or a report of it needs.

use crate::view::CaveatView;
use crate::{
    AnnotationView, CampaignRecord, ConcentrationView, CreatorView, HashtagRecord, MarkView, OverlapView,
    VideoMeasuredView,
};
use domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A campaign with everything that is measured of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MeasuredCampaign)]
pub struct CampaignView {
    /// The campaign as its owner set it.
    pub campaign: CampaignRecord,
    /// Time of this measurement.
    pub measured_at: Timestamp,
    /// The part of its time that is measured, up to now; `null` before it begins.
    pub period: Option<PeriodView>,
    /// Share of its time that has passed, 0 to 1; `null` without an end.
    pub time_passed: Option<f64>,
    /// Its hashtags with their readings: the own ones first, in their order.
    pub hashtags: Vec<CampaignHashtagView>,
    /// Views gained beyond the trend before.
    pub increment: CampaignIncrementView,
    /// Videos and creators of the own hashtags; `null` before it begins.
    pub participation: Option<ParticipationView>,
    /// Share of voice over time; `null` before it begins.
    pub share_of_voice: Option<CampaignVoiceView>,
    /// Overlap of each pair of hashtags, over the stored videos of its time.
    pub overlap: Vec<OverlapView>,
    /// Goals with progress and pace.
    pub goals: Vec<CampaignGoalView>,
    /// Dated events of the platform, from the beginning of the baseline on, that can shift its numbers.
    pub annotations: Vec<AnnotationView>,
    /// Own annotations on the campaign or one of its own hashtags, from the beginning of the baseline on.
    pub own_annotations: Vec<MarkView>,
    /// Sentences made of these numbers, each with footnotes.
    pub sentences: Vec<SentenceView>,
    /// Footnotes of the sentences: how the numbers are known.
    pub footnotes: Vec<FootnoteView>,
    /// Unknown quantities, and the reasons.
    pub unknown: Vec<CaveatView>,
    /// Limitations of its numbers.
    pub caveats: Vec<CaveatView>,
}

/// A period, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Period)]
pub struct PeriodView {
    /// First moment.
    pub from: Timestamp,
    /// Last moment.
    pub to: Timestamp,
}

/// A hashtag of a campaign.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CampaignHashtag)]
pub struct CampaignHashtagView {
    /// Name.
    #[schema(example = "oursummer")]
    pub name: String,
    /// `own` or `rival`.
    #[schema(example = "own")]
    pub side: &'static str,
    /// Its record; `null` if it is not stored.
    pub record: Option<HashtagRecord>,
    /// Reported growth of views within the period; `null` if it is not known, as the others.
    pub views_gained: Option<ReportedGainView>,
    /// Reported growth of creators.
    pub creators_gained: Option<ReportedGainView>,
    /// Reported growth of videos.
    pub videos_gained: Option<ReportedGainView>,
    /// Views beyond the trend before; `null` if they cannot be known.
    pub increment: Option<IncrementView>,
    /// Reason for an increment that is `null`.
    pub no_increment: Option<CaveatView>,
    /// Readings of views from the beginning of the baseline on.
    pub readings: u64,
    /// Sources of its readings.
    pub sources: Vec<&'static str>,
    /// Times of more than two days without a reading that counts, within baseline and period.
    pub gaps: Vec<ReadingGapView>,
    /// Stored videos of the period, after the filter.
    pub videos: u64,
    /// Its views by day, or by week of a long campaign, from the beginning of the baseline on.
    pub series: Vec<CampaignPointView>,
}

/// Growth of a reported count between two readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReportedGain)]
pub struct ReportedGainView {
    /// The growth.
    pub gain: u64,
    /// Time of the reading that it begins with: the newest one at or before the campaign's beginning.
    pub from: Timestamp,
    /// Time of the reading that it ends with.
    pub to: Timestamp,
    /// Rounding step of the counts, the larger of both ends; 1 if they are exact.
    pub step: u64,
    /// True if the growth is below the rounding step: it may be anything from 0 to the step.
    pub below_resolution: bool,
    /// Falls of the count that stayed, between the two: they are not part of the growth.
    pub falls: u64,
}

/// Time between two readings.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ReadingGap)]
pub struct ReadingGapView {
    /// The reading before it.
    pub from: Timestamp,
    /// The reading after it.
    pub to: Timestamp,
    /// Its days.
    pub days: f64,
}

/// Views of a hashtag at the end of a day or week.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CampaignPoint)]
pub struct CampaignPointView {
    /// Beginning of the day or week.
    pub at: Timestamp,
    /// The local day, or the Monday of the week.
    #[schema(example = "2026-06-01")]
    pub date: Option<String>,
    /// Views at the last reading; `null` if a repair dropped it.
    pub views: Option<u64>,
    /// Growth since the point before; `null` for the first one.
    pub gain: Option<u64>,
    /// Time that the growth spans, in milliseconds; longer over a gap.
    pub span_ms: Option<i64>,
    /// Expected growth over the same time without the campaign; `null` before it, and without an increment.
    pub expected: Option<f64>,
}

/// Growth of views beyond the trend before. All numbers are of reported views.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Increment)]
pub struct IncrementView {
    /// Views gained.
    pub gained: u64,
    /// Expected views without the campaign.
    pub expected: u64,
    /// Low end of the 95 % interval of the expected views.
    pub expected_low: u64,
    /// High end of it.
    pub expected_high: u64,
    /// Gained less expected; below 0 where less was gained.
    pub value: i64,
    /// Low end of the 95 % interval of the value.
    pub low: i64,
    /// High end of it.
    pub high: i64,
    /// True if the interval does not include 0.
    pub clear: bool,
    /// Gained / expected; `null` if nothing was expected.
    pub ratio: Option<f64>,
    /// The part of the interval that is rounding, on each side.
    pub rounding: u64,
    /// `mean`: the baseline's mean gain a day goes on; `trend`: its gains rose or fell, and that goes on for as long as the
    /// baseline was.
    #[schema(example = "mean")]
    pub kind: &'static str,
    /// Time of the first reading of the baseline.
    pub baseline_from: Timestamp,
    /// Time of its last reading, with which the growth begins.
    pub baseline_to: Timestamp,
    /// Gains of the baseline: of a day each, or as long as a gap.
    pub baseline_gains: u64,
    /// Mean gain a day of the baseline.
    pub baseline_per_day: f64,
    /// Change of the gain a day by day; 0 of a mean.
    pub slope: f64,
    /// Days from the last reading of the baseline to the newest one.
    pub days: f64,
}

/// Views of all own hashtags together beyond the trend before, and the growth of the others as a control.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CampaignIncrement)]
pub struct CampaignIncrementView {
    /// The sum over the own hashtags with a known increment; `null` if none has one.
    pub together: Option<TogetherView>,
    /// Reason for a sum that is `null`.
    pub no_increment: Option<CaveatView>,
    /// The hashtags of competitors over the same time; `null` if none has a known increment.
    pub controls: Option<ControlsView>,
    /// The method in one sentence.
    pub method: &'static str,
}

/// Sum of increments. A video under two hashtags counts for both.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = IncrementTogether)]
pub struct TogetherView {
    /// Own hashtags with a known increment.
    pub hashtags: u64,
    /// Own hashtags.
    pub of_hashtags: u64,
    /// Views gained.
    pub gained: u64,
    /// Expected views without the campaign.
    pub expected: u64,
    /// Gained less expected.
    pub value: i64,
    /// Low end of its interval: the sum of the low ends, as if all were wrong alike.
    pub low: i64,
    /// High end of its interval: the sum of the high ends.
    pub high: i64,
    /// True if the interval does not include 0.
    pub clear: bool,
    /// Gained / expected; `null` if nothing was expected.
    pub ratio: Option<f64>,
    /// Share of the stored videos of the period that are under two or more own hashtags; `null` without videos.
    pub shared_videos: Option<f64>,
}

/// Growth of competitors' hashtags against their own trends over the same time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CampaignControls)]
pub struct ControlsView {
    /// Competitors' hashtags with a known increment.
    pub hashtags: u64,
    /// Competitors' hashtags.
    pub of_hashtags: u64,
    /// Median of their gained / expected views; `null` if nothing was expected of them.
    pub ratio: Option<f64>,
    /// Own views gained less what was expected times that ratio: the increment if the own hashtags had otherwise grown as
    /// the others did. `null` without the ratio or the own sum.
    pub value_against: Option<i64>,
}

/// Participation in a campaign. All numbers are of stored videos of the own hashtags, each once.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Participation)]
pub struct ParticipationView {
    /// `observed`: added up from stored videos.
    pub basis: &'static str,
    /// Videos posted in the period.
    pub videos: u64,
    /// Distinct creators of these.
    pub creators: u64,
    /// Creators among them without an earlier stored video under the own hashtags.
    pub new_creators: u64,
    /// Videos whose creator is unknown.
    pub videos_without_creator: u64,
    /// Stored videos without a time of posting: they are in none of these numbers.
    pub videos_without_time: u64,
    /// Videos of the period that the filter left out.
    pub left_out: u64,
    /// Sum of the plays as last read; `null` if none is reported, or above 2^53.
    pub plays: Option<u64>,
    /// Sum of likes, comments, shares and saves of the videos with all four; `null` without any.
    pub engagement: Option<u64>,
    /// Time of the newest reading of these videos; `null` where unknown.
    pub observed_at: Option<Timestamp>,
    /// Each day of the campaign's time zone, also those without a video.
    pub days: Vec<ParticipationDayView>,
    /// Creators with the most plays, at most 10.
    pub top_creators: Vec<CreatorView>,
    /// Videos with the most plays, at most 10.
    pub top_videos: Vec<CampaignVideoView>,
    /// Concentration of plays on creators; `null` with fewer than 10 of them.
    pub concentration: Option<ConcentrationView>,
}

/// A day of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ParticipationDay)]
pub struct ParticipationDayView {
    /// Beginning of the day.
    pub at: Timestamp,
    /// The local day.
    #[schema(example = "2026-06-01")]
    pub date: String,
    /// Videos posted.
    pub videos: u64,
    /// Distinct creators of these.
    pub creators: u64,
    /// Creators whose first stored video under the own hashtags is of this day.
    pub new_creators: u64,
}

/// A video of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CampaignVideo)]
pub struct CampaignVideoView {
    /// The video.
    #[serde(flatten)]
    pub video: VideoMeasuredView,
    /// Share of the plays of all videos of the period; `null` if they are unknown.
    pub plays_share: Option<f64>,
}

/// Share of voice over time.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CampaignVoice)]
pub struct CampaignVoiceView {
    /// `day`, or `week` of a campaign longer than 62 days.
    pub step: &'static str,
    /// Names of the hashtags, in the order of the shares: the own ones first.
    pub hashtags: Vec<String>,
    /// Number of own hashtags among them.
    pub own_hashtags: u64,
    /// Reported growth of views, then the stored videos on four bases: plays, videos, creators and engagement.
    pub bases: Vec<VoiceBaseView>,
    /// Videos of the period under any of the hashtags, each counted once.
    pub videos: u64,
}

/// Share of voice on one base.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = VoiceBase)]
pub struct VoiceBaseView {
    /// `views`, `videos`, `creators` or `engagement`.
    #[schema(example = "views")]
    pub base: &'static str,
    /// `reported` (growth of the reported views) or `observed` (stored videos by the time of posting; a video under two
    /// hashtags counts half for each).
    #[schema(example = "reported")]
    pub basis: &'static str,
    /// Shares of the whole period, in the order of the hashtags; of reported growth all `null` unless it is known of each.
    pub shares: Vec<Option<f64>>,
    /// Share of the own hashtags; `null` without a competitor, or if a share is not known.
    pub own: Option<f64>,
    /// Shares of each day or week.
    pub points: Vec<VoicePointView>,
}

/// Shares of a day or week.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = VoicePoint)]
pub struct VoicePointView {
    /// Beginning of the day or week.
    pub at: Timestamp,
    /// The local day, or the Monday of the week.
    #[schema(example = "2026-06-01")]
    pub date: Option<String>,
    /// Shares in the order of the hashtags; all `null` where there is nothing to share, or where one has no reading.
    pub shares: Vec<Option<f64>>,
    /// Share of the own hashtags; `null` as above.
    pub own: Option<f64>,
}

/// Progress to a goal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CampaignGoal)]
pub struct CampaignGoalView {
    /// `views`, `videos`, `creators` or `engagement`.
    #[schema(example = "views")]
    pub goal: &'static str,
    /// The target.
    pub target: u64,
    /// The number so far; `null` if it is not known.
    pub value: Option<u64>,
    /// `reported`: the growth of all own hashtags together; `observed`: of the stored videos, where a growth is not known.
    pub basis: &'static str,
    /// Value / target.
    pub share: Option<f64>,
    /// Share / share of the time that has passed: 1 is even with the plan. `null` without an end.
    pub pace: Option<f64>,
    /// `reached`, `on_track`, `behind`, `missed`, `no_end` or `unknown`.
    #[schema(example = "on_track")]
    pub state: &'static str,
}

/// A sentence made of the numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Sentence)]
pub struct SentenceView {
    /// Its subject: `increment`, `hashtag`, `controls`, `participation`, `concentration`, `share_of_voice`, `overlap` or
    /// `goal`.
    #[schema(example = "increment")]
    pub about: &'static str,
    /// The sentence.
    pub sentence: String,
    /// Numbers of its footnotes.
    pub footnotes: Vec<u32>,
}

/// A footnote: how a number is known.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Footnote)]
pub struct FootnoteView {
    /// Its number, from 1 on.
    pub number: u32,
    /// `reported` or `observed`.
    #[schema(example = "reported")]
    pub basis: &'static str,
    /// Hashtag; `null` of the stored videos.
    pub hashtag: Option<String>,
    /// Sources of the readings.
    pub sources: Vec<&'static str>,
    /// Time of the first reading; `null` if unknown.
    pub from: Option<Timestamp>,
    /// Time of the last reading; `null` if unknown.
    pub to: Option<Timestamp>,
    /// Rounding step of the counts: 1 if they are exact, `null` if unknown.
    pub step: Option<u64>,
    /// Stored videos / reported videos of the hashtags; `null` if unknown, and of reported counts.
    pub part: Option<f64>,
    /// Gaps of more than two days.
    pub gaps: u64,
    /// All of it in words.
    pub text: String,
}
