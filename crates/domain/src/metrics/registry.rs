//! The registry of published metrics: name, formula, unit, caveats and paths. The table of docs/metrics.md and the
//! answer of `/v1/metrics` are generated from it.

use std::fmt::Write;

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// As it is named in answers.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Its formula. V, U and P are lifetime views, creators and videos; dX is what X grew by within the window w; x, l, c, s
    /// and f are a video's plays, likes, comments, shares and saves.
    pub formula: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Caveats.
    pub caveats: &'static [&'static str],
    /// Paths that return it.
    pub paths: &'static [&'static str],
}

const RECORD: &str = "/v1/hashtags/{ref}";
const LIST: &str = "/v1/hashtags";
const HISTORY: &str = "/v1/hashtags/{ref}/history";
const VIDEOS: &str = "/v1/hashtags/{ref}/videos";
const BENCHMARK: &str = "/v1/hashtags/{ref}/benchmark";
const RELATED: &str = "/v1/hashtags/{ref}/related";
const CREATORS: &str = "/v1/hashtags/{ref}/creators";
const TRENDING: &str = "/v1/trending";
const COMPARE: &str = "/v1/compare";
const WALKS: &str = "/v1/walks";
const CAMPAIGN: &str = "/v1/campaigns/{id}";

const REPAIRED: &str = "uses the repaired series: drops are ignored, growth continues from the lower level";
const REAL_SPAN: &str =
    "the period is the real time between the readings, which a gap makes longer than the window";
/// Caveat of metrics that depend on the number of hashtags per post.
const BREAK: &str = "`structural_break` where posts from before and after the limit of five hashtags are pooled; `sides` has them apart";
/// The same for metrics without separate sides.
const POOLED: &str =
    "`structural_break` where posts from before and after the limit of five hashtags are pooled";
/// Caveat of metrics that need a number of values.
const ENOUGH: &str = "unknown for fewer than 10 values";
const SAMPLE: &str = "of the stored videos, not of all videos";
const CREATORS_NEEDED: &str = "unknown without two readings of the number of creators";
const VIDEOS_NEEDED: &str = "unknown without two readings of the number of videos";

/// All of them, in the order of the documentation.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "views",
        title: "Views",
        formula: "V",
        unit: "views",
        caveats: &[
            "lifetime impressions of all posts, not unique people",
            "rounded for display by web sources; the step is given",
        ],
        paths: &[RECORD, LIST, HISTORY, COMPARE],
    },
    Metric {
        name: "creators",
        title: "Creators",
        formula: "U",
        unit: "creators",
        caveats: &["as reported, otherwise the distinct authors of the stored videos"],
        paths: &[RECORD, LIST, HISTORY, COMPARE],
    },
    Metric {
        name: "videos",
        title: "Videos",
        formula: "P",
        unit: "videos",
        caveats: &["as reported, otherwise the stored videos"],
        paths: &[RECORD, LIST, HISTORY, COMPARE],
    },
    Metric {
        name: "gain",
        title: "Gain",
        formula: "dX, the sum of the rises between the kept readings nearest before both ends",
        unit: "views, creators or videos",
        caveats: &[
            REPAIRED,
            REAL_SPAN,
            "never more than the total it leads to",
            "`below_resolution` where it is below the step of a rounded end",
        ],
        paths: &[HISTORY, RECORD, TRENDING, COMPARE],
    },
    Metric {
        name: "velocity",
        title: "Velocity",
        formula: "dV / dt",
        unit: "views a day",
        caveats: &[REPAIRED, REAL_SPAN],
        paths: &[RECORD, LIST, TRENDING],
    },
    Metric {
        name: "growth",
        title: "Growth",
        formula: "dV / V(t-w)",
        unit: "share",
        caveats: &[REPAIRED, REAL_SPAN, "unknown from 0 views"],
        paths: &[RECORD, LIST, TRENDING],
    },
    Metric {
        name: "growth_pct_per_hour",
        title: "Growth an hour",
        formula: "100 dV / max(V(t-w), 1) / hours",
        unit: "percent an hour",
        caveats: &[REPAIRED, "unknown over less than half an hour"],
        paths: &[RECORD, TRENDING],
    },
    Metric {
        name: "log_growth",
        title: "Log growth",
        formula: "ln(1 + dV / V(t-w)) / days",
        unit: "a day",
        caveats: &[REPAIRED, "unknown from 0 views"],
        paths: &[RECORD, TRENDING],
    },
    Metric {
        name: "doubling_days",
        title: "Doubling time",
        formula: "ln 2 / log growth",
        unit: "days",
        caveats: &["if growth continued at this rate; unknown without growth"],
        paths: &[RECORD, TRENDING],
    },
    Metric {
        name: "acceleration",
        title: "Acceleration",
        formula: "velocity within the window - velocity within the one before",
        unit: "views a day",
        caveats: &[REPAIRED],
        paths: &[RECORD, TRENDING],
    },
    Metric {
        name: "momentum",
        title: "Momentum",
        formula: "EMA3(v) / EMA14(v) - 1 of the daily velocities v of up to 60 days",
        unit: "share",
        caveats: &["unknown with fewer than 7 days, and where nothing grew; a gap counts as one day"],
        paths: &[RECORD, TRENDING],
    },
    Metric {
        name: "zscore",
        title: "Z-score of the velocity",
        formula: "(v - median) / max(1.4826 MAD, q/√6 / days) over up to 60 windows before",
        unit: "deviations",
        caveats: &[
            "against the hashtag's own past; unknown with fewer than 5 windows, or where they are all alike and exact",
            "q is the step of a rounded count: a flip of its last digit does not count as an outbreak",
        ],
        paths: &[RECORD, TRENDING],
    },
    Metric {
        name: "pace",
        title: "Pace",
        formula: "min(E7 / V, ln(1 + G14 / V(t-14 d)) / s14, ln(1 + G28 / V(t-28 d)) / s28); Eh = Σ g_j 2^(-j/h) / Σ 2^(-j/h) \
                  over the daily gains g_j of up to 63 days, Gk is the gain of k days and s_k the days it really spans",
        unit: "a day",
        caveats: &[
            REPAIRED,
            "null with a reason: `stale` where the newest reading is more than 2 days old, `too_young` with less than 7 days of readings, `no_views`",
            "a gain of less than a step in 28 days is marked, and ranks last",
            "by its percentile among all hashtags with a trend comes the published probability to be in the tenth that grows most over 7 days",
        ],
        paths: &[TRENDING, RECORD],
    },
    Metric {
        name: "surge",
        title: "Surge",
        formula: "(E1 + q/7) / (G28 / s28 + q/7), q the step of a rounded count, 1 when exact",
        unit: "times the usual day",
        caveats: &[
            REPAIRED,
            "null with a reason: `stale`, `too_young` without a reading 28 days or more ago, `below_resolution` where 28 days brought less than 4 steps: exact counts make it known",
            "with the published probabilities of a week of 3 times, twice and half the usual",
        ],
        paths: &[TRENDING, RECORD],
    },
    Metric {
        name: "breakout",
        title: "Breakout",
        formula: "surge >= 3",
        unit: "yes or no",
        caveats: &[
            "unknown where surge is unknown",
            "on 377 book hashtags 1 of 4 was followed by a week of 3 times the usual, 4 of 10 by one of twice the usual",
        ],
        paths: &[TRENDING, RECORD],
    },
    Metric {
        name: "forecast",
        title: "Band of the 7-day gain",
        formula: "(f + q/2) exp(u c) - q/2, f = 7 V pace; u10, u50, u90 by f/q and surge; c = (Σ abs(e) + 8 x 0.46) / (m + 8) / 0.46, \
                  e the errors of the hashtag's own m forecasts of 7, 14, .. 182 days ago",
        unit: "views",
        caveats: &[
            "8 of 10 weeks or more end within it; its ends are rounded outward to the step and no further claim goes with the middle",
            "of the 7 days after the newest reading; null where pace is",
        ],
        paths: &[TRENDING, RECORD],
    },
    Metric {
        name: "emerging",
        title: "Emerging",
        formula: "ranked by pace, raw, among all; with weights given 100 Σ weight x percentile / Σ weight over the known components, \
                  of saturation and concentration 1 - percentile",
        unit: "rank; 0 to 100 with weights",
        caveats: &[
            "the score is no probability; it is null unless weights are given",
            "every percentile is among all hashtags with a trend, whatever their size",
            "z-score, breadth, novelty, saturation and concentration count for nothing unless they are given a weight",
        ],
        paths: &[TRENDING, LIST, RECORD],
    },
    Metric {
        name: "views_per_video",
        title: "Views a video",
        formula: "V / P",
        unit: "views a video",
        caveats: &["both reported, or both of the stored videos; never mixed"],
        paths: &[RECORD],
    },
    Metric {
        name: "views_per_creator",
        title: "Views a creator",
        formula: "V / U",
        unit: "views a creator",
        caveats: &["both reported, or both of the stored videos; never mixed"],
        paths: &[RECORD],
    },
    Metric {
        name: "breadth",
        title: "Breadth",
        formula: "dU / dV",
        unit: "creators a view",
        caveats: &[CREATORS_NEEDED],
        paths: &[TRENDING],
    },
    Metric {
        name: "marginal_views",
        title: "Views a new video",
        formula: "dV / dP",
        unit: "views a video",
        caveats: &["when it falls, the hashtag gets crowded", VIDEOS_NEEDED],
        paths: &[TRENDING],
    },
    Metric {
        name: "saturation",
        title: "Saturation",
        formula: "1 - percentile of dV / dP among all",
        unit: "0 to 1",
        caveats: &[VIDEOS_NEEDED],
        paths: &[TRENDING],
    },
    Metric {
        name: "novelty",
        title: "Novelty",
        formula: "2^(-age / 90 days), age since it was first seen",
        unit: "0 to 1",
        caveats: &["first seen by this store, or first read: the hashtag may be older"],
        paths: &[TRENDING],
    },
    Metric {
        name: "lifecycle",
        title: "Stage of life",
        formula: "by the weekly velocities: v < 5 % of the peak is dormant; was dormant and >= 25 % is revived; \
                  younger than 60 days and > 20 % above its last weeks is emerging; >= 80 % of the peak is peaking; \
                  > 20 % above the last weeks is rising, > 20 % below is declining; else plateau",
        unit: "emerging, rising, peaking, plateau, declining, dormant, revived",
        caveats: &[
            "the first that fits; the last weeks are the median of the four before the newest one",
            "`from`, `until` and `before_from` name the weeks; pace and surge are of other spans, and `note` says where the stage seems to disagree with them",
        ],
        paths: &[RECORD],
    },
    Metric {
        name: "half_life_days",
        title: "Half-life",
        formula: "days from the week of the peak velocity to the first later week with v <= v_peak / 2",
        unit: "days",
        caveats: &["unknown until then"],
        paths: &[RECORD],
    },
    Metric {
        name: "engagement",
        title: "Engagement rate by views",
        formula: "(l + c + s + f) / x; as Σ (l+c+s+f) / Σ x and as the median of the videos' own rates",
        unit: "share",
        caveats: &[
            SAMPLE,
            "unknown for a video if one of these counts was not reported; `videos` of `of_videos` have a rate",
        ],
        paths: &[VIDEOS, BENCHMARK, COMPARE],
    },
    Metric {
        name: "benchmark",
        title: "Benchmark",
        formula: "p10, p25, p50, p75, p90, p99 of x and of the engagement, by age of post when read, linear interpolation",
        unit: "plays; share",
        caveats: &[
            SAMPLE,
            ENOUGH,
            BREAK,
            "plays are rounded to whole numbers",
            "a video of unknown age is only in the group of all",
        ],
        paths: &[BENCHMARK],
    },
    Metric {
        name: "gini",
        title: "Gini coefficient",
        formula: "Σ (2i - n - 1) x_i / (n Σ x), x ascending",
        unit: "0 to 1",
        caveats: &[SAMPLE, ENOUGH, "over videos or over creators, as said beside it"],
        paths: &[CREATORS],
    },
    Metric {
        name: "top1_share",
        title: "Share of the largest",
        formula: "max x / Σ x",
        unit: "share",
        caveats: &[SAMPLE, ENOUGH],
        paths: &[CREATORS],
    },
    Metric {
        name: "top_decile_share",
        title: "Share of the largest tenth",
        formula: "the sum of the ⌈n/10⌉ largest / Σ x",
        unit: "share",
        caveats: &[SAMPLE, ENOUGH],
        paths: &[CREATORS],
    },
    Metric {
        name: "hhi",
        title: "Herfindahl-Hirschman index",
        formula: "Σ (x_i / Σ x)²",
        unit: "1/n to 1",
        caveats: &[SAMPLE, ENOUGH],
        paths: &[CREATORS],
    },
    Metric {
        name: "probability",
        title: "Co-occurrence",
        formula: "P(b given a) = n_ab / n_a",
        unit: "share",
        caveats: &[SAMPLE, BREAK],
        paths: &[RELATED],
    },
    Metric {
        name: "lift",
        title: "Lift",
        formula: "n_ab n / (n_a n_b)",
        unit: "times",
        caveats: &[SAMPLE, "1 is chance", POOLED],
        paths: &[RELATED],
    },
    Metric {
        name: "npmi",
        title: "Normalised pointwise mutual information",
        formula: "ln(lift) / -ln(n_ab / n)",
        unit: "-1 to 1",
        caveats: &[SAMPLE, POOLED],
        paths: &[RELATED],
    },
    Metric {
        name: "relatedness",
        title: "Relatedness",
        formula: "NPMI x log2(1 + n_ab)",
        unit: "none",
        caveats: &[
            "generic hashtags (fyp, foryou, viral and their like, or under 15 % of all stored videos) are left out",
            POOLED,
        ],
        paths: &[RELATED],
    },
    Metric {
        name: "share_of_voice",
        title: "Share of voice",
        formula: "X_i / Σ X_j on a named base: views, videos, creators or engagement",
        unit: "share",
        caveats: &[
            SAMPLE,
            "a video under several of the hashtags counts once, an even part for each; so does a creator",
            POOLED,
        ],
        paths: &[COMPARE, CAMPAIGN],
    },
    Metric {
        name: "increment",
        title: "Incremental views",
        formula: "dV - E; E is the baseline's mean gain a day over the days of dV, or the line through its gains where they rose or fell",
        unit: "views",
        caveats: &[
            "95 % interval from 1,000 draws of runs of baseline days, the slope and the rounding",
            "unknown for fewer than 7 gains of the baseline; no proof of a cause",
        ],
        paths: &[CAMPAIGN],
    },
    Metric {
        name: "coverage",
        title: "Coverage",
        formula: "unique videos seen / P; of two walks also Chapman's (n1+1)(n2+1)/(m+1) - 1",
        unit: "share; videos",
        caveats: &["walks that both begin with the most popular videos make the estimate too low"],
        paths: &[WALKS, VIDEOS],
    },
    Metric {
        name: "resolution",
        title: "Resolution",
        formula: "q, the step of a rounded count: 100 from 10,000, 100,000 from 1 M, 100 M from 1 B; 1 when exact, as a count beside its step is",
        unit: "views, creators or videos",
        caveats: &["the true number lies within half a step"],
        paths: &[RECORD, HISTORY],
    },
];

/// The metrics as a table in Markdown, a row each, as docs/metrics.md has it.
pub fn markdown() -> String {
    let mut table =
        String::from("| name | title | formula | unit | caveats | where |\n|---|---|---|---|---|---|\n");
    for metric in METRICS {
        let caveats = metric.caveats.join("; ");
        let paths: Vec<String> = metric.paths.iter().map(|path| format!("`{path}`")).collect();
        let Metric { name, title, formula, unit, .. } = metric;
        // Writing to a `String` cannot fail.
        let _ =
            writeln!(table, "| `{name}` | {title} | {formula} | {unit} | {caveats} | {} |", paths.join(", "));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_metric_is_reported_whole_and_once() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            let texts = [metric.name, metric.title, metric.formula, metric.unit];
            assert!(
                texts.iter().all(|text| !text.is_empty() && !text.contains(['\n', '|'])),
                "{}",
                metric.name
            );
            assert!(!metric.caveats.is_empty() && !metric.paths.is_empty(), "{}", metric.name);
            assert!(metric.paths.iter().all(|path| path.starts_with("/v1/")), "{}", metric.name);
        }
    }

    #[test]
    fn formulas_name_the_limits_that_are_retained() {
        use crate::metrics::{daily, forecast, lifecycle, outlook, pace, related, surge, trend};
        let all = markdown();
        for limit in [
            format!("2^(-age / {} days)", trend::NOVELTY_HALF_LIFE_DAYS),
            format!("of up to {} days", trend::MOMENTUM_DAYS_MAX),
            format!("fewer than {} days", trend::MOMENTUM_DAYS_MIN),
            format!("over up to {} windows before", trend::ZSCORE_WINDOWS_MAX),
            format!("fewer than {} windows", trend::ZSCORE_WINDOWS_MIN),
            format!("{} MAD", trend::MAD_TO_DEVIATION),
            format!("surge >= {}", surge::BREAKOUT_SURGE),
            format!("brought less than {} steps", surge::SURGE_STEPS_MIN),
            format!("{} days or more ago", surge::SURGE_DAYS),
            format!("more than {} days old", outlook::READING_AGE_DAYS_MAX),
            format!("less than {} days of readings", outlook::HISTORY_DAYS_MIN),
            format!("of up to {} days, Gk", daily::EWMA_DAYS),
            format!("E{:.0} / V", pace::PACE_HALF_LIFE_DAYS),
            format!("(E{:.0} + q/7)", surge::SURGE_HALF_LIFE_DAYS),
            format!("{} x {}) / (m + 8)", forecast::USUAL_ERROR_FORECASTS, forecast::USUAL_ERROR),
            format!(".. {} days ago", forecast::PAST_FORECASTS_MAX * forecast::FORECAST_DAYS),
            format!("under {:.0} % of all stored videos", 100.0 * related::GENERIC_SHARE),
            format!("v < {:.0} % of the peak is dormant", 100.0 * lifecycle::DORMANT_SHARE),
            format!(">= {:.0} % is revived", 100.0 * lifecycle::REVIVED_SHARE),
            format!("younger than {} days", lifecycle::YOUNG_DAYS),
            format!("> {:.0} % above its last weeks", 100.0 * lifecycle::PLATEAU_CHANGE),
            format!(">= {:.0} % of the peak is peaking", 100.0 * lifecycle::PEAK_SHARE),
        ] {
            assert!(all.contains(&limit), "{limit}");
        }
    }
}
