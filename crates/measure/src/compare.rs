//! Comparison of hashtags: their series, shares of voice, and overlap.

use crate::Measure;
use crate::creators::{as_real, share};
use crate::parameters::{HistoryMetricName, Index, StepName, TagsText, TimeText, ZoneText, by, one_of};
use crate::sample::{Sample, is_within, place};
use crate::{
    AvailableView, DataPeriod, HashtagRecord, HistoryMetric, HistoryQuery, HistoryView, MeasureError,
    Measured, Meta,
};
use clap::Args;
use domain::caveat::Caveat;
use domain::metrics::engagement::engagement_rate;
use domain::metrics::history::Step;
use domain::metrics::share_of_voice::{Base, HASHTAGS_MAX, ShareOfVoice, overlap, share_of_voice, shares};
use domain::metrics::structural_break::{Shared, shared_by_side};
use domain::metrics::{Side, SideCounts, Sides};
use domain::{AccountId, CaveatSet, Hashtag, HashtagRow, Moment, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use store::samples::{CreatorsPart, SamplePart, SampledVideo};
use store::videos::VideoRow;
use utoipa::{IntoParams, ToSchema};

/// Most hashtags that are compared.
pub const COMPARED_MAX: usize = 10;
const _: () = assert!(COMPARED_MAX <= HASHTAGS_MAX, "share of voice supports as many");

/// Question: hashtags side by side.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
pub struct CompareQuery {
    /// Hashtags to compare, 2 to 10: names, with or without `#`, or ids; separated by commas over HTTP.
    #[arg(
        value_name = "NAME|ID",
        required = true,
        num_args = 2..=COMPARED_MAX,
        help = "Tag names, with or without #, or TikTok's ids"
    )]
    #[serde(deserialize_with = "by::tags")]
    #[param(inline, value_type = TagsText, example = "cat,dog")]
    pub tags: Vec<String>,
    /// Count to measure.
    #[arg(long, default_value_t, value_parser = one_of::<HistoryMetric>())]
    #[serde(default)]
    #[param(inline, value_type = HistoryMetricName, required = false)]
    pub metric: HistoryMetric,
    /// Start: a day, a moment, or a length of time back from now such as `90min`, `30d`, `6mo` or `1y`. Limits the series and the videos.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "90d", required = false)]
    pub from: Option<Moment>,
    /// End, included; a day to its last millisecond.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(default, deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, required = false)]
    pub to: Option<Moment>,
    /// Spacing of points: every reading (`raw`), or the last one of each hour, day or week of the time zone.
    #[arg(long, default_value_t, value_parser = one_of::<Step>())]
    #[serde(default)]
    #[param(inline, value_type = StepName, required = false)]
    pub step: Step,
    /// Time zone of hours, days and weeks, and of `from` and `to` if they are days: a name of the IANA database.
    #[arg(
        long,
        value_name = "ZONE",
        default_value_t,
        help = "Time zone of hours, days and weeks, such as Europe/Berlin"
    )]
    #[serde(default)]
    #[param(inline, value_type = ZoneText, example = "Europe/Berlin", required = false)]
    pub tz: Zone,
    /// Divide each series by its own first value, times this, such as 100.
    #[arg(long, value_name = "N")]
    #[serde(default)]
    #[param(inline, value_type = Index, example = 100, required = false)]
    pub index: Option<Index>,
    /// Points of a series at most.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub points_max: usize,
    /// Account whose annotations the series have; `None` for the events of the platform alone.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub account_id: Option<AccountId>,
}

/// Hashtags side by side.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Compare)]
pub struct CompareView {
    /// In the requested order.
    pub hashtags: Vec<ComparedView>,
    /// Shares of voice, by base.
    pub share_of_voice: Vec<ShareOfVoiceView>,
    /// Overlap of each pair, over stored videos.
    pub overlap: Vec<OverlapView>,
    /// Videos under any of them, each counted once.
    pub videos_unique: u64,
    /// True if the requested period has neither a reading nor a video of any of them.
    #[serde(skip)]
    pub(super) is_empty: bool,
}

/// A compared hashtag.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Compared)]
pub struct ComparedView {
    /// Its record.
    #[serde(flatten)]
    pub record: HashtagRecord,
    /// Its series.
    pub series: HistoryView,
    /// Period of its readings, for a series without a point; `null` if there are none.
    pub available: Option<AvailableView>,
    /// The series divided by its first value, times `index`; `null` without `index`, and if the first value is
    /// 0 or missing.
    pub indexed: Option<Vec<IndexedView>>,
    /// All reactions over all plays, of its videos for which all of these counts are reported.
    pub engagement: Option<f64>,
    /// Number of these videos.
    pub engagement_videos: u64,
    /// Videos in its sample.
    pub sample_videos: u64,
}

/// A point of an indexed series.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = IndexedPoint)]
pub struct IndexedView {
    /// Time.
    pub at: Timestamp,
    /// The value; `null` where a repair dropped the reading.
    pub value: Option<f64>,
}

/// Shares on one base.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ShareOfVoice)]
pub struct ShareOfVoiceView {
    /// `views` (reported), `videos`, `creators` or `engagement` (of stored videos; a video under two of the
    /// hashtags counts half for each).
    #[schema(example = "views")]
    pub base: &'static str,
    /// `reported` or `observed`.
    pub basis: &'static str,
    /// In the order of the hashtags; `null` for a hashtag that is unknown on this base, and for all of them if
    /// the views of one were not reported.
    pub shares: Vec<Option<f64>>,
}

/// Overlap of two hashtags.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Overlap)]
pub struct OverlapView {
    /// The first.
    pub a: String,
    /// The second.
    pub b: String,
    /// Videos with both; `null` if no video of one of the two is stored.
    pub videos: Option<u64>,
    /// Share of the first one's videos that have the second.
    pub share_of_a: Option<f64>,
    /// Share of the second one's videos that have the first.
    pub share_of_b: Option<f64>,
    /// Overlap before and after TikTok limited posts to five hashtags; `null` unless each of the two has 30
    /// videos on each side.
    pub sides: Option<OverlapSidesView>,
}

/// Overlap of two hashtags before August 2025, and since September 2025.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OverlapSides)]
pub struct OverlapSidesView {
    /// Posts from before August 2025.
    pub before: OverlapSideView,
    /// Posts from September 2025 on.
    pub after: OverlapSideView,
}

/// Overlap of two hashtags on one side.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OverlapSide)]
pub struct OverlapSideView {
    /// Videos with both.
    pub videos: u64,
    /// Share of the first one's videos that have the second.
    pub share_of_a: Option<f64>,
    /// Share of the second one's videos that have the first.
    pub share_of_b: Option<f64>,
}

impl From<Sides<Shared>> for OverlapSidesView {
    fn from(sides: Sides<Shared>) -> Self {
        let view = |Shared { both, a, b }| OverlapSideView {
            videos: both,
            share_of_a: share(both, a),
            share_of_b: share(both, b),
        };
        Self { before: view(sides.before), after: view(sides.after) }
    }
}

impl Measure {
    /// Compares hashtags.
    pub async fn compare(
        &self,
        hashtags: &[Hashtag],
        query: &CompareQuery,
    ) -> Result<Measured<CompareView>, MeasureError> {
        let mut compared = Vec::with_capacity(hashtags.len());
        let mut samples = Vec::with_capacity(hashtags.len());
        let mut meta = Meta::default();
        let part = self.same_part(hashtags);
        for hashtag in hashtags {
            let (view, sample) = self.compared(hashtag, query, part, &mut meta).await?;
            compared.push(view);
            samples.push(sample);
        }
        let voice = share_of_voice(samples.iter().map(Sample::by_row));
        let counts = sides_together(&samples);
        let sides = counts.is_pooled().then(|| {
            let on = |side| overlap(samples.iter().map(|sample| rows_on(sample, side)));
            Sides { before: on(Side::Before), after: on(Side::After) }
        });
        meta.say(Caveat::ObservedShares);
        meta.say_sides(&counts);
        let measured = hashtags.iter().zip(&samples).filter(|(_, sample)| sample.len() > 0);
        let readings = measured.map(|(hashtag, _)| hashtag.observed.caveats);
        meta.say_of_readings(readings.fold(CaveatSet::default(), CaveatSet::union));
        meta.say_as_read(hashtags);
        let has_nothing = |one: &ComparedView| one.series.points.is_empty() && one.sample_videos == 0;
        let is_empty = (query.from.is_some() || query.to.is_some()) && compared.iter().all(has_nothing);
        if is_empty {
            meta.available = self.available_of_any(hashtags, query.metric).await?.map(AvailableView::from);
        }
        let names: Vec<&str> = hashtags.iter().map(|hashtag| hashtag.tag.name()).collect();
        let data = CompareView {
            share_of_voice: shares_view(hashtags, &voice),
            overlap: overlaps(&names, &voice, sides.as_ref()),
            videos_unique: voice.videos,
            hashtags: compared,
            is_empty,
        };
        Ok(Measured { data, meta, next: None })
    }

    /// Returns the period of the readings and videos of all of them.
    async fn available_of_any(
        &self,
        hashtags: &[Hashtag],
        metric: HistoryMetric,
    ) -> Result<Option<DataPeriod>, MeasureError> {
        let mut all: Option<DataPeriod> = None;
        for hashtag in hashtags {
            for more in [self.readings_period(hashtag, metric).await?, self.posts_period(hashtag).await?] {
                all = more.map(|more| all.map_or(more, |all| all.and(more))).or(all);
            }
        }
        Ok(all)
    }

    async fn compared(
        &self,
        hashtag: &Hashtag,
        query: &CompareQuery,
        part: CreatorsPart,
        meta: &mut Meta,
    ) -> Result<(ComparedView, Sample), MeasureError> {
        let &CompareQuery { metric, from, to, step, account_id, .. } = query;
        let limit = query.points_max;
        let tz = query.tz.clone();
        let history =
            HistoryQuery { metric, from, to, step, tz, limit, account_id, ..HistoryQuery::default() };
        let series = self.history(hashtag, history).await?;
        let now = self.now();
        let (from, to) =
            (from.map(|from| from.begin_in(&query.tz, now)), to.map(|to| to.end_in(&query.tz, now)));
        let wanted = |video: &SampledVideo, _: &[HashtagRow]| is_within(video, from, to);
        let sample = self.sample_of(hashtag, SamplePart::Creators(part), wanted).await?;
        join(meta, &series.meta, series.next.is_some());
        sample.part_caveat().into_iter().for_each(|caveat| meta.say(caveat));
        let rate = engagement_rate(sample.figures().map(|video| video.counts));
        if rate.videos < rate.of_videos {
            meta.say(Caveat::EngagementPart);
        }
        let view = ComparedView {
            record: HashtagRecord::of(hashtag),
            indexed: query.index.and_then(|to| indexed(&series.data, to.get())),
            series: series.data,
            available: series.meta.available,
            engagement: rate.ratio_of_sums,
            engagement_videos: rate.videos,
            sample_videos: sample.len(),
        };
        Ok((view, sample))
    }
}

/// Merges the metadata of one series into that of all.
fn join(meta: &mut Meta, other: &Meta, is_cut: bool) {
    meta.observed_at = meta.observed_at.max(other.observed_at);
    for source in &other.source {
        if !meta.source.contains(source) {
            meta.source.push(source);
        }
    }
    for caveat in &other.caveats {
        if !meta.caveats.contains(caveat) {
            meta.caveats.push(caveat.clone());
        }
    }
    if is_cut {
        meta.say(Caveat::SeriesCut);
    }
}

/// Divides a series by its first value, times `to`.
fn indexed(series: &HistoryView, to: f64) -> Option<Vec<IndexedView>> {
    let first = series.points.iter().find_map(|point| point.value).filter(|first| *first > 0)?;
    let point = |point: &super::PointView| IndexedView {
        at: point.at,
        value: point.value.map(|value| as_real(value) / as_real(first) * to),
    };
    Some(series.points.iter().map(point).collect())
}

/// Returns the shares of reported views, and those of the other bases over stored videos.
fn shares_view(hashtags: &[Hashtag], voice: &ShareOfVoice) -> Vec<ShareOfVoiceView> {
    let views: Vec<Option<f64>> =
        hashtags.iter().map(|hashtag| hashtag.reported.views.map(|views| as_real(views.value()))).collect();
    // Without the whole no share is known.
    let is_known = views.iter().all(Option::is_some);
    let reported = ShareOfVoiceView {
        base: Base::Views.name(),
        basis: domain::Basis::Reported.name(),
        shares: if is_known { shares(&views) } else { vec![None; views.len()] },
    };
    let observed = [Base::Videos, Base::Creators, Base::Engagement].map(|base| ShareOfVoiceView {
        base: base.name(),
        basis: domain::Basis::Observed.name(),
        shares: voice.on(base).to_vec(),
    });
    std::iter::once(reported).chain(observed).collect()
}

/// Counts the videos of all samples on each side of the limit of five hashtags, each once.
fn sides_together(samples: &[Sample]) -> SideCounts {
    let of = |sample: &'_ Sample| sample.iter().map(|video| (video.row(), place(video))).collect::<Vec<_>>();
    let mut places: Vec<_> = samples.iter().flat_map(of).collect();
    places.sort_unstable_by_key(|(row, _)| *row);
    places.dedup_by_key(|(row, _)| *row);
    SideCounts::of(places.into_iter().map(|(_, place)| place))
}

/// Returns the videos of a sample that were posted on a side of the limit of five hashtags, ascending.
fn rows_on(sample: &Sample, side: Side) -> impl Iterator<Item = VideoRow> {
    sample.iter().filter(move |video| place(video).side() == Some(side)).map(SampledVideo::row)
}

/// Returns the overlap of each pair of hashtags of these names.
pub(super) fn overlaps(
    names: &[&str],
    voice: &ShareOfVoice,
    sides: Option<&Sides<Vec<Vec<u64>>>>,
) -> Vec<OverlapView> {
    let shared_on = |overlap: &[Vec<u64>], a: usize, b: usize| Shared {
        both: overlap[a][b],
        a: overlap[a][a],
        b: overlap[b][b],
    };
    let size = |place: usize| voice.overlap[place][place];
    let mut pairs = Vec::new();
    for (a, row) in voice.overlap.iter().enumerate() {
        for (b, videos) in row.iter().enumerate().skip(a + 1) {
            let is_stored = size(a) > 0 && size(b) > 0;
            pairs.push(OverlapView {
                a: names[a].to_owned(),
                b: names[b].to_owned(),
                videos: is_stored.then_some(*videos),
                share_of_a: share(*videos, size(a)).filter(|_| is_stored),
                share_of_b: share(*videos, size(b)).filter(|_| is_stored),
                sides: sides
                    .map(|sides| Sides {
                        before: shared_on(&sides.before, a, b),
                        after: shared_on(&sides.after, a, b),
                    })
                    .and_then(shared_by_side)
                    .map(OverlapSidesView::from),
            });
        }
    }
    pairs
}
