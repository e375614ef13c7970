//! Previews of alerts as answers show them.

use crate::alert_coverage::AlertCoverageView;
use domain::Timestamp;
use domain::annotations::Annotation;
use serde::Serialize;
use utoipa::ToSchema;

/// When an alert would have fired.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertPreview)]
pub struct AlertPreviewView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// TikTok's id; `null` while unknown.
    pub hashtag_id: Option<String>,
    /// The id in its place while TikTok's is unknown; every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// The readings that it is made of.
    pub coverage: AlertCoverageView,
    /// The rule.
    pub rule: AlertRuleView,
    /// The result in words.
    #[schema(example = "views growing faster than 2.1 %/day would have fired 52 times in a year")]
    pub sentence: String,
    /// Number of episodes.
    pub count: u64,
    /// Episodes a week.
    pub per_week: Option<f64>,
    /// Messages: episodes that are not within the cooldown after a message; with `digest` the digests with at least one.
    pub messages: u64,
    /// Times that there was no data for too long.
    pub no_data: u64,
    /// The episodes in order of time: the newest 1,000.
    pub fired: Vec<AlertFiredView>,
    /// Dated events of the platform between the first and the last reading that can shift the number: no alert fires
    /// because of one.
    pub annotations: Vec<AnnotationView>,
}

/// A rule of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertRule)]
pub struct AlertRuleView {
    /// `velocity`, `growth`, `breakout`, `fell`, `emerging`, `overtakes_views` or `overtakes_gain`.
    #[schema(example = "growth")]
    pub rule: &'static str,
    /// Unit of the number and of the threshold.
    #[schema(example = "percent a day")]
    pub unit: &'static str,
    /// Formula of the number.
    pub formula: &'static str,
    /// Name of the hashtag that it compares with; `null` for other rules.
    #[schema(example = json!(null))]
    pub versus: Option<String>,
    /// `24h`, `7d` or `30d`.
    #[schema(example = "7d")]
    pub window: &'static str,
    /// Threshold, which was found if `about` was given.
    pub above: f64,
    /// Requested frequency, if the threshold was found.
    #[schema(example = "1/week")]
    pub about: Option<String>,
    /// False if no threshold comes close to that frequency: within one episode, or a quarter of the wish. `null` without
    /// `about`.
    pub about_met: Option<bool>,
    /// Value at or below which it recovers.
    pub recovers_at: f64,
    /// Milliseconds above the threshold before it fires.
    pub for_ms: i64,
    /// Milliseconds of low values before it recovers.
    pub keep_firing_ms: i64,
    /// Milliseconds after a message without another.
    pub cooldown_ms: i64,
    /// Milliseconds without a number after which there is no data.
    pub no_data_after_ms: i64,
}

/// An episode of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = AlertFired)]
pub struct AlertFiredView {
    /// When it fired.
    pub at: Timestamp,
    /// The number then.
    pub value: f64,
    /// The threshold.
    pub threshold: f64,
    /// When the number first was above the threshold, which identifies the episode.
    pub episode: Timestamp,
    /// When it recovered; `null` while it fires.
    pub ended: Option<Timestamp>,
    /// Milliseconds from the last reading that was not above the threshold to the message: the rise may be as old.
    pub late_ms: i64,
    /// True if a message is sent; false within the cooldown.
    pub message: bool,
}

/// A dated event of the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Annotation)]
pub struct AnnotationView {
    /// Its name.
    #[schema(example = "five_hashtags")]
    pub name: &'static str,
    /// First moment at which it may have happened.
    pub from: Timestamp,
    /// Moment by which it had happened.
    pub until: Timestamp,
    /// A sentence for people.
    pub text: &'static str,
    /// Source of the statement.
    pub source: &'static str,
    /// Numbers that it can shift.
    pub shifts: Vec<&'static str>,
    /// Caveat of numbers that pool readings from before and after.
    #[schema(example = "structural_break")]
    pub caveat: Option<&'static str>,
}

impl From<&Annotation> for AnnotationView {
    fn from(event: &Annotation) -> Self {
        Self {
            name: event.name,
            from: event.from,
            until: event.until,
            text: event.text,
            source: event.source,
            shifts: event.shifts.iter().map(|number| number.name()).collect(),
            caveat: event.caveat.map(domain::Caveat::name),
        }
    }
}
