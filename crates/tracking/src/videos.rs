//! Top videos of a tracker's hashtag: those with the most plays of all that are stored, and how much they gained between
//! their last two readings. Observed: added up from videos, never TikTok's totals.

use crate::gaps::{GAPS_PER_PAGE, GapView};
use crate::view::WalksView;
use crate::{Tracking, TrackingError};
use domain::tracking::TargetKey;
use domain::{AccountId, Count, HashtagRow, Timestamp, TrackerId, VideoId};
use serde::Serialize;
use store::samples::SamplePart;
use store::tracked::SpansOf;
use utoipa::ToSchema;

/// Videos that are shown of a tracker which reads none: those that imports and requests brought.
const SHOWN_WITHOUT_WALKS: u32 = 20;

/// The top videos of a hashtag of a tracker.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = TrackerVideos)]
pub struct VideosView {
    /// Name of the hashtag.
    #[schema(example = "cat")]
    pub hashtag: String,
    /// Depth of a walk, in videos; `null` for a tracker that does not walk.
    #[schema(example = 200)]
    pub depth: Option<u32>,
    /// Its walks; `null` for a tracker that does not walk.
    pub walks: Option<WalksView>,
    /// Slots without a walk, newest first, at most 100.
    pub gaps: Vec<GapView>,
    /// Videos, most plays first.
    pub videos: Vec<TopVideoView>,
}

/// A video and its gain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TrackerVideo)]
pub struct TopVideoView {
    /// TikTok's id.
    #[schema(example = "7106594312292453675")]
    pub id: String,
    /// Plays at the newest reading.
    #[schema(example = 1_500)]
    pub plays: u64,
    /// Time of that reading; `null` if no reading has a time.
    pub read_at: Option<Timestamp>,
    /// Plays at the reading before it; `null` if there is only one.
    #[schema(example = 1_200)]
    pub plays_before: Option<u64>,
    /// Time of the reading before it.
    pub read_before_at: Option<Timestamp>,
    /// Gain between the two; negative if TikTok counts fewer now.
    #[schema(example = 300)]
    pub gain: Option<i64>,
    /// True if one of the two was rounded for display, so that the gain is, too.
    pub rounded: bool,
}

impl Tracking {
    /// Returns the top videos of a hashtag of a tracker; it may be left out where there is only one.
    pub async fn videos(
        &self,
        account_id: AccountId,
        id: TrackerId,
        hashtag: Option<&str>,
    ) -> Result<VideosView, TrackingError> {
        let (tracker, tracked) = self.tracked_named(account_id, id, hashtag).await?;
        let Some(tag) = tracked.target.hashtag() else {
            let why = "a keyword has no videos; name a hashtag".to_owned();
            return Err(TrackingError::Field { field: "hashtag", why });
        };
        let (mut walks, mut gaps) = (None, Vec::new());
        if let Some(videos) = tracker.settings.videos {
            let key = TargetKey::videos(tag.key(), videos.depth);
            let walked = self.store().tracked_hashtag(account_id, id, &key).await?;
            walks = walked.as_ref().map(WalksView::from);
            let limit = GAPS_PER_PAGE;
            let spans = self.store().tracker_spans(account_id, id, &key, SpansOf::Gaps, None, limit).await?;
            gaps = spans.iter().filter_map(GapView::of).collect();
        }
        let shown = tracker.settings.videos.map_or(SHOWN_WITHOUT_WALKS, |videos| videos.shown);
        let videos = match self.store().hashtag_by_key(tag.key()).await? {
            Some(hashtag) => self.top_videos(hashtag.row, shown).await?,
            None => Vec::new(),
        };
        let depth = tracker.settings.videos.map(|videos| videos.depth.get());
        Ok(VideosView { hashtag: tag.name().to_owned(), depth, walks, gaps, videos })
    }

    async fn top_videos(&self, hashtag: HashtagRow, shown: u32) -> Result<Vec<TopVideoView>, TrackingError> {
        let sample = self.store().sample(hashtag, SamplePart::MostPlayed(shown)).await?;
        let mut most: Vec<(u64, VideoId)> =
            sample.videos().iter().filter_map(|video| Some((video.plays()?, video.id()))).collect();
        most.sort_by(|a, b| b.cmp(a));
        let mut videos = Vec::with_capacity(most.len());
        for (plays, id) in most {
            videos.push(self.top_video(id, plays).await?);
        }
        Ok(videos)
    }

    async fn top_video(&self, id: VideoId, plays: u64) -> Result<TopVideoView, TrackingError> {
        let readings = self.store().video_snapshots(id, None, u32::MAX).await?;
        let mut newest =
            readings.iter().rev().filter_map(|reading| Some((reading.observed_at, reading.counts.plays?)));
        let (last, before) = (newest.next(), newest.next());
        let is_rounded =
            |reading: Option<(Timestamp, Count)>| reading.is_some_and(|(_, plays)| plays.is_rounded());
        let gained = |(_, now): (Timestamp, Count), (_, then): (Timestamp, Count)| {
            i64::try_from(i128::from(now.value()) - i128::from(then.value())).ok()
        };
        Ok(TopVideoView {
            id: id.to_string(),
            plays: last.map_or(plays, |(_, plays)| plays.value()),
            read_at: last.map(|(at, _)| at),
            plays_before: before.map(|(_, plays)| plays.value()),
            read_before_at: before.map(|(at, _)| at),
            gain: last.zip(before).and_then(|(last, before)| gained(last, before)),
            rounded: is_rounded(last) || is_rounded(before),
        })
    }
}
