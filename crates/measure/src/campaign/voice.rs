//! Share of voice of a campaign's hashtags over time: of the reported growth of views, and of the stored videos on four bases.

use super::gathered::{Gathered, Party};
use super::view::{CampaignVoiceView, VoiceBaseView, VoicePointView};
use crate::creators::as_real;
use domain::Basis;
use domain::metrics::engagement::VideoFigures;
use domain::metrics::history::{Mode, history};
use domain::metrics::share_of_voice::{Base, ShareOfVoice, share_of_voice, shares};
use domain::{Timestamp, campaign};
use std::collections::BTreeMap;
use store::videos::VideoRow;

const _: () =
    assert!(campaign::OWN_MAX + campaign::RIVALS_MAX <= domain::metrics::share_of_voice::HASHTAGS_MAX);

/// Videos of each hashtag, ascending by row.
type Videos = Vec<Vec<(VideoRow, VideoFigures)>>;

/// Shares and overlap of a campaign.
pub(super) struct Voice {
    pub(super) view: CampaignVoiceView,
    /// Shares and overlap of the whole period.
    pub(super) whole: ShareOfVoice,
}

/// Returns the shares over time; `None` before the campaign begins.
pub(super) fn voice(gathered: &Gathered) -> Option<Voice> {
    let until = gathered.until?;
    let videos: Videos = gathered
        .members
        .iter()
        .map(|member| member.stored.iter().flat_map(|stored| stored.videos(gathered)).collect())
        .collect();
    let whole = share_of_voice(videos.iter().map(|videos| videos.iter().copied()));
    let buckets = buckets(gathered, until, videos);
    let by_bucket: Vec<(Timestamp, ShareOfVoice)> =
        buckets.into_iter().map(|(at, videos)| (at, share_of_voice(videos))).collect();
    let observed = Base::ALL.map(|base| VoiceBaseView {
        base: base.name(),
        basis: Basis::Observed.name(),
        own: own(gathered, whole.on(base)),
        shares: whole.on(base).to_vec(),
        points: by_bucket.iter().map(|(at, voice)| point(gathered, *at, voice.on(base).to_vec())).collect(),
    });
    let moments: Vec<Timestamp> = by_bucket.iter().map(|(at, _)| *at).collect();
    let view = CampaignVoiceView {
        step: gathered.by.step.name(),
        hashtags: gathered.names().into_iter().map(str::to_owned).collect(),
        own_hashtags: gathered.own().count() as u64,
        bases: std::iter::once(reported(gathered, until, &moments)).chain(observed).collect(),
        videos: whole.videos,
    };
    Some(Voice { view, whole })
}

/// Returns every day or week of the campaign with the videos that were posted in it.
fn buckets(gathered: &Gathered, until: Timestamp, videos: Videos) -> BTreeMap<Timestamp, Videos> {
    let by = &gathered.by;
    let empty = || vec![Vec::new(); videos.len()];
    let mut buckets = BTreeMap::new();
    let mut at = by.begin(gathered.from);
    while at <= until {
        buckets.insert(at, empty());
        let Some(next) = by.next(at) else { break };
        at = next;
    }
    for (member, videos) in videos.into_iter().enumerate() {
        for (row, video) in videos {
            let Some(created) = video.created else { continue };
            if let Some(bucket) = buckets.get_mut(&by.begin(created)) {
                bucket[member].push((row, video));
            }
        }
    }
    buckets
}

/// Returns the shares of the reported growth of views. Without the growth of each hashtag no share is known.
fn reported(gathered: &Gathered, until: Timestamp, moments: &[Timestamp]) -> VoiceBaseView {
    let gains: Vec<Option<f64>> = gathered
        .members
        .iter()
        .map(|member| {
            let views = &member.stored.as_ref()?.series.views;
            views.at(gathered.from)?;
            views.gain(gathered.from, until).map(|gain| as_real(gain.gain))
        })
        .collect();
    let points: Vec<BTreeMap<Timestamp, f64>> = gathered
        .members
        .iter()
        .map(|member| {
            let Some(stored) = &member.stored else { return BTreeMap::new() };
            let views = &stored.series.views;
            let points = history(views, &gathered.by, Mode::Gain, Some(gathered.from), Some(until));
            let known = points.iter().filter(|point| point.gap_ms.is_none());
            known.filter_map(|point| Some((point.at, as_real(point.value?)))).collect()
        })
        .collect();
    let at = |at: &Timestamp| {
        let gains: Vec<Option<f64>> = points.iter().map(|points| points.get(at).copied()).collect();
        point(gathered, *at, of_all(&gains))
    };
    let shares = of_all(&gains);
    VoiceBaseView {
        base: Base::Views.name(),
        basis: Basis::Reported.name(),
        own: own(gathered, &shares),
        shares,
        points: moments.iter().map(at).collect(),
    }
}

/// Returns the shares of gains; all unknown if one is.
fn of_all(gains: &[Option<f64>]) -> Vec<Option<f64>> {
    if gains.iter().all(Option::is_some) { shares(gains) } else { vec![None; gains.len()] }
}

fn point(gathered: &Gathered, at: Timestamp, shares: Vec<Option<f64>>) -> VoicePointView {
    let date = gathered.by.date(at).map(|date| date.to_string());
    VoicePointView { at, date, own: own(gathered, &shares), shares }
}

/// Returns the share of the own hashtags: of the stored videos those without any count as none, unless nothing is shared.
fn own(gathered: &Gathered, shares: &[Option<f64>]) -> Option<f64> {
    let of = |party| {
        let all = gathered.members.iter().zip(shares);
        all.filter(move |(member, _)| member.party == party).filter_map(|(_, share)| *share)
    };
    let has_rivals = gathered.rivals().next().is_some();
    let is_known = shares.iter().any(Option::is_some);
    (has_rivals && is_known).then(|| of(Party::Own).sum::<f64>().clamp(0.0, 1.0))
}
