//! Samples beside the metrics of the readings up to each moment, and what is never a number.

use super::*;
use crate::Count;
use crate::metrics::made_up::{BEGIN_MS, at, exact, of_views, rounded};
use crate::metrics::{Series, outlook, trend};
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const ALL: [Watched; 5] =
    [Watched::Velocity, Watched::Growth, Watched::Breakout, Watched::Fell, Watched::Emerging];

fn watch(watched: Watched, window: TrendWindow, cadence_hours: i64) -> Watch {
    let cadence_ms = cadence_hours * HOUR_MS;
    Watch { watched, window, cadence_ms, no_data_after_ms: 3 * cadence_ms }
}

fn values(samples: &[Sample]) -> Vec<f64> {
    let value = |sample: &Sample| match sample.signal {
        Signal::Value(value) => Some(value),
        _ => None,
    };
    samples.iter().filter_map(value).collect()
}

#[test]
fn growth_is_in_percent_a_day_of_the_real_span() {
    // 1 % a day of the first value, with no reading on day 10.
    let readings: Vec<Reading> = (0..20)
        .filter(|day| *day != 10)
        .map(|day| exact(day * 24, 10_000 + day.unsigned_abs() * 100))
        .collect();
    let samples = watch(Watched::Growth, TrendWindow::Week, 24).samples(&readings, &[]);
    assert_eq!(samples.len(), 20, "a missing one stands for day 10");
    assert_eq!(samples[10], Sample { at: at(240), signal: Signal::Missing });
    assert!(samples[..7].iter().all(|sample| sample.signal == Signal::Missing), "the window is not covered");
    let found = values(&samples);
    assert!((found[0] - 100.0 * 700.0 / 10_000.0 / 7.0).abs() < 1e-9, "{found:?}");
    // On day 17 the window begins at day 9: day 10 was not read.
    let Signal::Value(over_a_gap) = samples[17].signal else { panic!("a value") };
    assert!((over_a_gap - 100.0 * 800.0 / 10_900.0 / 8.0).abs() < 1e-9, "{over_a_gap}");
}

#[test]
fn a_change_below_the_rounding_and_a_level_shift_are_no_numbers() {
    // 16.4 M is rounded to 100 k: growth of 2,000 a day does not show within a week.
    let shown = |day: i64| (16_410_000 + day.unsigned_abs() * 2_000) / 100_000 * 100_000;
    let readings: Vec<Reading> = (0..30).map(|day| rounded(day * 24, shown(day))).collect();
    let samples = watch(Watched::Growth, TrendWindow::Week, 24).samples(&readings, &[]);
    assert!(samples[7..].iter().all(|sample| sample.signal == Signal::BelowResolution), "{samples:?}");

    // Daily readings of 2025: TikTok limited posts to five hashtags in August.
    let day = |day: u64| Timestamp::from_ms(1_750_000_000_000 + day as i64 * 24 * HOUR_MS);
    let count = |day: u64| Count::exact(1_000_000 + day * 5_000).expect("a count");
    let readings: Vec<Reading> =
        (0..120).map(|n| Reading { at: day(n), count: count(n), source: Source::Series }).collect();
    let samples = watch(Watched::Velocity, TrendWindow::Week, 24).samples(&readings, &[]);
    let shifted: Vec<Timestamp> =
        samples.iter().filter(|sample| sample.signal == Signal::LevelShift).map(|sample| sample.at).collect();
    // From the first reading in August until the window begins in September.
    assert_eq!(shifted.len(), 38, "{shifted:?}");
    assert!(shifted[0].to_rfc3339().starts_with("2025-08-01"), "{}", shifted[0].to_rfc3339());
}

#[test]
fn a_fall_counts_once_it_stayed_and_a_bounce_never() {
    let mut totals = vec![10_000_u64; 20];
    totals[12] = 6_000;
    let bounced: Vec<Reading> = (0..).zip(&totals).map(|(n, total)| exact(n * 24, *total)).collect();
    let bounced = watch(Watched::Fell, TrendWindow::Week, 24).samples(&bounced, &[]);
    assert!(values(&bounced).iter().all(|part| *part == 0.0), "{bounced:?}");

    totals[12..].fill(6_000);
    let fallen: Vec<Reading> = (0..).zip(&totals).map(|(n, total)| exact(n * 24, *total)).collect();
    let fallen = watch(Watched::Fell, TrendWindow::Week, 24).samples(&fallen, &[]);
    let first = fallen.iter().position(|sample| matches!(sample.signal, Signal::Value(part) if part > 0.0));
    let first = first.expect("the fall");
    assert_eq!(fallen[first].signal, Signal::Value(40.0));
    assert!(first >= 14, "it is not believed at once: {first}");
}

#[test]
fn a_long_gap_has_two_missing_samples_however_long_it_is() {
    let readings = [exact(0, 100), exact(3, 110), exact(20_000, 120)];
    let samples = watch(Watched::Growth, TrendWindow::Day, 3).samples(&readings, &[]);
    let missing: Vec<i64> = samples[2..4].iter().map(|sample| sample.at.as_ms() - BEGIN_MS).collect();
    assert_eq!((samples.len(), missing), (5, vec![6 * HOUR_MS, 12 * HOUR_MS + 1]));
    // A gap of less than half a reading is none.
    let readings = [exact(0, 100), exact(3, 110), exact(7, 120)];
    assert_eq!(watch(Watched::Growth, TrendWindow::Day, 3).samples(&readings, &[]).len(), 3);
}

#[test]
fn one_hashtag_overtakes_another_when_its_number_is_known_to_be_larger() {
    // It gains 500 a day, the rival 100 a day from 3,000 more: level on day 7.5.
    let own: Vec<Reading> = (0..20).map(|day| exact(day * 24, 10_000 + day.unsigned_abs() * 500)).collect();
    let rival: Vec<Reading> =
        (0..20).map(|day| exact(day * 24 - 5, 13_000 + day.unsigned_abs() * 100)).collect();
    let views = watch(Watched::OvertakesViews, TrendWindow::Week, 24);
    let samples = views.samples(&own, &rival);
    let expected: Vec<f64> = (0..20).map(|day| -3_000.0 + f64::from(day) * 400.0).collect();
    assert_eq!(values(&samples), expected);
    // The rival of tomorrow is not known today.
    assert_eq!(views.samples(&own[..9], &rival), samples[..9]);
    assert_eq!(views.samples(&own[..9], &rival[..9]), samples[..9]);
    // Both windows are covered from day 7 on; the last reading of the rival is older than three days from day 15 on.
    let gain = watch(Watched::OvertakesGain, TrendWindow::Week, 24);
    let samples = gain.samples(&own, &rival[..13]);
    assert_eq!(values(&samples), [400.0; 8], "{samples:?}");
    assert!(samples[15..].iter().all(|sample| sample.signal == Signal::Missing), "{samples:?}");
    assert!(values(&gain.samples(&own, &[])).is_empty(), "nobody to compare with");
}

#[test]
fn what_rounding_may_have_made_is_nobodys_lead() {
    let own: Vec<Reading> = (0..10).map(|day| rounded(day * 24, 16_500_000)).collect();
    let signals = |views: u64| -> Vec<Signal> {
        let rival: Vec<Reading> = (0..10).map(|day| exact(day * 24, views)).collect();
        let samples = watch(Watched::OvertakesViews, TrendWindow::Week, 24).samples(&own, &rival);
        samples.iter().map(|sample| sample.signal).collect()
    };
    assert_eq!(signals(16_400_001), [Signal::BelowResolution; 10]);
    assert_eq!(signals(16_599_000), [Signal::BelowResolution; 10]);
    assert_eq!(signals(16_400_000), [Signal::Value(100_000.0); 10]);
}

fn readings() -> impl Strategy<Value = Vec<Reading>> {
    let step = (prop_oneof![9 => Just(3_i64), 1 => 4_i64..200], -3_i64..12, 0_u8..30);
    prop::collection::vec(step, 0..120).prop_map(|steps| {
        let (mut hours, mut total, mut readings) = (0, 120_000_u64, Vec::new());
        for (later, change, kind) in steps {
            hours += later;
            total = total.saturating_add_signed(change * 150);
            let value = match kind {
                0 => 0,
                1 => total / 2,
                2 => total * 3,
                _ => total,
            };
            readings.push(if kind % 2 == 0 { rounded(hours, value) } else { exact(hours, value) });
        }
        readings
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_sample_uses_only_readings_up_to_its_time_and_is_the_metric_of_them(readings in readings()) {
        for watched in ALL {
            let watch = watch(watched, TrendWindow::Day, 3);
            let samples = watch.samples(&readings, &[]);
            for sample in &samples {
                let until = readings.partition_point(|reading| reading.at <= sample.at);
                let known = watch.samples(&readings[..until], &[]);
                let before = samples.partition_point(|other| other.at <= sample.at);
                prop_assert_eq!(&samples[..known.len()], &known[..]);
                prop_assert!(before - known.len() <= 2, "missing ones are known when the next reading is");
                if let Signal::Value(value) = sample.signal {
                    let series = Series::repaired(&readings[..until]);
                    let trend = trend(&of_views(&series, &Series::EMPTY), TrendWindow::Day, None).expect("a trend");
                    let gain = trend.gain.expect("a gain");
                    let expected = match watched {
                        Watched::Velocity => trend.velocity,
                        Watched::Growth => trend.growth.map(|growth| 100.0 * growth / days(gain.span_ms)),
                        Watched::Breakout => trend.zscore,
                        Watched::Emerging => {
                            let outlook = outlook(&series, None).expect("an outlook");
                            prop_assert!(!outlook.is_below_step);
                            outlook.pace.ok().map(|pace| 100.0 * pace)
                        }
                        Watched::OvertakesViews | Watched::OvertakesGain => unreachable!("not among them"),
                        Watched::Fell => {
                            let risen = series.climbed(gain.to.at).expect("known") - series.climbed(gain.from.at).expect("known");
                            let lost = u128::from(gain.from.value) + risen - u128::from(gain.to.value);
                            Some(100.0 * lost as f64 / (lost as f64 + gain.to.value as f64))
                        }
                    };
                    let expected = expected.expect("a number");
                    prop_assert!((expected - value).abs() <= 1e-9 * expected.abs().max(1.0), "{} {}", expected, value);
                }
            }
        }
    }
}
