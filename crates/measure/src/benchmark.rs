//! Benchmark of a hashtag: percentiles of plays and engagement by the age of a post, and the rank of a given
//! video, number of plays or rate.

use crate::Measure;
use crate::parameters::{DurationText, Number, Rate, VideoText, by, window};
use crate::sample::{Sample, is_since};
use crate::view::assigned_id;
use crate::{MeasureError, Measured, Meta};
use clap::Args;
use domain::caveat::Caveat;
use domain::link::video_id;
use domain::metrics::benchmark::{AgeBand, AgeGroup, Benchmark, benchmark};
use domain::metrics::engagement::{EngagementRate, engagement};
use domain::metrics::structural_break::benchmark_by_side;
use domain::metrics::{Percentiles, Sides};
use domain::{Count, Hashtag, Length, Timestamp, VideoId};
use serde::{Deserialize, Serialize};
use store::samples::SampledVideo;
use utoipa::{IntoParams, ToSchema};

/// Question: usual plays and engagement under a hashtag, and the rank of a value among them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct BenchmarkQuery {
    /// Only videos posted within this time back from now: `24h`, `30d`, `6mo`.
    #[arg(long, value_name = "LENGTH", value_parser = window)]
    #[serde(deserialize_with = "by::window")]
    #[param(inline, value_type = DurationText, example = "90d", required = false)]
    pub window: Option<Length>,
    /// Show the percentile of this many plays.
    #[arg(long, value_name = "N")]
    #[param(inline, value_type = Number, required = false)]
    pub plays: Option<Number>,
    /// Show the percentile of this engagement rate, such as 0.08.
    #[arg(long, value_name = "RATE")]
    #[param(inline, value_type = Rate, example = 0.05, required = false)]
    pub engagement: Option<Rate>,
    /// Show the percentile of this video: its id, or the link of its page.
    #[arg(long = "video", value_name = "VIDEO", value_parser = video_id, conflicts_with_all = ["plays", "engagement"])]
    #[serde(deserialize_with = "by::video")]
    #[param(inline, value_type = VideoText, required = false)]
    pub video_id: Option<VideoId>,
}

/// Usual plays and engagement under a hashtag.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Benchmark)]
pub struct BenchmarkView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// TikTok's id; `null` while unknown.
    pub hashtag_id: Option<String>,
    /// The id in its place while TikTok's is unknown; every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// Only videos posted from then on; `null` for all.
    pub since: Option<Timestamp>,
    /// `observed`: computed from stored videos.
    pub basis: &'static str,
    /// Time of the newest reading of these videos; `null` where unknown.
    pub observed_at: Option<Timestamp>,
    /// Engagement of all of them together.
    pub engagement: EngagementView,
    /// By age of a post at its newest reading; the last band has all ages.
    pub bands: Vec<BandView>,
    /// Videos of unknown age; they are in the last band alone.
    pub videos_without_age: u64,
    /// Rank of the requested video, plays or rate; `null` if none was requested.
    pub standing: Option<StandingView>,
    /// Benchmarks before and after TikTok limited posts to five hashtags; `null` unless both sides have 10
    /// videos.
    pub sides: Option<BenchmarkSidesView>,
}

/// Benchmarks before August 2025, and since September 2025.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BenchmarkSides)]
pub struct BenchmarkSidesView {
    /// Posts from before August 2025.
    pub before: BenchmarkSideView,
    /// Posts from September 2025 on.
    pub after: BenchmarkSideView,
}

/// Benchmark of one side.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BenchmarkSide)]
pub struct BenchmarkSideView {
    /// Videos on it.
    pub videos: u64,
    /// Their engagement.
    pub engagement: EngagementView,
    /// By age of a post at its newest reading; the last band has all ages.
    pub bands: Vec<BandView>,
}

impl BenchmarkSidesView {
    fn of(sides: &Sides<Benchmark>) -> Self {
        Self { before: BenchmarkSideView::of(&sides.before), after: BenchmarkSideView::of(&sides.after) }
    }
}

impl BenchmarkSideView {
    fn of(made: &Benchmark) -> Self {
        let all = made.group(AgeBand::All);
        Self {
            videos: all.videos,
            engagement: EngagementView::of(all.rate),
            bands: made.groups.iter().map(band_view).collect(),
        }
    }
}

/// Likes, comments, shares and saves per play.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Engagement)]
pub struct EngagementView {
    /// All reactions over all plays, which large videos dominate.
    pub ratio_of_sums: Option<f64>,
    /// Median of the videos' rates, that of a typical video; `null` with fewer than 10.
    pub median_of_ratios: Option<f64>,
    /// Videos whose counts were all reported, from which it is computed.
    pub videos: u64,
    /// All videos.
    pub of_videos: u64,
}

impl EngagementView {
    pub(super) fn of(rate: EngagementRate) -> Self {
        Self {
            ratio_of_sums: rate.ratio_of_sums,
            median_of_ratios: rate.median_of_ratios,
            videos: rate.videos,
            of_videos: rate.of_videos,
        }
    }
}

/// Posts of an age.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = BenchmarkBand)]
pub struct BandView {
    /// `0-1d`, `1-7d`, `7-30d`, `30-90d`, `90d+` or `all`.
    #[schema(example = "1-7d")]
    pub age: &'static str,
    /// Posts of this age.
    pub videos: u64,
    /// Percentiles of their plays; `null` with fewer than 10 values.
    pub plays: Option<PlaysPercentilesView>,
    /// Percentiles of their engagement rates; `null` with fewer than 10 values.
    pub engagement: Option<PercentilesView>,
}

/// Percentiles of plays, rounded to whole plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PlaysPercentiles)]
pub struct PlaysPercentilesView {
    /// A tenth is below.
    pub p10: u64,
    /// A quarter is below.
    pub p25: u64,
    /// The median.
    pub p50: u64,
    /// A quarter is above.
    pub p75: u64,
    /// A tenth is above.
    pub p90: u64,
    /// A hundredth is above.
    pub p99: u64,
    /// Number of values.
    pub count: u64,
}

impl From<Percentiles> for PlaysPercentilesView {
    fn from(p: Percentiles) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "plays are not negative")]
        let [p10, p25, p50, p75, p90, p99] =
            [p.p10, p.p25, p.p50, p.p75, p.p90, p.p99].map(|plays| plays.round() as u64);
        Self { p10, p25, p50, p75, p90, p99, count: p.count }
    }
}

/// Percentiles, interpolated linearly.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Percentiles)]
pub struct PercentilesView {
    /// A tenth is below.
    pub p10: f64,
    /// A quarter is below.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// A quarter is above.
    pub p75: f64,
    /// A tenth is above.
    pub p90: f64,
    /// A hundredth is above.
    pub p99: f64,
    /// Number of values.
    pub count: u64,
}

impl From<Percentiles> for PercentilesView {
    fn from(p: Percentiles) -> Self {
        Self { p10: p.p10, p25: p.p25, p50: p.p50, p75: p.p75, p90: p.p90, p99: p.p99, count: p.count }
    }
}

/// Rank of a video, a number of plays or a rate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct StandingView {
    /// The video, if one was requested.
    pub video_id: Option<String>,
    /// Posts it is compared with: those of its age if that is known, or all.
    #[schema(example = "all")]
    pub age: &'static str,
    /// The plays.
    pub plays: Option<u64>,
    /// Share of posts with fewer plays (half of those with as many), 0 to 1; `null` among fewer than 10.
    pub plays_percentile: Option<f64>,
    /// The engagement rate.
    pub engagement: Option<f64>,
    /// Share of posts with a lower rate, 0 to 1; `null` among fewer than 10.
    pub engagement_percentile: Option<f64>,
}

impl Measure {
    /// Returns usual plays and engagement under a hashtag.
    pub async fn benchmark(
        &self,
        hashtag: &Hashtag,
        query: BenchmarkQuery,
    ) -> Result<Measured<BenchmarkView>, MeasureError> {
        let since = query.window.map(|window| window.before(self.now()));
        self.benchmark_of(hashtag, since, query).await
    }

    /// Returns the same over the videos posted at or after a moment.
    pub async fn benchmark_since(
        &self,
        hashtag: &Hashtag,
        since: Option<Timestamp>,
    ) -> Result<Measured<BenchmarkView>, MeasureError> {
        self.benchmark_of(hashtag, since, BenchmarkQuery::default()).await
    }

    async fn benchmark_of(
        &self,
        hashtag: &Hashtag,
        since: Option<Timestamp>,
        query: BenchmarkQuery,
    ) -> Result<Measured<BenchmarkView>, MeasureError> {
        let sample = self.sample(hashtag, |video| is_since(video, since)).await?;
        let made = benchmark(sample.figures());
        let standing = standing(&made, &sample, query)?;
        let counts = sample.sides();
        let sides = if counts.is_pooled() { benchmark_by_side(sample.figures()) } else { None };
        let data = BenchmarkView {
            hashtag: hashtag.tag.name().to_owned(),
            hashtag_id: hashtag.id.map(|id| id.to_string()),
            assigned_id: assigned_id(hashtag),
            since,
            basis: domain::Basis::Observed.name(),
            observed_at: sample.observed_at(),
            engagement: EngagementView::of(made.group(AgeBand::All).rate),
            bands: made.groups.iter().map(band_view).collect(),
            videos_without_age: made.without_age,
            standing,
            sides: sides.as_ref().map(BenchmarkSidesView::of),
        };
        let mut meta = Meta::of_sample(&sample, hashtag);
        meta.say_sides(&counts);
        let is_short =
            |band: &BandView| band.videos > 0 && (band.plays.is_none() || band.engagement.is_none());
        if data.bands.iter().any(is_short) {
            meta.say(Caveat::TooFewValues);
        }
        if data.engagement.videos < data.engagement.of_videos {
            meta.say(Caveat::EngagementPart);
        }
        meta.available = self.available_posts(hashtag, sample.len() == 0).await?;
        Ok(Measured { data, meta, next: None })
    }
}

fn band_view(band: &AgeGroup) -> BandView {
    BandView {
        age: band.age.name(),
        videos: band.videos,
        plays: band.plays.map(PlaysPercentilesView::from),
        engagement: band.engagement.map(PercentilesView::from),
    }
}

/// Ranks the requested video, plays or rate.
fn standing(
    made: &Benchmark,
    sample: &Sample,
    query: BenchmarkQuery,
) -> Result<Option<StandingView>, MeasureError> {
    let (age, plays, rate) = match query.video_id {
        Some(id) => {
            let video =
                sample.iter().find(|video| video.id() == id).map(SampledVideo::figures).ok_or_else(|| {
                    MeasureError::parameter("video_id", format!("{id} is not among the compared videos"))
                })?;
            (
                AgeBand::of(&video).unwrap_or(AgeBand::All),
                video.counts.plays.map(Count::value),
                engagement(&video.counts),
            )
        }
        None if query.plays.is_none() && query.engagement.is_none() => return Ok(None),
        None => (AgeBand::All, query.plays.map(Number::get), query.engagement.map(Rate::get)),
    };
    let group = made.group(age);
    Ok(Some(StandingView {
        video_id: query.video_id.map(|id| id.to_string()),
        age: age.name(),
        plays,
        plays_percentile: plays.and_then(|plays| group.rank_of_plays(plays)),
        engagement: rate,
        engagement_percentile: rate.and_then(|rate| group.rank_of_engagement(rate)),
    }))
}
