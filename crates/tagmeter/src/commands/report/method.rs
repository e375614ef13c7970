//! How the figures of a report come about: what is told, and the formulas of the metrics that stand in it.

use domain::metrics::registry::{METRICS, Metric};

/// Metrics of a page on one hashtag, in the order they stand on it.
const METRICS_TOLD: [&str; 18] = [
    "views",
    "gain",
    "growth",
    "velocity",
    "zscore",
    "lifecycle",
    "pace",
    "surge",
    "forecast",
    "engagement",
    "benchmark",
    "probability",
    "lift",
    "npmi",
    "relatedness",
    "gini",
    "coverage",
    "resolution",
];

const BASIS: (&str, &str) = (
    "Reported and observed",
    "Reported totals were told by TikTok. Observed ones are added up from the videos that are held, which are seldom all. \
     The two are never mixed.",
);
const REPAIR: (&str, &str) = (
    "Repair",
    "A reading of 0 after others counts as not told. A number one below a step of the rounding is put on the step. A fall \
     that came back within 72 hours, and a rise that was taken back as soon, are left out. A fall that stayed is kept, and \
     growth goes on from there. What was told is never changed: only what is measured with is.",
);
const GAPS: (&str, &str) = (
    "Gaps",
    "Where nothing was read there is no point and no line. A gain over a gap is of the time that it really took.",
);
const LETTERS: (&str, &str) = (
    "Letters in the formulas",
    "V, U and P are lifetime views, creators and videos; dX is what X grew by within the window w; x, l, c, s and f are a \
     video's plays, likes, comments, shares and saves; n counts videos.",
);
const INDEX: (&str, &str) = (
    "Index",
    "Each series divided by its own first value, times 100. Series that begin at different days had different pasts by then.",
);

/// Terms and what they mean, for one hashtag or several.
pub(super) fn terms(is_compared: bool) -> Vec<(String, String)> {
    let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    let mut terms: Vec<(String, String)> = [BASIS, REPAIR, GAPS, LETTERS].map(own).to_vec();
    terms.extend(METRICS_TOLD.iter().filter_map(|name| told(name)));
    if is_compared {
        terms.extend(told("share_of_voice"));
        terms.push(own(INDEX));
    }
    terms
}

/// A metric as it is registered.
fn told(name: &str) -> Option<(String, String)> {
    let Metric { title, formula, unit, caveats, .. } = METRICS.iter().find(|metric| metric.name == name)?;
    Some(((*title).to_owned(), format!("{formula} (unit: {unit}). To know: {}.", caveats.join("; "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_that_is_told_is_registered() {
        let own = 4;
        assert_eq!(terms(false).len(), METRICS_TOLD.len() + own);
        assert_eq!(terms(true).len(), METRICS_TOLD.len() + own + 2);
        assert!(terms(false).iter().all(|(name, text)| !name.is_empty() && text.ends_with('.')));
    }
}
