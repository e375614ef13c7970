//! Encodes trends for the store: every number exactly, in few bytes.

use domain::metrics::trend::{Trend, TrendWindow};
use domain::metrics::{CountedReading, Gain, Missing, Outlook, OwnErrors};
use domain::{SourceSet, Timestamp};
use strum::VariantArray;

/// First byte: the version of the form.
const FORM: u8 = 2;

/// Bits of the mask: the reals first, in the order of [`reals`].
const GAIN: u32 = 1 << 16;
const FALLS: u32 = 1 << 17;
const STEP_FROM: u32 = 1 << 18;
const STEP_TO: u32 = 1 << 19;
const IS_REPAIRED: u32 = 1 << 20;
const IS_BELOW_RESOLUTION: u32 = 1 << 21;
const OUTLOOK: u32 = 1 << 22;
const IS_BELOW_STEP: u32 = 1 << 23;
/// Three bits each: 0 if pace or surge is known, else 1 plus the index of the reason.
const NO_PACE_AT: u32 = 24;
const NO_SURGE_AT: u32 = 27;

/// Numbers of a trend that may be unknown.
const REALS: usize = 12;

/// A trend and the sources of its readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SourcedTrend {
    pub(super) trend: Trend,
    pub(super) sources: SourceSet,
}

impl SourcedTrend {
    /// Encodes it: the form, a mask of the numbers that are present, and these in 8 bytes each, little-endian.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let (mut bytes, mut mask) = (vec![FORM, 0, 0, 0, 0], 0);
        let trend = &self.trend;
        let mut put = |word: [u8; 8]| bytes.extend(word);
        put(trend.as_of.as_ms().to_le_bytes());
        put(trend.views.to_le_bytes());
        put(self.sources.to_bits().to_le_bytes());
        if let Some(gain) = trend.gain {
            mask |= GAIN;
            put(gain.gain.to_le_bytes());
            put(gain.from.value.to_le_bytes());
            put(gain.span_ms.to_le_bytes());
            let rare = [(FALLS, gain.falls, 0), (STEP_FROM, gain.from.step, 1), (STEP_TO, gain.to.step, 1)];
            for (bit, number, usual) in rare {
                if number != usual {
                    mask |= bit;
                    put(number.to_le_bytes());
                }
            }
            mask |= if gain.is_repaired { IS_REPAIRED } else { 0 };
            mask |= if gain.is_below_resolution { IS_BELOW_RESOLUTION } else { 0 };
        }
        for (number, real) in reals(trend).into_iter().enumerate() {
            if let Some(real) = real {
                mask |= 1 << number;
                put(real.to_le_bytes());
            }
        }
        if let Some(outlook) = trend.outlook {
            mask |= OUTLOOK;
            mask |= if outlook.is_below_step { IS_BELOW_STEP } else { 0 };
            put(outlook.step.to_le_bytes());
            put(outlook.errors.scale.to_le_bytes());
            put(u64::from(outlook.errors.forecasts).to_le_bytes());
            for (value, place) in [(outlook.pace, NO_PACE_AT), (outlook.surge, NO_SURGE_AT)] {
                match value {
                    Ok(value) => put(value.to_le_bytes()),
                    Err(missing) => mask |= code(missing) << place,
                }
            }
        }
        bytes[1..5].copy_from_slice(&mask.to_le_bytes());
        bytes
    }

    /// Decodes it; `None` if the bytes are of another form or damaged.
    pub(super) fn from_bytes(bytes: &[u8], window: TrendWindow) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        let (mask, mut rest) = rest.split_first_chunk()?;
        let mask = u32::from_le_bytes(*mask);
        let has = |bit: u32| mask & bit != 0;
        let as_of = Timestamp::from_ms(i64::from_le_bytes(take(&mut rest)?));
        let views = u64::from_le_bytes(take(&mut rest)?);
        let sources = SourceSet::from_bits(i64::from_le_bytes(take(&mut rest)?));
        let gain = if has(GAIN) { Some(gain(mask, as_of, views, &mut rest)?) } else { None };
        let mut reals = [None; REALS];
        for (number, real) in reals.iter_mut().enumerate() {
            if has(1 << number) {
                *real = Some(f64::from_le_bytes(take(&mut rest)?));
            }
        }
        let outlook = if has(OUTLOOK) { Some(outlook(mask, as_of, views, &mut rest)?) } else { None };
        let [velocity, growth, growth_pct_per_hour, log_growth, doubling_days, rest_of @ ..] = reals;
        let [acceleration, momentum, zscore, breadth, marginal_views, novelty, concentration] = rest_of;
        let trend = Trend {
            window,
            as_of,
            views,
            gain,
            velocity,
            growth,
            growth_pct_per_hour,
            log_growth,
            doubling_days,
            acceleration,
            momentum,
            zscore,
            breadth,
            marginal_views,
            novelty,
            concentration,
            outlook,
        };
        (*form == FORM && rest.is_empty()).then_some(Self { trend, sources })
    }
}

fn reals(trend: &Trend) -> [Option<f64>; REALS] {
    [
        trend.velocity,
        trend.growth,
        trend.growth_pct_per_hour,
        trend.log_growth,
        trend.doubling_days,
        trend.acceleration,
        trend.momentum,
        trend.zscore,
        trend.breadth,
        trend.marginal_views,
        trend.novelty,
        trend.concentration,
    ]
}

/// Decodes the gain up to the newest reading, which ends the window.
fn gain(mask: u32, as_of: Timestamp, views: u64, rest: &mut &[u8]) -> Option<Gain> {
    let mut next = || take(rest).map(u64::from_le_bytes);
    let (gain, value, span_ms) = (next()?, next()?, next()?.cast_signed());
    let mut rare = |bit: u32, usual: u64| if mask & bit != 0 { next() } else { Some(usual) };
    let (falls, from_step, to_step) = (rare(FALLS, 0)?, rare(STEP_FROM, 1)?, rare(STEP_TO, 1)?);
    let from = Timestamp::from_ms(as_of.as_ms().saturating_sub(span_ms));
    Some(Gain {
        gain,
        from: CountedReading { at: from, value, step: from_step },
        to: CountedReading { at: as_of, value: views, step: to_step },
        span_ms,
        falls,
        is_repaired: mask & IS_REPAIRED != 0,
        is_below_resolution: mask & IS_BELOW_RESOLUTION != 0,
    })
}

/// Returns 1 plus the index of a reason.
fn code(missing: Missing) -> u32 {
    (1..).zip(Missing::VARIANTS).find(|(_, other)| **other == missing).map_or(0, |(code, _)| code)
}

/// Decodes the outlook for the week after the newest reading.
fn outlook(mask: u32, as_of: Timestamp, views: u64, rest: &mut &[u8]) -> Option<Outlook> {
    let step = u64::from_le_bytes(take(rest)?);
    let scale = f64::from_le_bytes(take(rest)?);
    let forecasts = u32::try_from(u64::from_le_bytes(take(rest)?)).ok()?;
    let mut value = |place: u32| match mask >> place & 0b111 {
        0 => Some(Ok(f64::from_le_bytes(take(rest)?))),
        code => Some(Err(*Missing::VARIANTS.get(code as usize - 1)?)),
    };
    let (pace, surge) = (value(NO_PACE_AT)?, value(NO_SURGE_AT)?);
    let is_below_step = mask & IS_BELOW_STEP != 0;
    Some(Outlook { as_of, views, step, pace, is_below_step, surge, errors: OwnErrors { scale, forecasts } })
}

fn take(rest: &mut &[u8]) -> Option<[u8; 8]> {
    let (word, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::metrics::series::{Reading, Series};
    use domain::metrics::trend::{TrendInput, trend};
    use domain::{Count, Source};
    use proptest::prelude::*;

    fn series(readings: &[(i64, u64, bool)]) -> Series {
        let mut at_ms = 1_700_000_000_000;
        let reading = |&(later_ms, count, is_rounded): &(i64, u64, bool)| {
            at_ms += later_ms;
            let count = if is_rounded { Count::rounded(count) } else { Count::exact(count) };
            Some(Reading { at: Timestamp::from_ms(at_ms), count: count?, source: Source::Series })
        };
        Series::repaired(&readings.iter().filter_map(reading).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn encoded_trends_are_decoded_exactly(
            views in prop::collection::vec((1_i64..200_000_000, 0_u64..50_000_000, any::<bool>()), 1..90),
            creators in prop::collection::vec((1_i64..200_000_000, 0_u64..50_000, any::<bool>()), 0..20),
            concentration in prop::option::of(0.0_f64..1.0),
        ) {
            let (views, creators) = (series(&views), series(&creators));
            let first_seen = views.first().map(|first| first.at);
            let outlook = domain::metrics::outlook(&views, None);
            let input =
                TrendInput { views: &views, creators: &creators, videos: &creators, first_seen, concentration, outlook };
            for &window in TrendWindow::VARIANTS {
                let Some(trend) = trend(&input, window, None) else { continue };
                let sourced = SourcedTrend { trend, sources: [Source::Series].into_iter().collect() };
                let bytes = sourced.to_bytes();
                prop_assert!(bytes.len() <= usize::from(u8::MAX), "its length fits one byte");
                prop_assert_eq!(SourcedTrend::from_bytes(&bytes, window), Some(sourced));
                prop_assert_eq!(SourcedTrend::from_bytes(&bytes[..bytes.len() - 1], window), None);
            }
        }
    }

    #[test]
    fn bytes_of_another_form_are_refused() {
        for bytes in [&b""[..], b"{\"views\":5}", &[FORM], &[1; 40]] {
            assert_eq!(SourcedTrend::from_bytes(bytes, TrendWindow::Day), None);
        }
    }
}
