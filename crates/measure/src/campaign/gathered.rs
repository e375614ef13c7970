//! Stored data of a campaign: for each hashtag its record, its series and a sample of its videos, after the filter.

use crate::sample::{Sample, is_within};
use crate::series::HashtagSeries;
use crate::{Measure, MeasureError};
use catalog::HashtagRef;
use domain::campaign::{Baseline, CampaignFilter};
use domain::metrics::Buckets;
use domain::metrics::engagement::VideoFigures;
use domain::metrics::history::Step;
use domain::{Creator, Hashtag, HashtagRow, Tag, Timestamp};
use std::collections::BTreeSet;
use store::campaigns::Campaign;
use store::forget::HandleOwner;
use store::samples::{SamplePart, SampledVideo};
use store::videos::VideoRow;

const MS_OF_A_DAY: i64 = 86_400_000;
/// Longest campaign that is shown by day, in days.
const BY_DAY_MAX: i64 = 62;

/// Side of a hashtag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    Own,
    Rival,
}

impl Party {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Rival => "rival",
        }
    }
}

/// A hashtag of a campaign.
pub(super) struct Member {
    pub(super) tag: Tag,
    pub(super) party: Party,
    pub(super) stored: Option<StoredMember>,
}

/// Stored data of a hashtag.
pub(super) struct StoredMember {
    pub(super) hashtag: Hashtag,
    pub(super) series: HashtagSeries,
    /// Its videos of all times, after the filter.
    pub(super) sample: Sample,
    /// Its videos of the campaign's time that the filter leaves out.
    pub(super) left_out: Vec<VideoRow>,
}

/// Stored data of a campaign.
pub(super) struct Gathered {
    /// The own hashtags first.
    pub(super) members: Vec<Member>,
    pub(super) from: Timestamp,
    /// The last moment that is measured; `None` before the campaign begins.
    pub(super) until: Option<Timestamp>,
    pub(super) now: Timestamp,
    pub(super) baseline: Baseline,
    /// Days or weeks of its time zone.
    pub(super) by: Buckets,
}

impl Gathered {
    pub(super) fn own(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.party == Party::Own)
    }

    pub(super) fn rivals(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.party == Party::Rival)
    }

    /// Returns the stored members.
    pub(super) fn stored(&self) -> impl Iterator<Item = &StoredMember> {
        self.members.iter().filter_map(|member| member.stored.as_ref())
    }

    /// Returns the beginning of the baseline.
    pub(super) fn baseline_from(&self) -> Timestamp {
        self.baseline.begins(self.from)
    }

    /// Returns true if a video was posted in the time of the campaign so far.
    pub(super) fn is_within(&self, video: &SampledVideo) -> bool {
        self.until.is_some_and(|until| is_within(video, Some(self.from), Some(until)))
    }

    /// Returns the videos under the own hashtags of all times, each once, ascending by row.
    pub(super) fn own_videos(&self) -> Vec<&SampledVideo> {
        let own = self.own().filter_map(|member| member.stored.as_ref());
        let mut videos: Vec<&SampledVideo> = own.flat_map(|member| member.sample.iter()).collect();
        videos.sort_unstable_by_key(|video| video.row());
        videos.dedup_by_key(|video| video.row());
        videos
    }

    /// Returns the number of videos under the own hashtags that the filter leaves out, each once.
    pub(super) fn left_out(&self) -> u64 {
        let own = self.own().filter_map(|member| member.stored.as_ref());
        let rows: BTreeSet<VideoRow> = own.flat_map(|member| member.left_out.iter().copied()).collect();
        rows.len() as u64
    }

    /// Returns the names of all hashtags.
    pub(super) fn names(&self) -> Vec<&str> {
        self.members.iter().map(|member| member.tag.name()).collect()
    }
}

impl StoredMember {
    /// Returns the videos of a campaign's time as formulas take them, ascending by row.
    pub(super) fn videos<'g>(
        &'g self,
        gathered: &'g Gathered,
    ) -> impl Iterator<Item = (VideoRow, VideoFigures)> + 'g {
        let within = self.sample.iter().filter(|video| gathered.is_within(video));
        within.map(|video| (video.row(), video.figures()))
    }
}

/// Hashtags and creators whose videos are left out.
struct OffTopic {
    tags: Vec<HashtagRow>,
    creators: BTreeSet<Creator>,
}

impl OffTopic {
    fn has(&self, video: &SampledVideo, tags: &[HashtagRow]) -> bool {
        video.author().is_some_and(|author| self.creators.contains(&author))
            || tags.iter().any(|tag| self.tags.contains(tag))
    }

    fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.creators.is_empty()
    }
}

impl Measure {
    /// Reads the stored data of a campaign.
    pub(super) async fn gathered(&self, campaign: &Campaign) -> Result<Gathered, MeasureError> {
        let now = self.now();
        let settings = &campaign.settings;
        let (from, until) = (settings.span.from(), settings.span.until(now));
        let off_topic = self.off_topic(settings.plan.filter()).await?;
        let own = settings.plan.own().iter().map(|tag| (tag, Party::Own));
        let rivals = settings.plan.rivals().iter().map(|tag| (tag, Party::Rival));
        let mut found = Vec::new();
        for (tag, party) in own.chain(rivals) {
            let hashtag = self.known_by_ref(&HashtagRef::Key(tag.key().clone())).await?;
            found.push((tag.clone(), party, hashtag));
        }
        let known: Vec<Hashtag> = found.iter().filter_map(|(.., hashtag)| hashtag.clone()).collect();
        let part = SamplePart::Creators(self.same_part(&known));
        let mut members = Vec::with_capacity(found.len());
        for (tag, party, hashtag) in found {
            let stored = match hashtag {
                Some(hashtag) => Some(self.member(hashtag, part, &off_topic, (from, until)).await?),
                None => None,
            };
            members.push(Member { tag, party, stored });
        }
        let days = until.map_or(0, |until| (until.as_ms() - from.as_ms()) / MS_OF_A_DAY);
        let step = if days <= BY_DAY_MAX { Step::Day } else { Step::Week };
        let by = Buckets { step, zone: settings.plan.tz().clone() };
        Ok(Gathered { members, from, until, now, baseline: settings.baseline, by })
    }

    async fn member(
        &self,
        hashtag: Hashtag,
        part: SamplePart,
        off_topic: &OffTopic,
        (from, until): (Timestamp, Option<Timestamp>),
    ) -> Result<StoredMember, MeasureError> {
        let series = self.series(hashtag.row).await?;
        let sample = self.sample_of(&hashtag, part, |video, tags| !off_topic.has(video, tags)).await?;
        let left_out = if off_topic.is_empty() || until.is_none() {
            Vec::new()
        } else {
            let is_out = |video: &SampledVideo, tags: &[HashtagRow]| {
                is_within(video, Some(from), until) && off_topic.has(video, tags)
            };
            let out = self.sample_of(&hashtag, part, is_out).await?;
            out.iter().map(SampledVideo::row).collect()
        };
        Ok(StoredMember { hashtag, series, sample, left_out })
    }

    async fn off_topic(&self, filter: &CampaignFilter) -> Result<OffTopic, MeasureError> {
        let mut tags = Vec::new();
        for tag in &filter.not_tags {
            let found = self.inner.catalog.hashtag(&HashtagRef::Key(tag.key().clone())).await?;
            tags.extend(found.map(|hashtag| hashtag.row));
        }
        let mut creators: BTreeSet<Creator> =
            filter.not_creators.iter().filter_map(|creator| creator.id()).map(Creator::from).collect();
        let handles: Vec<_> = filter.not_creators.iter().filter_map(|creator| creator.handle()).collect();
        for (handle, owner) in self.inner.store.owners_of(&handles).await? {
            creators.insert(Creator::from(handle));
            if let HandleOwner::Creator(creator) = owner {
                creators.insert(creator);
            }
        }
        Ok(OffTopic { tags, creators })
    }
}
