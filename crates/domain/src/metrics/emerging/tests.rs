//! Scores among made-up peers.

use super::*;
use crate::metrics::made_up::{at, every, is_close, of_views};
use crate::metrics::outlook::{Missing, Outlook, outlook};
use crate::metrics::series::Series;
use crate::metrics::trend::{TrendWindow, trend};
use proptest::prelude::*;

type Values = [Option<f64>; Component::ALL.len()];

/// A trend of some views whose components are these.
fn of(views: u64, values: Values) -> Trend {
    let series = every(24, [views]);
    let plain = trend(&of_views(&series, &Series::EMPTY), TrendWindow::Week, Some(at(0))).expect("a trend");
    let [zscore, pace, breadth, novelty, marginal_views, concentration] = values;
    let outlook = outlook(&series, None).map(|outlook| Outlook {
        pace: pace.ok_or(Missing::TooYoung),
        is_below_step: false,
        ..outlook
    });
    Trend { zscore, breadth, novelty, marginal_views, concentration, outlook, ..plain }
}

fn growing(pace: f64) -> Values {
    [None, Some(pace), None, None, None, None]
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
fn percentiles_are_among_all_whatever_the_size() {
    // 40 small ones and 40 large ones: each band would be large enough for percentiles of its own.
    let small = (0..40).map(|n| of(500, growing(f64::from(n))));
    let large = (0..40).map(|n| of(5_000_000, growing(100.0 + f64::from(n))));
    let all: Vec<Trend> = small.chain(large).collect();
    let peers = Peers::of(all.iter().map(components));
    assert_eq!(peers.all(), 80);
    let placed: Vec<Emerging> =
        all.iter().map(|trend| emerging(trend, &peers, &Weights::default())).collect();
    for (place, found) in placed.iter().enumerate() {
        let percentile = found.part(Component::Pace).percentile.expect("a percentile");
        assert!(is_close(percentile, (place as f64 + 0.5) / 80.0), "{place}: {found:?}");
        assert_eq!(found.peers, 80);
    }
    assert_eq!(peers.percentile(Component::Breadth, 1.0), None);
}

#[test]
fn a_gain_below_a_step_ranks_below_every_pace() {
    let below = |pace| {
        let trend = of(500, growing(pace));
        Trend { outlook: trend.outlook.map(|outlook| Outlook { is_below_step: true, ..outlook }), ..trend }
    };
    let peers = Peers::of([of(500, growing(0.0)), of(500, growing(0.1)), below(9.0)].iter().map(components));
    let found = emerging(&below(9.0), &peers, &Weights::default());
    let pace = found.part(Component::Pace);
    assert_eq!(pace.value, Some(9.0), "it is shown");
    assert!(pace.percentile.is_some_and(|percentile| is_close(percentile, 0.5 / 3.0)), "{pace:?}");
}

#[test]
fn what_is_known_is_weighed_and_adds_up() {
    let value = |n: u32| Some(f64::from(n));
    let peers = Peers::of((0..100).map(|n| [value(n), value(n), value(n), value(n), value(n), value(n)]));
    let weights = Weights::new([1.0, 2.0, 0.0, 0.0, 4.0, 1.0]).expect("weights");
    // Percentiles 0.905, 0.505, unknown, 0.905, 1 - 0.105 and 0.205.
    let trend = of(50, [value(90), value(50), None, value(90), value(10), value(20)]);
    let found = emerging(&trend, &peers, &weights);
    let parts = [0.905, 2.0 * 0.505, 0.0, 0.0, 4.0 * (1.0 - 0.895), 0.795];
    let score = 100.0 * parts.iter().sum::<f64>() / 8.0;
    assert!(found.score.is_some_and(|found| is_close(found, score)), "{found:?}");
    for (part, want) in found.parts.iter().zip(parts) {
        let contribution = part.contribution.unwrap_or(0.0);
        assert!((contribution - 100.0 * want / 8.0).abs() < 1e-9, "{part:?}");
    }
    assert!(found.parts[4].percentile.is_some_and(|saturation| is_close(saturation, 0.895)));
    assert_eq!((found.parts[2].percentile, found.parts[2].contribution), (None, None));
    assert_eq!(emerging(&of(50, [None; 6]), &peers, &weights).score, None);
    assert_eq!(
        emerging(&of(50, [None, None, None, value(3), None, None]), &peers, &weights).score,
        None,
        "weighs nothing"
    );
}

#[test]
fn many_peers_are_thinned_and_nearly_the_same() {
    let values: Vec<f64> = (0..100_000).map(|n| f64::from(n).powi(2)).collect();
    let peers = Peers::of(values.iter().map(|value| growing(*value)));
    assert!(peers.to_bytes().len() < 2 * 8 * QUANTILES);
    for value in values.iter().step_by(997) {
        let exact = rank(&values, *value).expect("a rank");
        let thin = peers.percentile(Component::Pace, *value).expect("a percentile");
        assert!((exact - thin).abs() < 1.0 / (QUANTILES - 1) as f64, "{exact} {thin}");
    }
}

#[test]
fn damaged_bytes_are_no_peers() {
    let bytes = Peers::of((0..50).map(|n| growing(f64::from(n)))).to_bytes();
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
        others in prop::collection::vec(values(), 1..90),
        own in values(),
        weights in prop::array::uniform6(0.1_f64..9.0),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let peers = Peers::of(others.into_iter());
        prop_assert!(Peers::from_bytes(&peers.to_bytes()).is_some_and(|read| read == peers));
        let weights = Weights::new(weights).expect("weights");
        let found = emerging(&of(700, own), &peers, &weights);
        if let Some(score) = found.score {
            prop_assert!((0.0..=100.0).contains(&score));
            let sum: f64 = found.parts.iter().filter_map(|part| part.contribution).sum();
            prop_assert!((sum - score).abs() < 1e-9);
        }
        let mut damaged = peers.to_bytes();
        damaged.truncate(noise.len());
        damaged.extend(&noise);
        if let Some(read) = Peers::from_bytes(&damaged) {
            prop_assert!(read.percentile(Component::Pace, 0.5).is_none_or(f64::is_finite));
        }
    }
}
