//! Incremental views of a campaign's hashtags, alone and together, with competitors as controls.

use super::gathered::{Gathered, Member, Party};
use super::view::{CampaignIncrementView, ControlsView, IncrementView, TogetherView};
use super::whole;
use crate::creators::share;
use crate::view::{CaveatView, grouped};
use domain::metrics::campaign::{BASELINE_GAINS_MIN, Increment, NoIncrement, increment};
use domain::metrics::quantiles::median;

/// The method in one sentence.
pub(super) const METHOD: &str = "Expected views are the baseline's mean gain a day (all gains of the baseline over all its \
days) over the days of the campaign, or, where its daily gains rose or fell with 99.9 % confidence (Mann-Kendall), the line \
through them (Theil-Sen), followed for as long as the baseline was; the interval is the middle 95 % of 1,000 draws of runs \
of baseline days, widened by the interval of the slope and by the rounding of the counts at the ends.";

/// The increment of a hashtag, or the reason that there is none.
pub(super) type Effect = Result<Increment, CaveatView>;

/// Returns the increment of each member.
pub(super) fn effects(gathered: &Gathered) -> Vec<Effect> {
    gathered.members.iter().map(|member| effect(gathered, member)).collect()
}

fn effect(gathered: &Gathered, member: &Member) -> Effect {
    let name = member.tag.name();
    let lack = |code, text: String| Err(CaveatView { code, text });
    let Some(stored) = &member.stored else {
        return lack("not_stored", format!("#{name} is not stored: nothing is known of it."));
    };
    let Some(until) = gathered.until else {
        return lack("not_begun", "The campaign has not begun.".to_owned());
    };
    let views = &stored.series.views;
    increment(views, gathered.from, until, gathered.baseline).map_err(|why| {
        let text = match why {
            NoIncrement::NoReadings => format!("#{name} has no reading of views."),
            NoIncrement::NoBaseline => {
                let first = views.first().map_or(gathered.now, |first| first.at);
                format!(
                    "The first reading of #{name} is of {}, after the campaign began: no trend is known before it.",
                    gathered.by.zone.date(first)
                )
            }
            NoIncrement::BaselineTooShort { gains } => format!(
                "The baseline of #{name} has {gains} daily gains, and {BASELINE_GAINS_MIN} are needed: give a longer \
                 baseline, or import older readings."
            ),
            NoIncrement::NothingSince => format!("#{name} has no reading since the campaign began."),
        };
        CaveatView { code: why.name(), text }
    })
}

impl IncrementView {
    pub(super) fn of(found: &Increment) -> Self {
        Self {
            gained: found.gain.gain,
            expected: whole(found.expected).unsigned_abs(),
            expected_low: whole(found.expected_range.0).unsigned_abs(),
            expected_high: whole(found.expected_range.1).unsigned_abs(),
            value: whole(found.value),
            low: whole(found.range.0),
            high: whole(found.range.1),
            clear: found.is_clear(),
            ratio: found.ratio(),
            rounding: whole(found.rounding).unsigned_abs(),
            kind: found.kind.name(),
            baseline_from: found.baseline_from,
            baseline_to: found.gain.from.at,
            baseline_gains: found.baseline_gains as u64,
            baseline_per_day: found.baseline_per_day,
            slope: found.slope,
            days: crate::alert_coverage::days_between(found.gain.from.at, found.gain.to.at),
        }
    }
}

impl CampaignIncrementView {
    pub(super) fn of(gathered: &Gathered, effects: &[Effect]) -> Self {
        let of = |party| {
            let all = gathered.members.iter().zip(effects);
            all.filter(move |(member, _)| member.party == party).map(|(_, effect)| effect)
        };
        let own: Vec<&Increment> = of(Party::Own).filter_map(|effect| effect.as_ref().ok()).collect();
        let together = together(gathered, &own);
        let no_increment = match together {
            Some(_) => None,
            None => of(Party::Own).find_map(|effect| effect.as_ref().err().cloned()),
        };
        let rivals: Vec<&Increment> = of(Party::Rival).filter_map(|effect| effect.as_ref().ok()).collect();
        let controls = (!rivals.is_empty()).then(|| {
            let mut ratios: Vec<f64> = rivals.iter().filter_map(|rival| rival.ratio()).collect();
            let ratio = median(&mut ratios);
            let sums = sums(&own);
            let value_against = together
                .as_ref()
                .zip(ratio)
                .map(|_| whole(sums.gained - sums.expected * ratio.unwrap_or(1.0)));
            ControlsView {
                hashtags: rivals.len() as u64,
                of_hashtags: gathered.rivals().count() as u64,
                ratio,
                value_against,
            }
        });
        Self { together, no_increment, controls, method: METHOD }
    }
}

struct Sums {
    gained: f64,
    expected: f64,
    low: f64,
    high: f64,
}

fn sums(own: &[&Increment]) -> Sums {
    let sum = |of: fn(&Increment) -> f64| own.iter().map(|found| of(found)).sum();
    Sums {
        gained: sum(|found| found.value + found.expected),
        expected: sum(|found| found.expected),
        low: sum(|found| found.range.0),
        high: sum(|found| found.range.1),
    }
}

fn together(gathered: &Gathered, own: &[&Increment]) -> Option<TogetherView> {
    if own.is_empty() {
        return None;
    }
    let Sums { gained, expected, low, high } = sums(own);
    Some(TogetherView {
        hashtags: own.len() as u64,
        of_hashtags: gathered.own().count() as u64,
        gained: own.iter().map(|found| found.gain.gain).sum(),
        expected: whole(expected).unsigned_abs(),
        value: whole(gained - expected),
        low: whole(low),
        high: whole(high),
        clear: low > 0.0 || high < 0.0,
        ratio: Some(gained / expected).filter(|ratio| ratio.is_finite()),
        shared_videos: shared_videos(gathered),
    })
}

/// Returns the share of the videos of the period that are under two or more own hashtags.
fn shared_videos(gathered: &Gathered) -> Option<f64> {
    let own = gathered.own().filter_map(|member| member.stored.as_ref());
    let mut rows: Vec<_> = own.flat_map(|member| member.videos(gathered).map(|(row, _)| row)).collect();
    rows.sort_unstable();
    let (mut videos, mut shared) = (0_u64, 0_u64);
    for same in rows.chunk_by(|one, other| one == other) {
        videos += 1;
        shared += u64::from(same.len() > 1);
    }
    share(shared, videos)
}

/// Formats a number of views for a sentence: `950`, `12.3 k`, `1.2 M`.
pub(super) fn compact(number: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(1e9, "B"), (1e6, "M"), (1e3, "k")];
    let (sign, size) = (if number < 0.0 { "-" } else { "" }, number.abs());
    // What rounds to 1,000 of a unit is written in the next one.
    let unit = UNITS.into_iter().find(|(unit, _)| size >= unit * 0.999_5 && size >= 9_999.5);
    match unit {
        None => format!("{sign}{}", grouped(whole(size).unsigned_abs())),
        Some((unit, name)) => {
            let part = size / unit;
            if part < 99.95 { format!("{sign}{part:.1} {name}") } else { format!("{sign}{part:.0} {name}") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 950.4, 9_999.0, 12_345.0, 999_960.0, -1_234_567.0, 250e6, 4.2e9].map(compact);
        assert_eq!(shown, ["0", "950", "9,999", "12.3 k", "1.0 M", "-1.2 M", "250 M", "4.2 B"]);
    }
}
