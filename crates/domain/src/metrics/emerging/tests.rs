//! Scores among made-up peers.

use super::*;
use crate::metrics::made_up::{at, every, is_close, of_views};
use crate::metrics::series::Series;
use crate::metrics::trend::{TrendWindow, trend};
use proptest::prelude::*;

type Values = [Option<f64>; Component::ALL.len()];

/// A trend of some views whose components are these.
fn of(views: u64, values: Values) -> Trend {
    let series = every(24, [views]);
    let plain = trend(&of_views(&series, &Series::EMPTY), TrendWindow::Week, Some(at(0))).expect("a trend");
    let [zscore, sustained_growth, breadth, novelty, marginal_views, concentration] = values;
    Trend { zscore, sustained_growth, breadth, novelty, marginal_views, concentration, ..plain }
}

fn growing(growth: f64) -> Values {
    [None, Some(growth), None, None, None, None]
}

#[test]
fn bands_are_powers_of_ten() {
    let name = |views| SizeBand::of(views).name();
    assert_eq!(
        [name(0), name(9_999), name(10_000), name(1_000_000)],
        ["0-10k", "0-10k", "10k-100k", "1M-10M"]
    );
    assert_eq!([name(999_999_999), name(u64::MAX)], ["100M-1B", "10B+"]);
}

#[test]
fn a_band_with_too_few_is_compared_with_all() {
    let small = (0..40).map(|n| (500, growing(f64::from(n))));
    let large = (0..5).map(|n| (5_000_000, growing(100.0 + f64::from(n))));
    let peers = Peers::of(small.chain(large));
    assert_eq!(
        (peers.count(SizeBand::of(500)), peers.count(SizeBand::of(5_000_000)), peers.all()),
        (40, 5, 45)
    );
    let percentile = |views, value| peers.percentile(SizeBand::of(views), Component::Growth, value);
    assert_eq!(percentile(500, 200.0), Some(1.0));
    assert_eq!(percentile(500, 20.0), Some(20.5 / 40.0));
    assert_eq!(percentile(5_000_000, 100.0), Some(40.5 / 45.0), "among all");
    assert_eq!(peers.percentile(SizeBand::of(500), Component::Breadth, 1.0), None);
    let score = |views| emerging(&of(views, growing(102.0)), &peers, &Weights::default()).expect("a score");
    assert_eq!((score(500).peers, score(5_000_000).peers), (40, 45));
    assert!(is_close(score(500).score, 100.0));
}

#[test]
fn what_is_known_is_weighed_and_adds_up() {
    let value = |n: u32| Some(f64::from(n));
    let peers =
        Peers::of((0..100).map(|n| (50, [value(n), value(n), value(n), value(n), value(n), value(n)])));
    let weights = Weights::new([1.0, 2.0, 0.0, 0.0, 4.0, 1.0]).expect("weights");
    // Percentiles 0.905, 0.505, unknown, 0.905, 1 - 0.105 and 0.205.
    let trend = of(50, [value(90), value(50), None, value(90), value(10), value(20)]);
    let found = emerging(&trend, &peers, &weights).expect("a score");
    let parts = [0.905, 2.0 * 0.505, 0.0, 0.0, 4.0 * (1.0 - 0.895), 0.795];
    assert!(is_close(found.score, 100.0 * parts.iter().sum::<f64>() / 8.0), "{found:?}");
    for (part, want) in found.parts.iter().zip(parts) {
        let contribution = part.contribution.unwrap_or(0.0);
        assert!((contribution - 100.0 * want / 8.0).abs() < 1e-9, "{part:?}");
    }
    assert!(found.parts[4].percentile.is_some_and(|saturation| is_close(saturation, 0.895)));
    assert_eq!((found.parts[2].percentile, found.parts[2].contribution), (None, None));
    assert_eq!(emerging(&of(50, [None; 6]), &peers, &weights), None);
    assert_eq!(
        emerging(&of(50, [None, None, None, value(3), None, None]), &peers, &weights),
        None,
        "weighs nothing"
    );
}

#[test]
fn many_peers_are_thinned_and_nearly_the_same() {
    let values: Vec<f64> = (0..100_000).map(|n| f64::from(n).powi(2)).collect();
    let peers = Peers::of(values.iter().map(|value| (50, growing(*value))));
    assert!(peers.to_bytes().len() < 2 * 2 * 8 * QUANTILES);
    for value in values.iter().step_by(997) {
        let exact = rank(&values, *value).expect("a rank");
        let thin = peers.percentile(SizeBand::of(50), Component::Growth, *value).expect("a percentile");
        assert!((exact - thin).abs() < 1.0 / (QUANTILES - 1) as f64, "{exact} {thin}");
    }
}

#[test]
fn damaged_bytes_are_no_peers() {
    let bytes = Peers::of((0..50).map(|n| (50, growing(f64::from(n))))).to_bytes();
    assert!(Peers::from_bytes(&bytes).is_some());
    assert_eq!(Peers::from_bytes(&[]), None);
    assert_eq!(Peers::from_bytes(&bytes[..bytes.len() - 1]), None);
    assert_eq!(Peers::from_bytes(&[&bytes[..], &[0]].concat()), None);
    let mut other_form = bytes;
    other_form[0] = 9;
    assert_eq!(Peers::from_bytes(&other_form), None);
}

fn values() -> impl Strategy<Value = Values> {
    prop::array::uniform6(prop::option::weighted(0.8, -1e3_f64..1e3))
}

proptest! {
    #[test]
    fn peers_come_back_from_bytes_and_scores_are_within_bounds(
        others in prop::collection::vec((0_u64..1_000_000, values()), 1..90),
        own in values(),
        weights in prop::array::uniform6(0.1_f64..9.0),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let peers = Peers::of(others.into_iter());
        prop_assert!(Peers::from_bytes(&peers.to_bytes()).is_some_and(|read| read == peers));
        let weights = Weights::new(weights).expect("weights");
        if let Some(found) = emerging(&of(700, own), &peers, &weights) {
            prop_assert!((0.0..=100.0).contains(&found.score));
            let sum: f64 = found.parts.iter().filter_map(|part| part.contribution).sum();
            prop_assert!((sum - found.score).abs() < 1e-9);
        }
        let mut damaged = peers.to_bytes();
        damaged.truncate(noise.len());
        damaged.extend(&noise);
        if let Some(read) = Peers::from_bytes(&damaged) {
            prop_assert!(read.percentile(SizeBand::of(5), Component::Growth, 0.5).is_none_or(f64::is_finite));
        }
    }
}
