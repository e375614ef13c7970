//! Share of voice of a campaign: by hashtag on each base, and of the own hashtags over time.

use super::{observed, reported, share, table};
use crate::campaign::{CampaignView, CampaignVoiceView};
use crate::chart_of;
use charts::report::Section;
use charts::{Chart, ChartPoint, Line, grouped};
use domain::Zone;

/// Returns the section; `None` before the campaign, and without a competitor.
pub(super) fn section(view: &CampaignView) -> Option<Section> {
    let voice = view.share_of_voice.as_ref()?;
    if usize::try_from(voice.own_hashtags).is_ok_and(|own| own >= voice.hashtags.len()) {
        return None;
    }
    let mut footnotes = reported(view, false);
    footnotes.extend(observed(view));
    let headings: Vec<String> = std::iter::once("Hashtag".to_owned())
        .chain(voice.bases.iter().map(|base| format!(">Of {}, {}", base.base, base.basis)))
        .collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let row = |(place, name): (usize, &String)| {
        let shares = voice.bases.iter().map(|base| share(base.shares.get(place).copied().flatten()));
        std::iter::once(format!("#{name}")).chain(shares).collect::<Vec<String>>()
    };
    let own = std::iter::once("Own hashtags together".to_owned())
        .chain(voice.bases.iter().map(|base| share(base.own)))
        .collect();
    let rows = voice.hashtags.iter().enumerate().map(row).chain([own]).collect();
    let caption = format!(
        "Share of voice in the whole period, on each base; {} stored videos, each counted once",
        grouped(voice.videos)
    );
    Some(Section {
        heading: "Share of voice".to_owned(),
        charts: over_time(voice, &view.campaign.tz).into_iter().collect(),
        chart_footnotes: footnotes.clone(),
        tables: vec![table(&caption, &headings, rows, footnotes)],
        ..Section::default()
    })
}

/// Draws the share of the own hashtags, a line for each base. A day without a share breaks the line.
fn over_time(voice: &CampaignVoiceView, zone: &Zone) -> Option<Chart> {
    let lines: Vec<Line> = voice
        .bases
        .iter()
        .map(|base| {
            let mut gap_before = false;
            let points = base.points.iter().filter_map(|point| {
                let known = point.own.map(|own| ChartPoint {
                    at: point.at,
                    value: own * 100.0,
                    step: 0.0,
                    gap_before,
                });
                gap_before = known.is_none();
                known
            });
            Line { name: format!("{}, {}", base.base, base.basis), points: points.collect() }
        })
        .filter(|line| line.points.len() > 1)
        .collect();
    (!lines.is_empty()).then(|| {
        let subtitle = format!("own hashtags, by {}, {zone}", voice.step);
        Chart { zone: zone.clone(), ..chart_of("Share of voice".to_owned(), subtitle, "%", lines) }
    })
}
