//! Alerts in words: rules, and how often they would have fired.

use crate::view::grouped;
use domain::alerts::{Frequency, Watched};

/// Part of a frequency by which the found one may differ.
const ABOUT_PART: f64 = 0.25;
/// Days of a year in sentences.
const YEAR_DAYS: std::ops::RangeInclusive<f64> = 350.0..=380.0;

/// Returns a rule in words: `views growing faster than 2.1 %/day`. `versus` is the name of the hashtag that it compares
/// with.
pub fn rule_in_words(watched: Watched, above: f64, versus: Option<&str>) -> String {
    let above = plain(above);
    let versus = versus.unwrap_or_default();
    match watched {
        Watched::Velocity => format!("views growing by more than {above} a day"),
        Watched::Growth => format!("views growing faster than {above} %/day"),
        Watched::Breakout => format!("views growing more than {above} deviations faster than usual"),
        Watched::Fell => format!("views falling by more than {above} %"),
        Watched::Emerging => format!("a pace above {above} %/day, lasting for weeks"),
        Watched::OvertakesViews => format!("more views than #{versus}, by more than {above}"),
        Watched::OvertakesGain => {
            format!("views growing by more than {above} a day beyond those of #{versus}")
        }
    }
}

/// Returns `views growing faster than 2.1 %/day would have fired 52 times in a year`.
pub(super) fn sentence(watched: Watched, above: f64, versus: Option<&str>, fired: u64, days: f64) -> String {
    let what = rule_in_words(watched, above, versus);
    let times = match fired {
        0 => "not have fired".to_owned(),
        1 => "have fired once".to_owned(),
        times => format!("have fired {} times", grouped(times)),
    };
    let span = match days {
        days if YEAR_DAYS.contains(&days) => "a year".to_owned(),
        days if days > *YEAR_DAYS.end() => format!("{:.1} years", days / 365.25),
        days => format!("{days:.0} days"),
    };
    format!("{what} would {times} in {span}")
}

/// Returns a number with three significant digits, and more where it is larger: `2.1`, `1,234,568`.
pub fn plain(number: f64) -> String {
    let size = number.abs();
    if size >= 1_000.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "thresholds are at most 10^18"
        )]
        let whole = grouped(size.round() as u64);
        return if number < 0.0 { format!("-{whole}") } else { whole };
    }
    let decimals = match size {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 4,
    };
    let text = format!("{number:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { text.as_str() };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Returns true if a number of episodes within some days is about a frequency.
pub(super) fn is_about(about: Frequency, fired: u64, days: f64) -> bool {
    let wanted = about.per_week() * days / 7.0;
    #[expect(clippy::cast_precision_loss, reason = "there is at most one episode for each reading")]
    let miss = (fired as f64 - wanted).abs();
    miss <= (wanted * ABOUT_PART).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequency_is_met_within_an_episode_or_a_quarter() {
        let about = |text: &str, fired, days| is_about(text.parse().expect("a frequency"), fired, days);
        for (fired, is_met) in [(0, false), (8, false), (9, true), (12, true), (15, true), (16, false)] {
            assert_eq!(about("1/week", fired, 84.0), is_met, "{fired} of 12");
        }
        // One more or less is as close as it can be.
        assert!(about("1/month", 0, 30.0) && about("1/month", 1, 30.0) && !about("1/month", 3, 30.0));
    }

    #[test]
    fn sentences_are_in_plain_words() {
        for (watched, above, fired, days, text) in [
            (
                Watched::Growth,
                2.104,
                52,
                364.0,
                "views growing faster than 2.1 %/day would have fired 52 times in a year",
            ),
            (
                Watched::Velocity,
                1_234_567.8,
                1_204,
                1_607.1,
                "views growing by more than 1,234,568 a day would have fired 1,204 times in 4.4 years",
            ),
            (
                Watched::Breakout,
                3.0,
                1,
                29.6,
                "views growing more than 3 deviations faster than usual would have fired once in 30 days",
            ),
            (Watched::Fell, 0.0, 0, 100.0, "views falling by more than 0 % would not have fired in 100 days"),
        ] {
            assert_eq!(sentence(watched, above, None, fired, days), text);
        }
        assert_eq!(
            [Watched::OvertakesViews, Watched::OvertakesGain].map(|watched| sentence(
                watched,
                0.0,
                Some("dog"),
                1,
                30.0
            )),
            [
                "more views than #dog, by more than 0 would have fired once in 30 days",
                "views growing by more than 0 a day beyond those of #dog would have fired once in 30 days",
            ]
        );
        assert_eq!(
            [plain(-0.00001), plain(0.0456), plain(12.34), plain(100.0), plain(-2_000.4)],
            ["0", "0.0456", "12.3", "100", "-2,000"]
        );
    }
}
