//! The hashtags of a campaign one by one: growth, expectation, readings and gaps.

use super::{footnotes, maybe, per_cent, reported, signed, table};
use crate::campaign::{CampaignHashtagView, CampaignView, ReportedGainView};
use charts::report::{ReportTable, Section};
use charts::{day_in, grouped};

pub(super) fn section(view: &CampaignView) -> Section {
    let mut tables = vec![growth(view), readings(view)];
    tables.extend(overlap(view));
    let reasons = view.hashtags.iter().filter_map(|one| {
        let reason = one.no_increment.as_ref()?;
        Some(format!("#{}: {}", one.name, reason.text))
    });
    let controls = view.increment.controls.as_ref().map(|controls| {
        let ratio = maybe(controls.ratio, |ratio| format!("{ratio:.2}"));
        let value = controls.value_against.map(|value| {
            format!(" Against that growth the own hashtags gained {} views more.", signed(value))
        });
        format!(
            "Controls: {} of {} hashtags of competitors gained {ratio} times their own expectation (median).{}",
            controls.hashtags,
            controls.of_hashtags,
            value.unwrap_or_default()
        )
    });
    Section {
        heading: "Hashtags".to_owned(),
        tables,
        notes: controls.into_iter().chain(reasons).collect(),
        ..Section::default()
    }
}

fn name(one: &CampaignHashtagView) -> String {
    format!("#{}", one.name)
}

fn gained(gain: Option<&ReportedGainView>) -> String {
    maybe(gain, |gain| {
        let about = if gain.step > 1 { "~" } else { "" };
        format!("{about}{}", grouped(gain.gain))
    })
}

fn growth(view: &CampaignView) -> ReportTable {
    let row = |one: &CampaignHashtagView| {
        let known = one.increment.as_ref();
        vec![
            name(one),
            one.side.to_owned(),
            gained(one.views_gained.as_ref()),
            maybe(known, |of| grouped(of.expected)),
            maybe(known, |of| signed(of.value)),
            maybe(known, |of| format!("{} to {}", signed(of.low), signed(of.high))),
            maybe(known.and_then(|of| of.ratio), |ratio| format!("{ratio:.2}")),
            gained(one.creators_gained.as_ref()),
            gained(one.videos_gained.as_ref()),
        ]
    };
    let headings = [
        "Hashtag",
        "Side",
        ">Views gained",
        ">Expected",
        ">Increment",
        ">95 % interval",
        ">Ratio",
        ">Creators gained",
        ">Videos gained",
    ];
    let caption = "Growth of the reported counts within the period (~ if rounded) against the trend before";
    table(caption, &headings, view.hashtags.iter().map(row).collect(), reported(view, false))
}

fn readings(view: &CampaignView) -> ReportTable {
    let row = |one: &CampaignHashtagView| {
        let day = |at| day_in(&view.campaign.tz, at);
        let span =
            one.increment.as_ref().map(|of| format!("{} to {}", day(of.baseline_from), day(of.baseline_to)));
        let longest = one.gaps.iter().map(|gap| gap.days).fold(0.0, f64::max);
        vec![
            name(one),
            grouped(one.readings),
            one.sources.join(", "),
            maybe(span, |span| span),
            grouped(one.gaps.len() as u64),
            if one.gaps.is_empty() { String::new() } else { format!("{longest:.1} days") },
            grouped(one.videos),
        ]
    };
    let headings = ["Hashtag", ">Readings", "Sources", "Baseline", ">Gaps", "Longest gap", ">Stored videos"];
    let caption =
        "Basis of the growth: readings of views, baseline, times of more than two days without a reading";
    table(caption, &headings, view.hashtags.iter().map(row).collect(), footnotes(view, |_| true))
}

fn overlap(view: &CampaignView) -> Option<ReportTable> {
    let rows = view.overlap.iter().map(|pair| {
        vec![
            format!("#{}", pair.a),
            format!("#{}", pair.b),
            maybe(pair.videos, grouped),
            maybe(pair.share_of_a, per_cent),
            maybe(pair.share_of_b, per_cent),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings = ["A", "B", ">Videos with both", ">Share of A", ">Share of B"];
    (!rows.is_empty())
        .then(|| table("Overlap of the stored videos of the period", &headings, rows, super::observed(view)))
}
