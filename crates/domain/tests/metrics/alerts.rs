//! Alerts on the real series: what is known at a moment is the repair of the readings up to it, and a threshold that was
//! found fires as often as wished.

use crate::captures::captured;
use domain::Timestamp;
use domain::alerts::{Patience, Sample, Signal, Watch, Watched};
use domain::metrics::{GrowingSeries, Reading, Series, TrendInput, TrendWindow, trend};

/// Cuts of each series at which both repairs are compared.
const CUTS: usize = 6;

#[test]
fn the_repair_of_growing_series_is_that_of_the_readings_so_far() {
    let Some(captured) = captured() else { return };
    let mut compared = 0;
    for one in captured.iter().step_by(7) {
        let mut growing = GrowingSeries::default();
        let every = (one.readings.len() / CUTS).max(1);
        let mut before = 0;
        for moment in one.readings.chunk_by(|reading, other| reading.at == other.at) {
            growing.push(moment);
            before += moment.len();
            if before % every == 0 || before == one.readings.len() {
                let whole = Series::repaired(&one.readings[..before]);
                assert!(growing.counted() == whole.counted_series(), "{} after {before} readings", one.name);
                compared += 1;
            }
        }
    }
    assert!(compared > CUTS * captured.len() / 14, "{compared}");
}

#[test]
fn samples_are_the_metrics_of_the_readings_so_far() {
    let Some(captured) = captured() else { return };
    let mut compared = 0;
    for one in captured.iter().step_by(47) {
        for watched in [Watched::Velocity, Watched::Breakout] {
            let watch = Watch::of_stored(watched, TrendWindow::Week, &one.readings).expect("readings");
            let samples = watch.samples(&one.readings, &[]);
            for sample in samples.iter().step_by(samples.len() / CUTS + 1) {
                let Signal::Value(value) = sample.signal else { continue };
                let expected = known(&one.readings, sample).and_then(|trend| match watched {
                    Watched::Velocity => trend.velocity,
                    _ => trend.zscore,
                });
                assert_eq!(Some(value), expected, "{} at {:?}", one.name, sample.at);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}

/// Returns the trend of the readings up to a sample.
fn known(readings: &[Reading], sample: &Sample) -> Option<domain::metrics::Trend> {
    let until = readings.partition_point(|reading| reading.at <= sample.at);
    let views = Series::repaired(&readings[..until]);
    let (creators, videos) = (&Series::EMPTY, &Series::EMPTY);
    let first_seen: Option<Timestamp> = None;
    let input =
        TrendInput { views: &views, creators, videos, first_seen, concentration: None, outlook: None };
    trend(&input, TrendWindow::Week, None)
}

#[test]
fn a_threshold_by_patience_fires_about_as_often_as_wished() {
    let Some(captured) = captured() else { return };
    let (mut found, mut close) = (0, 0);
    for one in captured.iter().step_by(9) {
        let watch = Watch::of_stored(Watched::Growth, TrendWindow::Week, &one.readings).expect("readings");
        let samples = watch.samples(&one.readings, &[]);
        let patience = Patience {
            per_week: 0.25,
            recovers_at_part: 0.9,
            for_ms: 0,
            keep_firing_ms: 0,
            no_data_after_ms: watch.no_data_after_ms,
        };
        let Ok(suggestion) = patience.suggest(&samples) else { continue };
        let per_week = suggestion.preview.per_week(&samples).expect("some time");
        found += 1;
        close += usize::from((0.15..=0.35).contains(&per_week));
    }
    assert!(found > captured.len() / 18, "{found} of {}", captured.len());
    assert!(close * 10 >= found * 7, "{close} of {found} thresholds fire once in four weeks");
}
