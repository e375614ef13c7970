//! The emerging score: where a hashtag stands among those of its size, component by component (metrics.md: emerging score).

use super::as_f64;
use super::quantiles::{quantile, rank};
use super::trend::Trend;
use super::weights::Weights;

/// Hashtags a size band needs to be compared within; of smaller ones all bands together are the peers.
pub const PEERS_MIN: usize = 30;

/// Quantiles kept of a component's values where there are more.
const QUANTILES: usize = 256;

/// A component of the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Component {
    /// How unusual its velocity is for it.
    Zscore,
    /// Sustained log growth a day.
    Growth,
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
        [Self::Zscore, Self::Growth, Self::Breadth, Self::Novelty, Self::Saturation, Self::Concentration];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zscore => "zscore",
            Self::Growth => "growth",
            Self::Breadth => "breadth",
            Self::Novelty => "novelty",
            Self::Saturation => "saturation",
            Self::Concentration => "concentration",
        }
    }

    /// Whether a high one lowers the score.
    pub const fn is_subtracted(self) -> bool {
        matches!(self, Self::Saturation | Self::Concentration)
    }
}

/// How many views a hashtag has, by powers of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SizeBand(u8);

impl SizeBand {
    /// How many bands there are.
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

/// The values that a trend's components are ranked by, in the order of [`Component::ALL`]. That of saturation is dV/dP, of
/// which 1 less the percentile is the saturation.
pub fn components(trend: &Trend) -> [Option<f64>; Component::ALL.len()] {
    [
        trend.zscore,
        trend.sustained_growth,
        trend.breadth,
        trend.novelty,
        trend.marginal_views,
        trend.concentration,
    ]
    .map(|value| value.filter(|value| value.is_finite()))
}

/// By component, the sorted values (or [`QUANTILES`] of them) of some hashtags, and how many hashtags there are.
#[derive(Debug, Clone, Default, PartialEq)]
struct Group {
    hashtags: u64,
    values: [Vec<f64>; Component::ALL.len()],
}

/// What a hashtag is compared with: by size band and component the values of all hashtags that have a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct Peers {
    /// The bands, and then all together.
    groups: Vec<Group>,
}

const EVERYBODY: usize = SizeBand::COUNT;

impl Peers {
    /// Of the views and component values of hashtags.
    pub fn of(trends: impl Iterator<Item = (u64, [Option<f64>; Component::ALL.len()])>) -> Self {
        let mut groups = vec![Group::default(); SizeBand::COUNT + 1];
        for (views, values) in trends {
            let group = &mut groups[usize::from(SizeBand::of(views).0)];
            group.hashtags += 1;
            for (to, value) in group.values.iter_mut().zip(values) {
                to.extend(value.filter(|value| value.is_finite()));
            }
        }
        for values in groups.iter_mut().flat_map(|group| &mut group.values) {
            values.sort_unstable_by(f64::total_cmp);
        }
        groups[EVERYBODY].hashtags = groups.iter().map(|group| group.hashtags).sum();
        // A component at a time, so that the values of everybody are in memory once and not twice.
        for component in 0..Component::ALL.len() {
            let bands = groups.iter().flat_map(|group| &group.values[component]);
            let mut everybody: Vec<f64> = bands.copied().collect();
            // Runs that are in order already are merged.
            everybody.sort_by(f64::total_cmp);
            groups[EVERYBODY].values[component] = everybody;
            for values in groups.iter_mut().map(|group| &mut group.values[component]) {
                if values.len() > QUANTILES {
                    *values = thinned(values);
                }
            }
        }
        Self { groups }
    }

    /// Where a value stands among its peers, 0 to 1: those of its band, or all where they are fewer than [`PEERS_MIN`].
    /// `None` where no peer has a value.
    pub fn percentile(&self, band: SizeBand, component: Component, value: f64) -> Option<f64> {
        let of = |group: usize| &self.groups[group].values[component as usize];
        let own = of(band.0.into());
        rank(if own.len() < PEERS_MIN { of(EVERYBODY) } else { own }, value)
    }

    /// How many hashtags a band has.
    pub fn count(&self, band: SizeBand) -> u64 {
        self.groups[usize::from(band.0)].hashtags
    }

    /// How many hashtags there are in all.
    pub fn all(&self) -> u64 {
        self.groups[EVERYBODY].hashtags
    }

    /// For the database: little-endian, for each group its hashtags and for each component a length and the values.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM];
        for group in &self.groups {
            bytes.extend(group.hashtags.to_le_bytes());
            for values in &group.values {
                bytes.extend((values.len() as u64).to_le_bytes());
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
        }
        bytes
    }

    /// Back from the database; `None` where the bytes are of another form or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (form, mut rest) = bytes.split_first()?;
        if *form != FORM {
            return None;
        }
        let mut groups = vec![Group::default(); SizeBand::COUNT + 1];
        for group in &mut groups {
            group.hashtags = u64::from_le_bytes(take(&mut rest)?);
            for values in &mut group.values {
                let length = u64::from_le_bytes(take(&mut rest)?);
                if length > (QUANTILES as u64) {
                    return None;
                }
                for _ in 0..length {
                    values
                        .push(Some(f64::from_le_bytes(take(&mut rest)?)).filter(|value| value.is_finite())?);
                }
                if !values.is_sorted() {
                    return None;
                }
            }
        }
        rest.is_empty().then_some(Self { groups })
    }
}

/// The first byte, so that another form can be told from this one.
const FORM: u8 = 1;

fn take(rest: &mut &[u8]) -> Option<[u8; 8]> {
    let (word, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*word)
}

fn thinned(sorted: &[f64]) -> Vec<f64> {
    let share = |at: usize| as_f64(at as u64) / as_f64(QUANTILES as u64 - 1);
    (0..QUANTILES).filter_map(|at| quantile(sorted, share(at))).collect()
}

/// What a component brings to a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The component.
    pub component: Component,
    /// Its value; `None` where it is not known, and then it counts for nothing.
    pub value: Option<f64>,
    /// Where the value stands among the peers, 0 to 1; of saturation 1 less that of dV/dP.
    pub percentile: Option<f64>,
    /// The weight it was given.
    pub weight: f64,
    /// Its part of the score: weight x percentile, or 1 less the percentile of one that is subtracted, over all weights of
    /// the known ones, x 100. They add up to the score.
    pub contribution: Option<f64>,
}

/// A score and what it is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emerging {
    /// 0 to 100.
    pub score: f64,
    /// The size band.
    pub band: SizeBand,
    /// Hashtags it was compared with: of its band, or all where the band has too few.
    pub peers: u64,
    /// The components in the order of [`Component::ALL`].
    pub parts: [Part; Component::ALL.len()],
}

/// The score of a trend among its peers. `None` where no component with a weight is known.
pub fn emerging(trend: &Trend, peers: &Peers, weights: &Weights) -> Option<Emerging> {
    let band = SizeBand::of(trend.views);
    let values = components(trend);
    let mut parts = Component::ALL.map(|component| {
        let value = values[component as usize];
        let percentile = value.and_then(|value| peers.percentile(band, component, value));
        let percentile =
            if component == Component::Saturation { percentile.map(|p| 1.0 - p) } else { percentile };
        Part { component, value, percentile, weight: weights.of(component), contribution: None }
    });
    let known: f64 = parts.iter().filter(|part| part.percentile.is_some()).map(|part| part.weight).sum();
    if known <= 0.0 {
        return None;
    }
    for part in &mut parts {
        let share = part.percentile.map(|p| if part.component.is_subtracted() { 1.0 - p } else { p });
        part.contribution = share.map(|share| 100.0 * part.weight * share / known);
    }
    let own = peers.count(band);
    Some(Emerging {
        score: parts.iter().filter_map(|part| part.contribution).sum::<f64>().clamp(0.0, 100.0),
        band,
        peers: if own < PEERS_MIN as u64 { peers.all() } else { own },
        parts,
    })
}

#[cfg(test)]
mod tests;
