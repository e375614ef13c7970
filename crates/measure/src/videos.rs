//! The videos under a hashtag in numbers, filtered and sorted.

use crate::Measure;
use crate::creators::{as_real, put_first};
use crate::parameters::{
    MinimumNumber, Number, OptionalTagText, RegionText, TimeText, VideoSortName, by, one_of,
};
use crate::sample::is_within;
use crate::{LIMIT_MAX, MeasureError, Measured, Meta, Place};
use catalog::HashtagRef;
use clap::Args;
use domain::metrics::engagement::engagement;
use domain::{Count, Creator, Hashtag, HashtagRow, Moment, Region, Timestamp, VideoId, fragment};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::StoreError;
use store::samples::{SamplePart, SampledVideo};
use store::videos::{VideoRow, VideoUnder};
use strum::{Display, IntoStaticStr, VariantArray};
use utoipa::{IntoParams, ToSchema};

const MS_OF_A_DAY: f64 = 86_400_000.0;

/// The order of videos, highest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, Display, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum VideoSort {
    /// Plays.
    #[default]
    Plays,
    /// Time of the post.
    Newest,
    /// Engagement rate.
    Engagement,
    /// Plays per day from the post to the newest reading.
    Velocity,
}

impl VideoSort {
    /// Returns its name in requests.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the sort value of a video; `None` if it is unknown, and then the video is left out.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are far below 2^53")]
    fn value(self, video: &SampledVideo) -> Option<f64> {
        match self {
            Self::Plays => video.plays().map(as_real),
            Self::Newest => video.created_at().map(|at| at.as_ms() as f64),
            Self::Engagement => engagement(&video.figures().counts),
            Self::Velocity => velocity(video.plays(), video.created_at(), video.observed_at()),
        }
    }
}

/// Returns plays per day from the post to the reading; `None` within the first hour.
fn velocity(
    plays: Option<u64>,
    created_at: Option<Timestamp>,
    observed_at: Option<Timestamp>,
) -> Option<f64> {
    const AGE_MS_MIN: i64 = 3_600_000;
    let age_ms = observed_at?.as_ms().checked_sub(created_at?.as_ms())?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are far below 2^53")]
    let age_days = age_ms as f64 / MS_OF_A_DAY;
    plays.filter(|_| age_ms >= AGE_MS_MIN).map(|plays| as_real(plays) / age_days)
}

/// Question: the videos under a hashtag.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct VideosQuery {
    /// Order of the rows, highest first; `velocity` is plays per day since the video was posted. Leaves out videos whose
    /// value is unknown.
    #[arg(long, default_value_t, value_parser = one_of::<VideoSort>())]
    #[param(inline, value_type = VideoSortName, required = false)]
    pub sort: VideoSort,
    /// Posted at or after this: a day, a moment, or a length of time back from now such as `30d` or `6mo`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, example = "30d", required = false)]
    pub since: Option<Moment>,
    /// Posted at or before this; a day is included.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, required = false)]
    pub until: Option<Moment>,
    /// Posted under this country: two letters.
    #[arg(long, value_name = "COUNTRY")]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = RegionText, example = "US", required = false)]
    pub region: Option<Region>,
    /// With at least this many plays.
    #[arg(long, value_name = "N", default_value_t)]
    #[param(inline, value_type = MinimumNumber, required = false)]
    pub min_plays: Number,
    /// With this hashtag too.
    #[arg(long, value_name = "NAME|ID")]
    #[param(inline, value_type = OptionalTagText, example = "dog", required = false)]
    pub also: Option<String>,
    /// Without this hashtag.
    #[arg(long, value_name = "NAME|ID")]
    #[param(inline, value_type = OptionalTagText, required = false)]
    pub not: Option<String>,
    /// Rows per page at most.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub limit: u32,
    /// The row that the page follows.
    #[arg(skip)]
    #[serde(skip)]
    #[param(ignore)]
    pub after: Option<Place>,
}

/// Names of hashtags, ascending by their rows.
pub(super) type Names = Vec<(HashtagRow, Arc<str>)>;

/// A video in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MeasuredVideo)]
pub struct VideoMeasuredView {
    /// TikTok's id.
    pub id: String,
    /// Caption.
    pub title: String,
    /// Time of the post, if known.
    pub created_at: Option<Timestamp>,
    /// Country of the post, if known.
    pub region: Option<String>,
    /// TikTok's id of its creator, if known.
    pub creator_id: Option<String>,
    /// Handle of its creator, if known.
    pub creator: Option<String>,
    /// Time of its newest reading, if known.
    pub observed_at: Option<Timestamp>,
    /// Plays; `null` if unknown, as the other counts.
    pub plays: Option<u64>,
    /// Likes.
    pub likes: Option<u64>,
    /// Comments.
    pub comments: Option<u64>,
    /// Shares.
    pub shares: Option<u64>,
    /// Saves.
    pub saves: Option<u64>,
    /// Likes, comments, shares and saves per play.
    pub engagement: Option<f64>,
    /// Plays per day from the post to the newest reading.
    pub velocity: Option<f64>,
    /// True if any of its counts was rounded for display.
    pub rounded: bool,
    /// Its hashtags.
    pub hashtags: Vec<String>,
}

impl Measure {
    /// Returns a page of the videos under a hashtag. Values may change between two pages, so that a video
    /// moves.
    pub async fn videos(
        &self,
        hashtag: &Hashtag,
        query: &VideosQuery,
    ) -> Result<Measured<Vec<VideoMeasuredView>>, MeasureError> {
        let also = self.other(query.also.as_deref(), "also").await?;
        let not = self.other(query.not.as_deref(), "not").await?;
        let part = match query.sort {
            VideoSort::Plays => self.most_played_part(hashtag),
            _ => SamplePart::Creators(self.part_of(hashtag)),
        };
        let now = self.now();
        let since = query.since.map(|since| since.begin(now));
        let until = query.until.map(|until| until.end(now));
        let wanted = |video: &SampledVideo, tags: &[HashtagRow]| {
            is_within(video, since, until) && is_wanted(video, tags, query, also, not)
        };
        let sample = self.sample_of(hashtag, part, wanted).await?;
        let is_behind = |value: f64, id: VideoId| {
            query
                .after
                .is_none_or(|place| value < place.value || (value <= place.value && id.get() < place.number))
        };
        let valued = |video| Some((query.sort.value(video)?, video));
        let mut videos: Vec<(f64, &SampledVideo)> =
            sample.iter().filter_map(valued).filter(|(value, video)| is_behind(*value, video.id())).collect();
        let limit = query.limit.clamp(1, LIMIT_MAX) as usize;
        put_first(&mut videos, limit, |(a, one), (b, other)| b.total_cmp(a).then(other.id().cmp(&one.id())));
        let has_more = videos.len() > limit;
        videos.truncate(limit);
        let place = |(value, video): &(f64, &SampledVideo)| Place { value: *value, number: video.id().get() };
        let next = videos.last().filter(|_| has_more).map(place);
        let shown: Vec<VideoUnder> =
            videos.into_iter().map(|(_, video)| video.to_video(sample.tags(video))).collect();
        let data = self.video_views(&shown).await?;
        let mut meta = Meta::of_sample(&sample, hashtag);
        meta.available = self.available_posts(hashtag, data.is_empty()).await?;
        Ok(Measured { data, meta, next })
    }

    /// Returns the hashtag of `also` or `not`. One that is not stored matches no video.
    async fn other(
        &self,
        text: Option<&str>,
        param: &'static str,
    ) -> Result<Option<Option<HashtagRow>>, MeasureError> {
        let Some(text) = text else { return Ok(None) };
        HashtagRef::candidates(text)
            .map_err(|why| MeasureError::parameter(param, format!("{text:?} is not a hashtag: {why}")))?;
        Ok(Some(self.inner.catalog.find(text).await?.map(|hashtag| hashtag.row)))
    }

    /// Returns the packed JSON of each video, and all their hashtags, each once and ascending.
    pub(super) async fn packed_with_tags(
        &self,
        videos: &[VideoUnder],
    ) -> Result<(Vec<Vec<u8>>, Vec<HashtagRow>), StoreError> {
        let rows: Vec<VideoRow> = videos.iter().map(|video| video.row).collect();
        let packed = self.inner.store.packed(&rows).await?;
        let mut tags: Vec<HashtagRow> = videos.iter().flat_map(|video| video.tags.iter().copied()).collect();
        tags.sort_unstable();
        tags.dedup();
        Ok((packed, tags))
    }

    pub(super) async fn video_views(
        &self,
        videos: &[VideoUnder],
    ) -> Result<Vec<VideoMeasuredView>, MeasureError> {
        let (packed, tags) = self.packed_with_tags(videos).await?;
        let hashtags = self.inner.store.hashtags(&tags).await?;
        let names = hashtags.iter().map(|hashtag| (hashtag.row, hashtag.tag.name().into())).collect();
        Ok(videos.iter().zip(packed).map(|(video, packed)| view(video, &packed, &names)).collect())
    }
}

fn is_wanted(
    video: &SampledVideo,
    tags: &[HashtagRow],
    query: &VideosQuery,
    also: Option<Option<HashtagRow>>,
    not: Option<Option<HashtagRow>>,
) -> bool {
    let has = |row: Option<HashtagRow>| row.is_some_and(|row| tags.contains(&row));
    query.region.is_none_or(|region| video.region() == Some(region))
        && (query.min_plays.get() == 0 || video.plays().is_some_and(|plays| plays >= query.min_plays.get()))
        && also.is_none_or(has)
        && !not.is_some_and(has)
}

fn name_of(row: HashtagRow, names: &Names) -> Option<&str> {
    let place = names.binary_search_by_key(&row, |(row, _)| *row).ok()?;
    Some(&names[place].1)
}

/// Renders a video in numbers, with data from its packed JSON and the names of its hashtags.
pub(super) fn view(video: &VideoUnder, packed: &[u8], names: &Names) -> VideoMeasuredView {
    let label = fragment::label(packed).unwrap_or_default();
    let count = |count: Option<Count>| count.map(Count::value);
    let counts = &video.counts;
    VideoMeasuredView {
        id: video.id.to_string(),
        title: label.title,
        created_at: video.created_at,
        region: video.region.map(|region| region.to_string()),
        creator_id: video.author.and_then(Creator::id).map(|id| id.to_string()),
        creator: Some(label.author).filter(|name| !name.is_empty()),
        observed_at: video.observed_at,
        plays: count(counts.plays),
        likes: count(counts.likes),
        comments: count(counts.comments),
        shares: count(counts.shares),
        saves: count(counts.saves),
        engagement: engagement(counts),
        velocity: velocity(counts.plays.map(Count::value), video.created_at, video.observed_at),
        rounded: counts.to_array().into_iter().flatten().any(Count::is_rounded),
        hashtags: video.tags.iter().filter_map(|row| name_of(*row, names)).map(str::to_owned).collect(),
    }
}
