//! A measured campaign as a report to send: the sentences with their footnotes, then the numbers behind them.
//!
//! The report shows nothing that the answer does not have, and measures nothing. Each figure and table refers to the
//! footnotes of the answer that say how its numbers are known.

mod hashtags;

mod people;

mod result;

mod voice;

use crate::campaign::{CampaignView, FootnoteView};
use charts::report::{Brand, Report, ReportColumn, ReportTable, Section};
use charts::{day, day_in, grouped};
use domain::metrics::registry::METRICS;

/// Shown for what is not known.
const UNKNOWN: &str = "–";

/// Metrics that the method explains, by their names in the registry.
const EXPLAINED: [&str; 7] =
    ["increment", "share_of_voice", "engagement", "gini", "top_decile_share", "hhi", "coverage"];

const BASIS: (&str, &str) = (
    "Reported and observed",
    "Reported numbers are TikTok's own counts of a hashtag. Observed ones are added up from the stored videos, which are \
     seldom all. The two are never mixed.",
);
const UNKNOWN_TERM: (&str, &str) =
    ("Unknown", "A dash, or an empty cell of a workbook, is a number that is not known. It is not 0.");

/// Makes the report of a measured campaign.
pub fn campaign_report(view: &CampaignView, title: Option<String>) -> Report {
    let sections = [
        Some(result::section(view)),
        result::goals(view),
        Some(hashtags::section(view)),
        voice::section(view),
        people::section(view),
        Some(unknown(view)),
    ];
    Report {
        title: title.unwrap_or_else(|| format!("Campaign {}", view.campaign.name)),
        subtitle: subtitle(view),
        generated_at: view.measured_at,
        zone: view.campaign.tz.clone(),
        brand: Brand::default(),
        notice: String::new(),
        sections: sections.into_iter().flatten().collect(),
        method: method(view),
    }
}

fn subtitle(view: &CampaignView) -> String {
    let campaign = &view.campaign;
    let names = |tags: &[String]| tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(", ");
    let against = match campaign.against.as_slice() {
        [] => String::new(),
        rivals => format!(" against {}", names(rivals)),
    };
    let day = |at| day_in(&campaign.tz, at);
    let span = match campaign.to {
        Some(to) => format!("{} to {}", day(campaign.from), day(to)),
        None => format!("since {}", day(campaign.from)),
    };
    format!("{}{against} · {span} · {}", names(&campaign.hashtags), campaign.state)
}

/// Limits and unknown quantities, and the dated events that can shift the numbers.
fn unknown(view: &CampaignView) -> Section {
    let texts = view.unknown.iter().map(|caveat| caveat.text.as_str());
    let intro = match view.unknown.len() {
        0 => "Nothing that the campaign is measured by is missing.".to_owned(),
        _ => texts.collect::<Vec<_>>().join("\n\n"),
    };
    let events = view.annotations.iter().map(|event| {
        format!("{} to {}: {} (source: {})", day(event.from), day(event.until), event.text, event.source)
    });
    let notes = view.caveats.iter().map(|caveat| caveat.text.clone()).chain(events).collect();
    Section { heading: "What cannot be known".to_owned(), intro, notes, ..Section::default() }
}

fn method(view: &CampaignView) -> Vec<(String, String)> {
    let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    let mut terms = vec![own(BASIS), own(("Incremental views", view.increment.method)), own(UNKNOWN_TERM)];
    let explained = EXPLAINED.iter().filter_map(|name| METRICS.iter().find(|metric| metric.name == *name));
    terms.extend(explained.map(|metric| {
        let caveats = metric.caveats.join("; ");
        (metric.title.to_owned(), format!("{} (unit: {}). Caveats: {caveats}.", metric.formula, metric.unit))
    }));
    terms
}

/// Returns the texts of footnotes by their numbers.
fn numbered(view: &CampaignView, numbers: &[u32]) -> Vec<String> {
    let text = |number: &u32| view.footnotes.iter().find(|note| note.number == *number);
    numbers.iter().filter_map(text).map(|note| note.text.clone()).collect()
}

/// Returns the texts of the footnotes that a condition holds for.
fn footnotes(view: &CampaignView, is_of: impl Fn(&FootnoteView) -> bool) -> Vec<String> {
    view.footnotes.iter().filter(|note| is_of(note)).map(|note| note.text.clone()).collect()
}

/// Returns the footnotes of the stored videos.
fn observed(view: &CampaignView) -> Vec<String> {
    footnotes(view, |note| note.basis == "observed")
}

/// Returns the footnotes of reported counts, of the own hashtags or of all.
fn reported(view: &CampaignView, own_alone: bool) -> Vec<String> {
    footnotes(view, |note| {
        let is_own = note.hashtag.as_ref().is_some_and(|tag| view.campaign.hashtags.contains(tag));
        note.basis == "reported" && (is_own || !own_alone)
    })
}

fn maybe<T>(value: Option<T>, shown: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), shown)
}

/// `12.3 %`
fn per_cent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn share(share: Option<f64>) -> String {
    maybe(share, per_cent)
}

/// `−1,234`
fn signed(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// Returns a table with headings: `>` before the name of a column of numbers.
fn table(caption: &str, headings: &[&str], rows: Vec<Vec<String>>, footnotes: Vec<String>) -> ReportTable {
    let column = |heading: &&str| ReportColumn {
        name: heading.trim_start_matches('>').to_owned(),
        is_number: heading.starts_with('>'),
    };
    let columns = headings.iter().map(column).collect();
    ReportTable { caption: caption.to_owned(), columns, rows, footnotes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_explained_is_registered() {
        for name in EXPLAINED {
            assert!(METRICS.iter().any(|metric| metric.name == name), "{name}");
        }
    }

    #[test]
    fn numbers_keep_their_sign_and_the_unknown_is_no_0() {
        assert_eq!((signed(-1_234), signed(0), signed(1_234)), ("−1,234".into(), "0".into(), "1,234".into()));
        assert_eq!((share(Some(0.123_4)), share(None)), ("12.3 %".to_owned(), "–".to_owned()));
    }
}
