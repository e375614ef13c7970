//! The method section of a report: its terms, and the formulas of its metrics.

use domain::metrics::registry::{METRICS, Metric};

/// Metrics of a report on one hashtag, in their order there.
const METRICS_EXPLAINED: [&str; 18] = [
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
    "Reported totals are TikTok's own. Observed ones are sums over the stored videos, which are seldom all. The two are \
     never mixed.",
);
const REPAIR: (&str, &str) = (
    "Repair",
    "A reading of 0 after others counts as missing. A number one below a rounding step is raised to the step. A fall that \
     recovers within 72 hours, and a rise that is reversed as soon, are left out. A fall that lasts stays, and growth \
     continues from there. Stored readings never change: only measurements use the repaired ones.",
);
const GAPS: (&str, &str) =
    ("Gaps", "Times without a reading have no point and no line. A gain over a gap spans all of the gap.");
const LETTERS: (&str, &str) = (
    "Letters in the formulas",
    "V, U and P are lifetime views, creators and videos; dX is what X grew by within the window w; x, l, c, s and f are a \
     video's plays, likes, comments, shares and saves; n counts videos.",
);
const INDEX: (&str, &str) = (
    "Index",
    "Each series divided by its own first value, times 100. Series that begin on different days start from different pasts.",
);

/// Returns the terms and their explanations, for one hashtag or several.
pub(super) fn terms(is_compared: bool) -> Vec<(String, String)> {
    let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    let mut terms: Vec<(String, String)> = [BASIS, REPAIR, GAPS, LETTERS].map(own).to_vec();
    terms.extend(METRICS_EXPLAINED.iter().filter_map(|name| explained(name)));
    if is_compared {
        terms.extend(explained("share_of_voice"));
        terms.push(own(INDEX));
    }
    terms
}

/// Returns the title and the explanation of a registered metric.
fn explained(name: &str) -> Option<(String, String)> {
    let Metric { title, formula, unit, caveats, .. } = METRICS.iter().find(|metric| metric.name == name)?;
    Some(((*title).to_owned(), format!("{formula} (unit: {unit}). Caveats: {}.", caveats.join("; "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_explained_metric_is_registered() {
        let own = 4;
        assert_eq!(terms(false).len(), METRICS_EXPLAINED.len() + own);
        assert_eq!(terms(true).len(), METRICS_EXPLAINED.len() + own + 2);
        assert!(terms(false).iter().all(|(name, text)| !name.is_empty() && text.ends_with('.')));
    }
}
