//! History of a count of a hashtag: all readings or the last one of each hour, day or week, as totals or gains.

use crate::Measure;
use crate::annotations::{Curve, MarkView, shifts_counts};
use crate::parameters::{HistoryMetricName, ModeName, StepName, TimeText, ZoneText, by, one_of};
use crate::view::assigned_id;
use crate::{AsReadView, AvailableView, DataPeriod, MeasureError, Measured, Meta, Place};
use clap::{ArgAction, Args};
use domain::caveat::{Caveat, pipeline_of};
use domain::metrics::Buckets;
use domain::metrics::history::{HistoryPoint, Mode, Step, history};
use domain::metrics::series::{Repair, Series};
use domain::observation::HashtagCounts;
use domain::{AccountId, CaveatSet, Count, Hashtag, Moment, Source, SourceSet, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use store::snapshots::readings_of;
use strum::{Display, IntoStaticStr, VariantArray};
use utoipa::{IntoParams, ToSchema};

/// Most points of an answer that is not a page: charts and files.
pub const POINTS_MAX: usize = 1_000_000;
/// Points per page by default: more than of other lists, since a chart needs all of them.
pub const HISTORY_LIMIT: u32 = 1_000;
/// Most points per page.
pub const HISTORY_LIMIT_MAX: u32 = 10_000;

/// A count of a hashtag.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, Display, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HistoryMetric {
    /// Lifetime views.
    #[default]
    Views,
    /// Creators who used it.
    Creators,
    /// Posts under it.
    Videos,
}

impl HistoryMetric {
    /// Returns its name in requests and answers.
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub(super) fn count(self) -> fn(&HashtagCounts) -> Option<Count> {
        match self {
            Self::Views => |counts| counts.views,
            Self::Creators => |counts| counts.creators,
            Self::Videos => |counts| counts.videos,
        }
    }
}

/// Question: the history of a count of a hashtag.
#[derive(Debug, Clone, PartialEq, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct HistoryQuery {
    /// Count to measure.
    #[arg(long, default_value_t, value_parser = one_of::<HistoryMetric>())]
    #[param(inline, value_type = HistoryMetricName, required = false)]
    pub metric: HistoryMetric,
    /// Start: a day, a moment, or a length of time back from now such as `90min`, `30d`, `6mo` or `1y`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "30d", required = false)]
    pub from: Option<Moment>,
    /// End, included; a day to its last millisecond.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, required = false)]
    pub to: Option<Moment>,
    /// Spacing of points: every reading (`raw`), or the last one of each hour, day or week of the time zone.
    #[arg(long, default_value_t, value_parser = one_of::<Step>())]
    #[param(inline, value_type = StepName, required = false)]
    pub step: Step,
    /// Time zone of hours, days and weeks, and of `from` and `to` if they are days: a name of the IANA database.
    #[arg(
        long,
        value_name = "ZONE",
        default_value_t,
        help = "Time zone of hours, days and weeks, such as Europe/Berlin"
    )]
    #[param(inline, value_type = ZoneText, example = "Europe/Berlin", required = false)]
    pub tz: Zone,
    /// Totals, or the gain since the previous point.
    #[arg(long, default_value_t, value_parser = one_of::<Mode>())]
    #[param(inline, value_type = ModeName, required = false)]
    pub mode: Mode,
    /// True to repair implausible readings; `false` returns every reading as reported.
    #[arg(long = "no-repair", action = ArgAction::SetFalse, help = "Do not repair implausible readings")]
    #[param(default = true, required = false)]
    pub repair: bool,
    /// Most points.
    #[arg(skip = usize::MAX)]
    #[serde(skip)]
    #[param(ignore)]
    pub limit: usize,
    /// The point that the page follows.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub after: Option<Place>,
    /// Account whose annotations are returned; `None` for the events of the platform alone.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub account_id: Option<AccountId>,
}

impl Default for HistoryQuery {
    fn default() -> Self {
        Self {
            metric: HistoryMetric::default(),
            from: None,
            to: None,
            step: Step::default(),
            tz: Zone::UTC,
            mode: Mode::default(),
            repair: true,
            limit: usize::MAX,
            after: None,
            account_id: None,
        }
    }
}

/// History of a count.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = History)]
pub struct HistoryView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// TikTok's id; `null` while unknown.
    pub hashtag_id: Option<String>,
    /// The id in its place while TikTok's is unknown; every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// The count.
    #[schema(example = "views")]
    pub metric: &'static str,
    /// `raw`, `hour`, `day` or `week`.
    #[schema(example = "day")]
    pub step: &'static str,
    /// Time zone of hours, days and weeks.
    #[schema(value_type = String, example = "UTC")]
    pub tz: Zone,
    /// `total` or `gain`.
    #[schema(example = "total")]
    pub mode: &'static str,
    /// In order of time.
    pub points: Vec<PointView>,
    /// The newest reading of the whole series, if the last value after repair differs; `null` if not, or
    /// without repair.
    pub as_read: Option<AsReadView>,
    /// Repaired readings of the whole series by kind; empty without repair.
    pub repairs: Vec<RepairsView>,
    /// Annotations within the time of the points, in order of time: the account's own, and dated events of the platform
    /// that can shift the counts, unless it hides them.
    pub annotations: Vec<MarkView>,
}

/// Repairs of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Repairs)]
pub struct RepairsView {
    /// `lost_reading`, `off_step`, `bounce`, `fall` or `unconfirmed`.
    pub repair: &'static str,
    /// Number of readings.
    pub readings: u64,
}

/// A point of a history.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = HistoryPoint)]
pub struct PointView {
    /// Time of the reading, or start of its hour, day or week.
    pub at: Timestamp,
    /// Time of the reading.
    pub read_at: Timestamp,
    /// The total, or the gain since the previous point; `null` if there is none, or if a repair dropped the
    /// reading.
    pub value: Option<u64>,
    /// The total as reported.
    pub observed: u64,
    /// True if that was rounded for display.
    pub rounded: bool,
    /// The step it was rounded to; 1 if it is exact.
    pub step: u64,
    /// Source of the reading.
    pub source: &'static str,
    /// The repair, if any.
    pub repair: Option<&'static str>,
    /// Milliseconds since the previous point, if that is a gap.
    pub gap_ms: Option<i64>,
    /// Milliseconds between the readings of a gain.
    pub span_ms: Option<i64>,
    /// True if a gain is below the rounding step: it may be anything from 0 to the step.
    pub below_resolution: bool,
    /// The local day, or the Monday of the week; `null` for raw and hourly points.
    #[schema(example = "2026-11-25")]
    pub date: Option<String>,
}

impl PointView {
    fn of(point: &HistoryPoint, by: &Buckets) -> Self {
        Self {
            at: point.at,
            read_at: point.read_at,
            value: point.value,
            observed: point.observed,
            rounded: point.rounded,
            step: point.step,
            source: point.source.name(),
            repair: point.repair.map(Repair::name),
            gap_ms: point.gap_ms,
            span_ms: point.span_ms,
            below_resolution: point.is_below_resolution,
            date: by.date(point.at).map(|date| date.to_string()),
        }
    }
}

/// A history before it is rendered.
struct History {
    /// In order of time.
    points: Vec<HistoryPoint>,
    /// The whole series.
    series: Series,
    /// Sources of the readings.
    sources: SourceSet,
    /// Period of the readings.
    available: Option<DataPeriod>,
}

impl History {
    /// Returns the newest reading, if the last value after repair differs.
    fn as_read(&self) -> Option<AsReadView> {
        let (newest, counted) = (self.series.as_read()?, self.series.last()?);
        (newest.observed != counted.value).then_some(AsReadView {
            value: newest.observed,
            at: newest.at,
            counted_at: counted.at,
        })
    }
}

impl Measure {
    /// Returns a page of the history of a hashtag.
    pub async fn history(
        &self,
        hashtag: &Hashtag,
        query: HistoryQuery,
    ) -> Result<Measured<HistoryView>, MeasureError> {
        let by = Buckets { step: query.step, zone: query.tz.clone() };
        let history = self.history_points(hashtag, &query, &by).await?;
        let after = query.after.map(|place| place.value);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are far below 2^53")]
        let is_behind = |point: &&HistoryPoint| after.is_none_or(|after| point.at.as_ms() as f64 > after);
        let mut points: Vec<&HistoryPoint> =
            history.points.iter().filter(is_behind).take(query.limit.saturating_add(1)).collect();
        let has_more = points.len() > query.limit;
        points.truncate(query.limit);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are far below 2^53")]
        let place = |point: &&HistoryPoint| Place { value: point.at.as_ms() as f64, number: 0 };
        let next = points.last().filter(|_| has_more).map(place);
        let annotations = match (points.first(), points.last()) {
            (Some(first), Some(last)) => {
                let tags = [hashtag.tag.key().clone()];
                let curve = Curve { tags: &tags, campaign: None, span: (first.at, last.read_at) };
                self.marks(query.account_id, curve, |event| shifts_counts(event, history.sources)).await?
            }
            _ => Vec::new(),
        };
        let repairs = history.series.repairs().into_iter().filter(|(_, readings)| *readings > 0);
        let data = HistoryView {
            hashtag: hashtag.tag.name().to_owned(),
            hashtag_id: hashtag.id.map(|id| id.to_string()),
            assigned_id: assigned_id(hashtag),
            metric: query.metric.name(),
            step: query.step.name(),
            tz: query.tz,
            mode: query.mode.name(),
            points: points.into_iter().map(|point| PointView::of(point, &by)).collect(),
            as_read: history.as_read().filter(|_| query.repair),
            repairs: repairs
                .map(|(repair, readings)| RepairsView { repair: repair.name(), readings })
                .collect(),
            annotations,
        };
        let mut meta = Meta { as_of: self.as_of(), ..meta_of(&history) };
        meta.available = history.available.filter(|_| data.points.is_empty()).map(AvailableView::from);
        meta.say_not_as_read(data.as_read.iter().map(|read| (data.hashtag.as_str(), data.metric, read)));
        Ok(Measured { data, meta, next })
    }

    /// Returns the whole history of a hashtag.
    async fn history_points(
        &self,
        hashtag: &Hashtag,
        query: &HistoryQuery,
        by: &Buckets,
    ) -> Result<History, MeasureError> {
        let now = self.now();
        let from = query.from.map(|from| from.begin_in(&query.tz, now));
        let to = query.to.map(|to| to.end_in(&query.tz, now));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(MeasureError::parameter("to", "it is earlier than from"));
        }
        let snapshots = self.snapshots_of(hashtag.row).await?;
        let readings = readings_of(&snapshots, query.metric.count());
        let series = if query.repair { Series::repaired(&readings) } else { Series::unrepaired(&readings) };
        let points = history(&series, by, query.mode, from, to);
        let sources = readings.iter().map(|reading| reading.source).collect();
        let available = DataPeriod::of(readings.iter().map(|reading| reading.at));
        Ok(History { points, series, sources, available })
    }
}

fn meta_of(history: &History) -> Meta {
    let newest = history.series.points().last().map(|point| point.at);
    let mut meta = Meta::of(history.sources, newest).reported();
    let research = history.points.iter().filter(|point| point.source == Source::ResearchApi);
    let across = research.fold(CaveatSet::default(), |set, point| set.union(pipeline_of(point.read_at)));
    meta.say_of_readings(across);
    if history.points.iter().any(|point| point.rounded) {
        meta.say(Caveat::Rounded);
    }
    if history.points.iter().any(|point| point.repair.is_some()) {
        meta.say(Caveat::Repaired);
    }
    if history.points.iter().any(|point| point.gap_ms.is_some()) {
        meta.say(Caveat::Gaps);
    }
    meta
}
