//! Footnotes of a campaign's sentences: source, time, rounding, part seen and gaps of the numbers.

use super::gathered::Gathered;
use super::unknown::part;
use super::view::{CampaignHashtagView, FootnoteView, ParticipationView};
use crate::view::grouped;
use domain::{Basis, Source, SourceSet, Timestamp, Zone};

/// The footnotes of a campaign: one for the readings of each stored hashtag, and one for the stored videos.
pub(super) struct Footnotes {
    pub(super) list: Vec<FootnoteView>,
}

impl Footnotes {
    pub(super) fn of(
        gathered: &Gathered,
        hashtags: &[CampaignHashtagView],
        participation: Option<&ParticipationView>,
    ) -> Self {
        let mut list: Vec<FootnoteView> = hashtags
            .iter()
            .filter(|hashtag| hashtag.readings > 0)
            .map(|hashtag| of_readings(&gathered.by.zone, hashtag))
            .collect();
        list.extend(participation.map(|seen| of_videos(gathered, seen)));
        for (note, number) in list.iter_mut().zip(1..) {
            note.number = number;
        }
        Self { list }
    }

    /// Returns the number of the footnote on a hashtag's readings.
    pub(super) fn readings(&self, name: &str) -> Vec<u32> {
        let on = |note: &&FootnoteView| note.hashtag.as_deref() == Some(name);
        self.list.iter().filter(on).map(|note| note.number).collect()
    }

    /// Returns the number of the footnote on the stored videos.
    pub(super) fn videos(&self) -> Vec<u32> {
        self.list.iter().filter(|note| note.hashtag.is_none()).map(|note| note.number).collect()
    }
}

fn of_readings(zone: &Zone, hashtag: &CampaignHashtagView) -> FootnoteView {
    let reads: Vec<Timestamp> = hashtag.series.iter().map(|point| point.at).collect();
    let gain = hashtag.views_gained.as_ref();
    let (from, to) = (reads.first().copied(), gain.map(|gain| gain.to).or(reads.last().copied()));
    let step = gain.map(|gain| gain.step);
    let rounding = match step {
        Some(1) => "exact".to_owned(),
        Some(step) => format!("rounded to {}", grouped(step)),
        None => "of unknown rounding".to_owned(),
    };
    let gaps = match hashtag.gaps.len() {
        0 => "no gap of more than two days".to_owned(),
        1 => "one gap of more than two days".to_owned(),
        number => format!("{number} gaps of more than two days"),
    };
    let text = format!(
        "#{}: {} of views as reported by TikTok (source: {}){}, {rounding}, {gaps}.",
        hashtag.name,
        counted(hashtag.readings, "reading"),
        listed(&hashtag.sources),
        between(zone, from, to),
    );
    FootnoteView {
        number: 0,
        basis: Basis::Reported.name(),
        hashtag: Some(hashtag.name.clone()),
        sources: hashtag.sources.clone(),
        from,
        to,
        step,
        part: None,
        gaps: hashtag.gaps.len() as u64,
        text,
    }
}

fn of_videos(gathered: &Gathered, seen: &ParticipationView) -> FootnoteView {
    let own = || gathered.own().filter_map(|member| member.stored.as_ref());
    let sources = own().fold(SourceSet::default(), |all, one| all.union(one.hashtag.observed.sources));
    let sources: Vec<&'static str> = sources.iter().map(Source::name).collect();
    let stored: u64 = own().map(|one| one.hashtag.observed.videos).sum();
    let reported: Option<u64> =
        own().map(|one| one.hashtag.reported.videos.map(|videos| videos.value())).sum();
    let part = reported.and_then(|reported| part(stored, reported));
    let seen_part = match (part, reported) {
        (Some(part), Some(reported)) => format!(
            "of the own hashtags {} of about {} reported videos are stored ({:.0} %)",
            grouped(stored),
            grouped(reported),
            part * 100.0
        ),
        _ => "it is unknown how many videos there are".to_owned(),
    };
    let read = match seen.observed_at {
        Some(at) => format!("counts as last read, the newest on {}", gathered.by.zone.date(at)),
        None => "counts of unknown time".to_owned(),
    };
    let filter = match seen.left_out {
        0 => String::new(),
        out => format!("; the filter left {} out", counted(out, "video")),
    };
    let text = format!(
        "Stored videos (source: {}): {} posted in the campaign's time, {read}; {seen_part}{filter}.",
        listed(&sources),
        counted(seen.videos, "video"),
    );
    FootnoteView {
        number: 0,
        basis: Basis::Observed.name(),
        hashtag: None,
        sources,
        from: Some(gathered.from),
        to: gathered.until,
        step: None,
        part,
        gaps: 0,
        text,
    }
}

/// `1 video`, `1,204 videos`
pub(super) fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

fn listed(sources: &[&str]) -> String {
    if sources.is_empty() { "unknown".to_owned() } else { sources.join(", ") }
}

fn between(zone: &Zone, from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    match from.zip(to) {
        Some((from, to)) => format!(", {} to {}", zone.date(from), zone.date(to)),
        None => String::new(),
    }
}
