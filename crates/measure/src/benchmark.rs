//! What is usual under a hashtag: percentiles of plays and of engagement by the age of a post, and where a given video or
//! rate would stand.

use crate::Measure;
use crate::sample::{Sample, is_since};
use crate::view::assigned_id;
use crate::{MeasureError, Measured, Meta};
use domain::caveat::Caveat;
use domain::metrics::benchmark::{AgeBand, AgeGroup, Benchmark, benchmark};
use domain::metrics::engagement::{EngagementRate, engagement};
use domain::metrics::structural_break::benchmark_by_side;
use domain::metrics::{Percentiles, Sides};
use domain::{Count, Hashtag, Timestamp, VideoId};
use serde::Serialize;
use store::samples::SampledVideo;
use utoipa::ToSchema;

/// What is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BenchmarkAsked {
    /// Only videos posted at or after this.
    pub since: Option<Timestamp>,
    /// Where would so many plays stand?
    pub plays: Option<u64>,
    /// Where would such an engagement rate stand?
    pub engagement: Option<f64>,
    /// Where does this video stand?
    pub video: Option<VideoId>,
}

/// What is usual under a hashtag.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Benchmark)]
pub struct BenchmarkView {
    /// Which hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// TikTok's id; `null` while it is not known.
    pub hashtag_id: Option<String>,
    /// The id that takes its place while TikTok's is not known: every endpoint accepts it, also afterwards. `null` once
    /// TikTok's is known.
    #[schema(example = json!(null))]
    pub assigned_id: Option<String>,
    /// Only videos posted from then on; `null` for all.
    pub since: Option<String>,
    /// `observed`: made of stored videos.
    pub basis: &'static str,
    /// The newest reading of these videos; `null` where no source gave a time.
    pub observed_at: Option<String>,
    /// Engagement of all of them together.
    pub engagement: EngagementView,
    /// By age of a post when it was last read; the last band is of all ages.
    pub bands: Vec<BandView>,
    /// Videos whose age is not known; they are in the last band alone.
    pub videos_without_age: u64,
    /// Where what was asked about stands among all of them; `null` where nothing was asked about.
    pub standing: Option<StandingView>,
    /// The same before and after TikTok limited posts to five hashtags; `null` unless both sides have 10 videos.
    pub sides: Option<BenchmarkSidesView>,
}

/// What is usual before August 2025, and since September 2025.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BenchmarkSides)]
pub struct BenchmarkSidesView {
    /// Of posts from before August 2025.
    pub before: BenchmarkSideView,
    /// Of posts from September 2025 on.
    pub after: BenchmarkSideView,
}

/// What is usual on one side.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BenchmarkSide)]
pub struct BenchmarkSideView {
    /// Videos on it.
    pub videos: u64,
    /// Their engagement.
    pub engagement: EngagementView,
    /// By age of a post when it was last read; the last band is of all ages.
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

/// Likes, comments, shares and saves for each play.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Engagement)]
pub struct EngagementView {
    /// All reactions over all plays: what large videos do.
    pub ratio_of_sums: Option<f64>,
    /// The median of the videos' own rates: what a typical video does; `null` with fewer than 10.
    pub median_of_ratios: Option<f64>,
    /// Videos it is made of.
    pub videos: u64,
    /// Videos that were looked at: of the others a count was not reported.
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
    /// Values they are made of.
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

/// Percentiles, between neighbours by straight line.
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
    /// Values they are made of.
    pub count: u64,
}

impl From<Percentiles> for PercentilesView {
    fn from(p: Percentiles) -> Self {
        Self { p10: p.p10, p25: p.p25, p50: p.p50, p75: p.p75, p90: p.p90, p99: p.p99, count: p.count }
    }
}

/// Where something stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = Standing)]
pub struct StandingView {
    /// The video, where one was asked about.
    pub video_id: Option<String>,
    /// Posts it is compared with: those of its age, where that is known, or all.
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
    /// What is usual under a hashtag.
    pub async fn benchmark(
        &self,
        hashtag: &Hashtag,
        asked: BenchmarkAsked,
    ) -> Result<Measured<BenchmarkView>, MeasureError> {
        let since = asked.since;
        let sample = self.sample(hashtag, |video| is_since(video, since)).await?;
        let made = benchmark(sample.figures());
        let standing = standing(&made, &sample, asked)?;
        let counts = sample.sides();
        let sides = if counts.is_pooled() { benchmark_by_side(sample.figures()) } else { None };
        let data = BenchmarkView {
            hashtag: hashtag.tag.name().to_owned(),
            hashtag_id: hashtag.id.map(|id| id.to_string()),
            assigned_id: assigned_id(hashtag),
            since: since.map(Timestamp::to_rfc3339),
            basis: domain::Basis::Observed.name(),
            observed_at: sample.observed_at().map(Timestamp::to_rfc3339),
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

/// Where the video, the plays or the rate that was asked about stands.
fn standing(
    made: &Benchmark,
    sample: &Sample,
    asked: BenchmarkAsked,
) -> Result<Option<StandingView>, MeasureError> {
    let (age, plays, rate) = match asked.video {
        Some(id) => {
            let video =
                sample.iter().find(|video| video.id() == id).map(SampledVideo::figures).ok_or_else(|| {
                    MeasureError::asked("video_id", format!("{id} is not among the videos that are compared"))
                })?;
            (
                AgeBand::of(&video).unwrap_or(AgeBand::All),
                video.counts.plays.map(Count::value),
                engagement(&video.counts),
            )
        }
        None if asked.plays.is_none() && asked.engagement.is_none() => return Ok(None),
        None => (AgeBand::All, asked.plays, asked.engagement),
    };
    let group = made.group(age);
    Ok(Some(StandingView {
        video_id: asked.video.map(|id| id.to_string()),
        age: age.name(),
        plays,
        plays_percentile: plays.and_then(|plays| group.rank_of_plays(plays)),
        engagement: rate,
        engagement_percentile: rate.and_then(|rate| group.rank_of_engagement(rate)),
    }))
}
