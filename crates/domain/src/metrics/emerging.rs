//! Emerging hashtags: ranked by raw pace among all; the other components are informative and have no influence unless
//! they are given a weight (metrics.md: emerging).

use super::as_f64;
use super::quantiles::{quantile, rank};
use super::trend::Trend;
use super::weights::Weights;
use strum::IntoStaticStr;

/// Quantiles kept of a component's values where there are more.
const QUANTILES: usize = 256;

/// A component of the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Component {
    /// Deviation of its velocity from its own past.
    Zscore,
    /// The growth a day that has lasted a month.
    Pace,
    /// Creators gained a view gained.
    Breadth,
    /// Young ones are near 1.
    Novelty,
    /// Views gained a video gained: few say that it is crowded.
    Saturation,
    /// Gini coefficient of plays over creators: a few carry it.
    Concentration,
}

impl Component {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Zscore, Self::Pace, Self::Breadth, Self::Novelty, Self::Saturation, Self::Concentration];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns true if a high value lowers the score.
    pub const fn is_subtracted(self) -> bool {
        matches!(self, Self::Saturation | Self::Concentration)
    }
}

/// Size of a hashtag by views, in powers of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SizeBand(u8);

impl SizeBand {
    /// Number of bands.
    pub const COUNT: usize = 8;

    const NAMES: [&'static str; Self::COUNT] =
        ["0-10k", "10k-100k", "100k-1M", "1M-10M", "10M-100M", "100M-1B", "1B-10B", "10B+"];

    /// The band of a number of views.
    pub const fn of(views: u64) -> Self {
        Self(match views {
            0..10_000 => 0,
            10_000..100_000 => 1,
            100_000..1_000_000 => 2,
            1_000_000..10_000_000 => 3,
            10_000_000..100_000_000 => 4,
            100_000_000..1_000_000_000 => 5,
            1_000_000_000..10_000_000_000 => 6,
            _ => 7,
        })
    }

    /// Such as `1M-10M`: from the first, below the second.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self.0 as usize]
    }

    /// Its place among the bands, from 0.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// The values that a trend's components are ranked by, in the order of [`Component::ALL`]. Pace ranks by
/// [`Outlook::rank`](super::Outlook::rank); saturation by dV/dP, of which 1 less the percentile is the saturation.
pub fn components(trend: &Trend) -> [Option<f64>; Component::ALL.len()] {
    let pace = trend.outlook.filter(|outlook| outlook.pace.is_ok()).map(|outlook| outlook.rank());
    [trend.zscore, pace, trend.breadth, trend.novelty, trend.marginal_views, trend.concentration]
        .map(|value| value.filter(|value| value.is_finite()))
}

/// The comparison group of a hashtag: by component, the values of all hashtags with a trend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Peers {
    hashtags: u64,
    /// By component the sorted values, or [`QUANTILES`] of them.
    values: [Vec<f64>; Component::ALL.len()],
}

impl Peers {
    /// Creates it from component values of hashtags.
    pub fn of(trends: impl Iterator<Item = [Option<f64>; Component::ALL.len()]>) -> Self {
        let mut peers = Self::default();
        for values in trends {
            peers.hashtags += 1;
            for (to, value) in peers.values.iter_mut().zip(values) {
                to.extend(value.filter(|value| value.is_finite()));
            }
        }
        for values in &mut peers.values {
            values.sort_unstable_by(f64::total_cmp);
            if values.len() > QUANTILES {
                *values = thinned(values);
            }
        }
        peers
    }

    /// Returns the percentile of a value among all, 0 to 1. `None` if there are no values.
    pub fn percentile(&self, component: Component, value: f64) -> Option<f64> {
        rank(&self.values[component as usize], value)
    }

    /// Returns the number of hashtags.
    pub const fn all(&self) -> u64 {
        self.hashtags
    }

    /// For the database, little-endian: how many hashtags, and for each component a length and the values.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        bytes.extend(self.hashtags.to_le_bytes());
        for values in &self.values {
            bytes.extend((values.len() as u64).to_le_bytes());
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        bytes
    }

    /// Back from the database; `None` where the bytes are of another form or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (form, mut rest) = bytes.split_first()?;
        if *form != FORM {
            return None;
        }
        let mut peers = Self { hashtags: u64::from_le_bytes(take(&mut rest)?), ..Self::default() };
        for values in &mut peers.values {
            let length = u64::from_le_bytes(take(&mut rest)?);
            if length > (QUANTILES as u64) {
                return None;
            }
            for _ in 0..length {
                values.push(Some(f64::from_le_bytes(take(&mut rest)?)).filter(|value| value.is_finite())?);
            }
            if !values.is_sorted() {
                return None;
            }
        }
        rest.is_empty().then_some(peers)
    }
}

/// Format version, the first byte.
const FORM: u8 = 2;

fn take(rest: &mut &[u8]) -> Option<[u8; 8]> {
    let (word, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*word)
}

fn thinned(sorted: &[f64]) -> Vec<f64> {
    let share = |at: usize| as_f64(at as u64) / as_f64(QUANTILES as u64 - 1);
    (0..QUANTILES).filter_map(|at| quantile(sorted, share(at))).collect()
}

/// Contribution of a component to a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The component.
    pub component: Component,
    /// Its value; `None` where it is not known, and then it counts for nothing.
    pub value: Option<f64>,
    /// Percentile of the value among all, 0 to 1; for saturation 1 less that of dV/dP.
    pub percentile: Option<f64>,
    /// The weight it was given.
    pub weight: f64,
    /// Its part of the score: weight x percentile, or 1 less the percentile of one that is subtracted, over all weights of
    /// the known ones, x 100. They add up to the score. `None` where nothing known has a weight.
    pub contribution: Option<f64>,
}

/// A trend among all others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emerging {
    /// By the weights, 0 to 100: no probability. `None` where no component with a weight is known.
    pub score: Option<f64>,
    /// Hashtags it was compared with: all that have a trend.
    pub peers: u64,
    /// The components in the order of [`Component::ALL`].
    pub parts: [Part; Component::ALL.len()],
}

impl Emerging {
    /// A component.
    pub const fn part(&self, component: Component) -> &Part {
        &self.parts[component as usize]
    }
}

/// A trend among its peers, weighed. Every percentile is among all.
pub fn emerging(trend: &Trend, peers: &Peers, weights: &Weights) -> Emerging {
    let ranked_by = components(trend);
    let mut parts = Component::ALL.map(|component| {
        let by = ranked_by[component as usize];
        let value = match component {
            Component::Pace => trend.outlook.and_then(|outlook| outlook.pace.ok()),
            _ => by,
        };
        let percentile = by.and_then(|by| peers.percentile(component, by));
        let percentile =
            if component == Component::Saturation { percentile.map(|p| 1.0 - p) } else { percentile };
        Part { component, value, percentile, weight: weights.of(component), contribution: None }
    });
    let known: f64 = parts.iter().filter(|part| part.percentile.is_some()).map(|part| part.weight).sum();
    if known <= 0.0 {
        return Emerging { score: None, peers: peers.all(), parts };
    }
    for part in &mut parts {
        let share = part.percentile.map(|p| if part.component.is_subtracted() { 1.0 - p } else { p });
        part.contribution = share.map(|share| 100.0 * part.weight * share / known);
    }
    let score = parts.iter().filter_map(|part| part.contribution).sum::<f64>().clamp(0.0, 100.0);
    Emerging { score: Some(score), peers: peers.all(), parts }
}

#[cfg(test)]
mod tests;
