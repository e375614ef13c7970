//! Campaigns: measured from stored data, and created and changed by their owners.
//!
//! Reading order: `record` and `view` (the answers), `order` (what an owner sets), `gathered` (stored data of the hashtags),
//! then a file for each part: `effect`, `members`, `people`, `voice`, `goals`; `unknown`, `footnotes` and `sentences` put
//! them in words. The formulas are in `domain::metrics::campaign`.

mod effect;

mod footnotes;

mod gathered;

mod goals;

mod members;

mod order;

mod people;

mod record;

mod sentences;

mod unknown;

mod view;

mod voice;

pub use order::{
    CAMPAIGNS_PER_PAGE, CampaignError, CampaignOrder, CampaignPage, CampaignPatch, CheckedCampaign,
};
pub use record::{CampaignGoalsView, CampaignRecord};
pub use view::{
    CampaignGoalView, CampaignHashtagView, CampaignIncrementView, CampaignPointView, CampaignVideoView,
    CampaignView, CampaignVoiceView, ControlsView, FootnoteView, IncrementView, ParticipationDayView,
    ParticipationView, PeriodView, ReadingGapView, ReportedGainView, SentenceView, TogetherView,
    VoiceBaseView, VoicePointView,
};

use crate::annotations::{Curve, MarkView};
use crate::view::{CaveatView, Meta, SAMPLE_VIDEOS_MIN};
use crate::{AnnotationView, Measure, MeasureError, compare};
use domain::annotations::{ANNOTATIONS, Shifted};
use domain::caveat::Caveat;
use domain::{CaveatSet, SourceSet, TagKey};
use footnotes::Footnotes;
use gathered::{Gathered, Party};
use sentences::Numbers;
use store::campaigns::Campaign;

impl Measure {
    /// Measures a campaign from stored data, up to now.
    pub async fn campaign(&self, campaign: &Campaign) -> Result<CampaignView, MeasureError> {
        let gathered = self.gathered(campaign).await?;
        let plan = &campaign.settings.plan;
        let effects = effect::effects(&gathered);
        let hashtags = members::views(&gathered, &effects);
        let of = |party: Party| {
            hashtags.iter().filter(move |hashtag| hashtag.side == party.name()).collect::<Vec<_>>()
        };
        let increment = CampaignIncrementView::of(&gathered, &effects);
        let participation = self.participation(&gathered).await?;
        let voice = voice::voice(&gathered);
        let names = gathered.names();
        let overlap =
            voice.as_ref().map(|voice| compare::overlaps(&names, &voice.whole, None)).unwrap_or_default();
        let time_passed = campaign.settings.span.share_passed(gathered.now);
        let goals = goals::goals(plan.goals(), &of(Party::Own), participation.as_ref(), time_passed);
        let footnotes = Footnotes::of(&gathered, &hashtags, participation.as_ref());
        let numbers = Numbers {
            own: of(Party::Own),
            rivals: of(Party::Rival),
            increment: &increment,
            participation: participation.as_ref(),
            voice: voice.as_ref().map(|voice| &voice.view),
            overlap: &overlap,
            goals: &goals,
            footnotes: &footnotes,
        };
        let sentences = numbers.sentences();
        Ok(CampaignView {
            campaign: CampaignRecord::of(campaign, gathered.now),
            measured_at: gathered.now,
            period: gathered.until.map(|to| PeriodView { from: gathered.from, to }),
            time_passed,
            unknown: unknown::unknown(&gathered, plan, &hashtags, participation.as_ref()),
            annotations: annotations(&gathered),
            own_annotations: self.own_annotations(campaign, &gathered).await?,
            caveats: caveats(&gathered, participation.as_ref()),
            hashtags,
            increment,
            participation,
            share_of_voice: voice.map(|voice| voice.view),
            overlap,
            goals,
            sentences,
            footnotes: footnotes.list,
        })
    }
}

impl Measure {
    /// Returns the own annotations on a campaign and its own hashtags.
    async fn own_annotations(
        &self,
        campaign: &Campaign,
        gathered: &Gathered,
    ) -> Result<Vec<MarkView>, MeasureError> {
        let plan = &campaign.settings.plan;
        let tags: Vec<TagKey> = plan.own().iter().map(|tag| tag.key().clone()).collect();
        let span = (gathered.baseline_from(), gathered.until.unwrap_or(gathered.now));
        let curve = Curve { tags: &tags, campaign: Some(campaign.id), span };
        self.marks(Some(campaign.account_id), curve, |_| false).await
    }
}

/// Returns the events of the platform that can shift the growth of views, creators or videos, from the baseline on.
fn annotations(gathered: &Gathered) -> Vec<AnnotationView> {
    let sources = gathered.stored().fold(SourceSet::default(), |all, one| {
        all.union(one.series.sources).union(one.hashtag.observed.sources)
    });
    let (from, to) = (gathered.baseline_from(), gathered.until.unwrap_or(gathered.now));
    let shifts = |event: &&domain::annotations::Annotation| {
        let numbers = [Shifted::Views, Shifted::Creators, Shifted::Videos, Shifted::CoOccurrence];
        event.is_within(from, to) && numbers.into_iter().any(|number| event.can_shift(number, sources.iter()))
    };
    ANNOTATIONS.iter().filter(shifts).map(AnnotationView::from).collect()
}

/// Returns the limitations of the numbers.
fn caveats(gathered: &Gathered, participation: Option<&ParticipationView>) -> Vec<CaveatView> {
    let mut meta = Meta::default();
    meta.say_of_readings(
        gathered.stored().fold(CaveatSet::default(), |all, one| all.union(one.hashtag.observed.caveats)),
    );
    for stored in gathered.stored() {
        stored.sample.part_caveat().into_iter().for_each(|caveat| meta.say(caveat));
        if stored.hashtag.observed.by_handle > 0 {
            meta.say(Caveat::CreatorsByHandle);
        }
        if stored.series.views.repairs().iter().any(|(_, readings)| *readings > 0) {
            meta.say(Caveat::Repaired);
        }
    }
    if gathered.rivals().next().is_some() {
        meta.say(Caveat::ObservedShares);
    }
    if participation.is_some_and(|seen| seen.concentration.is_none() && seen.creators > 0) {
        meta.say(Caveat::TooFewValues);
    }
    if participation.is_some_and(|seen| seen.videos < SAMPLE_VIDEOS_MIN) {
        meta.say(Caveat::SmallSample);
    }
    meta.say_as_read(gathered.stored().map(|one| &one.hashtag));
    meta.caveats
}

/// Rounds to whole numbers.
fn whole(number: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "counts are far below 2^63, and a larger number saturates"
    )]
    let rounded = number.round() as i64;
    rounded
}
