//! Progress to the goals of a campaign.

use super::view::{CampaignGoalView, CampaignHashtagView, ParticipationView, ReportedGainView};
use domain::Basis;
use domain::campaign::CampaignGoals;
use domain::metrics::campaign::progress;

/// Growth of a count of a hashtag.
type Gained = fn(&CampaignHashtagView) -> Option<&ReportedGainView>;

/// Returns the progress to each goal that has a target.
pub(super) fn goals(
    goals: CampaignGoals,
    own: &[&CampaignHashtagView],
    participation: Option<&ParticipationView>,
    passed: Option<f64>,
) -> Vec<CampaignGoalView> {
    let stored = |of: fn(&ParticipationView) -> Option<u64>| participation.and_then(of);
    let view = |(name, target): (&'static str, Option<u64>)| {
        let target = target?;
        let (value, basis) = match name {
            "views" => reported_or(gained(own, |one| one.views_gained.as_ref()), stored(|seen| seen.plays)),
            "videos" => {
                reported_or(of_one(own, |one| one.videos_gained.as_ref()), stored(|seen| Some(seen.videos)))
            }
            "creators" => reported_or(
                of_one(own, |one| one.creators_gained.as_ref()),
                stored(|seen| Some(seen.creators)),
            ),
            _ => (stored(|seen| seen.engagement), Basis::Observed),
        };
        let progress = progress(value, target, passed);
        Some(CampaignGoalView {
            goal: name,
            target,
            value,
            basis: basis.name(),
            share: progress.share,
            pace: progress.pace,
            state: progress.state.name(),
        })
    };
    CampaignGoals::NAMES.into_iter().zip(goals.to_array()).filter_map(view).collect()
}

fn reported_or(reported: Option<u64>, observed: Option<u64>) -> (Option<u64>, Basis) {
    match reported {
        Some(value) => (Some(value), Basis::Reported),
        None => (observed, Basis::Observed),
    }
}

/// Returns the growth of all own hashtags together; `None` unless each is known.
fn gained(own: &[&CampaignHashtagView], of: Gained) -> Option<u64> {
    own.iter().map(|one| of(one).map(|gain| gain.gain)).sum()
}

/// Returns the growth of a single own hashtag. The videos and creators of several cannot be added: many are under two.
fn of_one(own: &[&CampaignHashtagView], of: Gained) -> Option<u64> {
    match own {
        [one] => of(one).map(|gain| gain.gain),
        _ => None,
    }
}
