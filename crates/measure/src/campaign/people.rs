//! Participation in a campaign: videos and creators of the own hashtags, new creators a day, and those who carried it.

use super::gathered::Gathered;
use super::view::{CampaignVideoView, ParticipationDayView, ParticipationView};
use crate::creators::{ConcentrationView, as_real, put_first, share, tally};
use crate::{CreatorView, Measure, MeasureError};
use domain::Basis;
use domain::count::checked_sum;
use domain::metrics::campaign::participation;
use domain::metrics::concentration::concentration;
use domain::metrics::engagement::{VideoFigures, interactions};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use store::samples::SampledVideo;
use store::videos::{VideoRow, VideoUnder};

/// Creators and videos that are listed.
const TOP_MAX: usize = 10;

impl Measure {
    /// Returns the participation in a campaign; `None` before it begins.
    pub(super) async fn participation(
        &self,
        gathered: &Gathered,
    ) -> Result<Option<ParticipationView>, MeasureError> {
        let Some(until) = gathered.until else { return Ok(None) };
        let all = gathered.own_videos();
        let figures: Vec<VideoFigures> = all.iter().map(|video| video.figures()).collect();
        let found = participation(&figures, gathered.from, until, &gathered.by.zone);
        let videos: Vec<&SampledVideo> = all.into_iter().filter(|video| gathered.is_within(video)).collect();
        let plays: u128 = videos.iter().filter_map(|video| video.plays()).map(u128::from).sum();
        let are_plays_known = videos.iter().any(|video| video.plays().is_some());
        let acted: Vec<u64> =
            videos.iter().filter_map(|video| interactions(&video.figures().counts)).collect();
        let day = |day: &domain::metrics::campaign::ParticipationDay| ParticipationDayView {
            at: day.begins_at,
            date: day.day.to_string(),
            videos: day.videos,
            creators: day.creators,
            new_creators: day.new_creators,
        };
        let mut by_creator: Vec<f64> =
            tally(videos.iter().copied()).iter().filter_map(|tally| tally.plays).map(as_real).collect();
        Ok(Some(ParticipationView {
            basis: Basis::Observed.name(),
            videos: found.videos,
            creators: found.creators,
            new_creators: found.new_creators,
            videos_without_creator: found.videos_without_creator,
            videos_without_time: found.videos_without_time,
            left_out: gathered.left_out(),
            plays: are_plays_known.then(|| checked_sum(plays)).flatten(),
            engagement: (!acted.is_empty())
                .then(|| checked_sum(acted.iter().copied().map(u128::from).sum()))
                .flatten(),
            observed_at: videos.iter().filter_map(|video| video.observed_at()).max(),
            days: found.days.iter().map(day).collect(),
            top_creators: self.top_creators(&videos, plays).await?,
            top_videos: self.top_videos(gathered, &videos, plays).await?,
            concentration: concentration(&mut by_creator).map(ConcentrationView::from),
        }))
    }

    async fn top_creators(
        &self,
        videos: &[&SampledVideo],
        all_plays: u128,
    ) -> Result<Vec<CreatorView>, MeasureError> {
        let mut creators = tally(videos.iter().copied());
        put_first(&mut creators, TOP_MAX, |a, b| {
            (b.plays, b.videos, a.author).cmp(&(a.plays, a.videos, b.author))
        });
        creators.truncate(TOP_MAX);
        self.creator_views(&creators, videos.iter().copied(), all_plays, videos.len() as u64).await
    }

    async fn top_videos(
        &self,
        gathered: &Gathered,
        videos: &[&SampledVideo],
        all_plays: u128,
    ) -> Result<Vec<CampaignVideoView>, MeasureError> {
        let mut top: Vec<&SampledVideo> =
            videos.iter().copied().filter(|video| video.plays().is_some()).collect();
        put_first(&mut top, TOP_MAX, |a, b| {
            (Reverse(a.plays()), Reverse(a.id())).cmp(&(Reverse(b.plays()), Reverse(b.id())))
        });
        top.truncate(TOP_MAX);
        let found: BTreeMap<VideoRow, VideoUnder> = gathered
            .own()
            .filter_map(|member| member.stored.as_ref())
            .flat_map(|member| {
                let wanted = |video: &&SampledVideo| top.iter().any(|one| one.row() == video.row());
                let under = |video: &SampledVideo| (video.row(), video.to_video(member.sample.tags(video)));
                member.sample.iter().filter(wanted).map(under).collect::<Vec<_>>()
            })
            .collect();
        let shown: Vec<VideoUnder> =
            top.iter().filter_map(|video| found.get(&video.row()).cloned()).collect();
        let views = self.video_views(&shown).await?;
        let view = |video: crate::VideoMeasuredView| CampaignVideoView {
            plays_share: video.plays.and_then(|plays| share(plays, all_plays)),
            video,
        };
        Ok(views.into_iter().map(view).collect())
    }
}
