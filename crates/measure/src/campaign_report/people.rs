//! Participation in a campaign: videos and creators by day, and who carried it.

use super::{maybe, observed, share, table};
use crate::campaign::{CampaignVideoView, CampaignView, ParticipationDayView, ParticipationView};
use crate::{CreatorView, chart_of};
use charts::report::{ReportTable, Section};
use charts::{Chart, ChartPoint, Line, day_in, grouped};
use domain::Zone;

/// Characters of a caption that a table shows.
const CAPTION_SHOWN_MAX: usize = 80;

/// Returns the section; `None` before the campaign begins.
pub(super) fn section(view: &CampaignView) -> Option<Section> {
    let seen = view.participation.as_ref()?;
    let proofs = observed(view);
    let concentration = seen.concentration.as_ref().map(|plays| {
        format!(
            "Of the plays, the top creator has {}, the top tenth {} (Gini {:.2}, Herfindahl index {:.3}, {} creators).",
            share(Some(plays.top1_share)),
            share(Some(plays.top_decile_share)),
            plays.gini,
            plays.hhi,
            grouped(plays.count)
        )
    });
    let left_out = [
        (seen.left_out, "videos of the period were left out by the filter."),
        (seen.videos_without_creator, "videos have no known creator."),
        (
            seen.videos_without_time,
            "stored videos have no time of posting, so they are in none of these numbers.",
        ),
    ];
    let left_out = left_out.into_iter().filter(|(number, _)| *number > 0);
    Some(Section {
        heading: "Participation".to_owned(),
        intro: concentration.unwrap_or_default(),
        charts: by_day(&seen.days, &view.campaign.tz).into_iter().collect(),
        chart_footnotes: proofs.clone(),
        tables: [creators(seen, &proofs), videos(seen, &view.campaign.tz, &proofs)]
            .into_iter()
            .flatten()
            .collect(),
        notes: left_out.map(|(number, what)| format!("{} {what}", grouped(number))).collect(),
        ..Section::default()
    })
}

fn by_day(days: &[ParticipationDayView], zone: &Zone) -> Option<Chart> {
    let line = |name: &str, value: fn(&ParticipationDayView) -> u64| Line {
        name: name.to_owned(),
        points: days
            .iter()
            .map(|day| {
                #[expect(clippy::cast_precision_loss, reason = "videos of a day")]
                let value = value(day) as f64;
                ChartPoint { at: day.at, value, step: 0.0, gap_before: false }
            })
            .collect(),
    };
    let lines = vec![
        line("Videos", |day| day.videos),
        line("Creators", |day| day.creators),
        line("New creators", |day| day.new_creators),
    ];
    (days.len() > 1).then(|| {
        let subtitle = format!("stored videos under the own hashtags by day of posting, {zone}");
        Chart { zone: zone.clone(), ..chart_of("Participation".to_owned(), subtitle, "", lines) }
    })
}

fn creators(seen: &ParticipationView, proofs: &[String]) -> Option<ReportTable> {
    let row = |one: &CreatorView| {
        let by_handle = if one.by_handle { " (by handle)" } else { "" };
        let name = one.unique_id.as_ref().map(|handle| format!("@{handle}{by_handle}"));
        vec![
            maybe(name, |name| name),
            one.id.clone().unwrap_or_default(),
            grouped(one.videos),
            maybe(one.plays, grouped),
            share(one.plays_share),
        ]
    };
    let rows: Vec<Vec<String>> = seen.top_creators.iter().map(row).collect();
    let headings = ["Creator", "User id", ">Videos", ">Plays", ">Share of plays"];
    let caption = "Creators with the most plays";
    (!rows.is_empty()).then(|| table(caption, &headings, rows, proofs.to_vec()))
}

fn videos(seen: &ParticipationView, zone: &Zone, proofs: &[String]) -> Option<ReportTable> {
    let row = |one: &CampaignVideoView| {
        let video = &one.video;
        let caption: String = video.title.chars().take(CAPTION_SHOWN_MAX).collect();
        let cut = if caption.len() < video.title.len() { "…" } else { "" };
        vec![
            video.id.clone(),
            maybe(video.creator.as_ref(), |handle| format!("@{handle}")),
            format!("{caption}{cut}"),
            maybe(video.created_at, |at| day_in(zone, at)),
            maybe(video.plays, grouped),
            share(one.plays_share),
        ]
    };
    let rows: Vec<Vec<String>> = seen.top_videos.iter().map(row).collect();
    let headings = ["Video id", "Creator", "Caption", "Posted", ">Plays", ">Share of plays"];
    (!rows.is_empty()).then(|| table("Videos with the most plays", &headings, rows, proofs.to_vec()))
}
