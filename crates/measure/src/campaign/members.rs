//! The hashtags of a campaign with their readings: reported growth, increment, gaps, and the series that charts show.

use super::effect::Effect;
use super::gathered::{Gathered, Member, StoredMember};
use super::view::{CampaignHashtagView, CampaignPointView, IncrementView, ReadingGapView, ReportedGainView};
use crate::HashtagRecord;
use crate::alert_coverage::days_between;
use domain::metrics::campaign::Increment;
use domain::metrics::history::{Mode, history};
use domain::metrics::series::Series;
use domain::{Source, Timestamp};

const MS_OF_A_DAY: i64 = 86_400_000;
/// Longest time between two readings that is no gap.
const GAP_MS: i64 = 2 * MS_OF_A_DAY;

/// Renders the members in their order.
pub(super) fn views(gathered: &Gathered, effects: &[Effect]) -> Vec<CampaignHashtagView> {
    gathered.members.iter().zip(effects).map(|(member, effect)| view(gathered, member, effect)).collect()
}

fn view(gathered: &Gathered, member: &Member, effect: &Effect) -> CampaignHashtagView {
    let stored = member.stored.as_ref();
    let gain =
        |of: fn(&StoredMember) -> &Series| stored.and_then(|stored| reported_gain(gathered, of(stored)));
    let found = effect.as_ref().ok();
    CampaignHashtagView {
        name: member.tag.name().to_owned(),
        side: member.party.name(),
        record: stored.map(|stored| HashtagRecord::of(&stored.hashtag)),
        views_gained: gain(|stored| &stored.series.views),
        creators_gained: gain(|stored| &stored.series.creators),
        videos_gained: gain(|stored| &stored.series.videos),
        increment: found.map(IncrementView::of),
        no_increment: effect.as_ref().err().cloned(),
        readings: stored.map_or(0, |stored| readings(gathered, &stored.series.views)),
        sources: stored.iter().flat_map(|stored| stored.series.sources.iter().map(Source::name)).collect(),
        gaps: stored.map(|stored| gaps(gathered, &stored.series.views)).unwrap_or_default(),
        videos: stored.map_or(0, |stored| stored.videos(gathered).count() as u64),
        series: stored.map(|stored| series(gathered, &stored.series.views, found)).unwrap_or_default(),
    }
}

/// Returns the growth of a count since the campaign began; `None` without a reading at its beginning and one within it.
fn reported_gain(gathered: &Gathered, series: &Series) -> Option<ReportedGainView> {
    series.at(gathered.from)?;
    let gain = series.gain(gathered.from, gathered.until?)?;
    Some(ReportedGainView {
        gain: gain.gain,
        from: gain.from.at,
        to: gain.to.at,
        step: gain.from.step.max(gain.to.step),
        below_resolution: gain.is_below_resolution,
        falls: gain.falls,
    })
}

/// Returns the end of what is shown: that of the period, or now before the campaign begins.
fn end(gathered: &Gathered) -> Timestamp {
    gathered.until.unwrap_or(gathered.now)
}

fn readings(gathered: &Gathered, views: &Series) -> u64 {
    let (from, to) = (gathered.baseline_from(), end(gathered));
    views.points().iter().filter(|point| point.at >= from && point.at <= to).count() as u64
}

/// Returns the times without a reading that counts, from the first one of the baseline to the end of the period.
fn gaps(gathered: &Gathered, views: &Series) -> Vec<ReadingGapView> {
    let (from, to) = (gathered.baseline_from(), end(gathered));
    let within = views.counted().map(|reading| reading.at).filter(|at| *at >= from && *at <= to);
    let moments: Vec<Timestamp> = within.collect();
    let after = moments.iter().skip(1).copied().chain([to]);
    let pairs = moments.iter().copied().zip(after);
    pairs
        .filter(|(one, other)| other.as_ms() - one.as_ms() > GAP_MS)
        .map(|(from, to)| ReadingGapView { from, to, days: days_between(from, to) })
        .collect()
}

fn series(gathered: &Gathered, views: &Series, found: Option<&Increment>) -> Vec<CampaignPointView> {
    let (from, to) = (Some(gathered.baseline_from()), Some(end(gathered)));
    let totals = history(views, &gathered.by, Mode::Total, from, to);
    let gains = history(views, &gathered.by, Mode::Gain, from, to);
    let point = |(total, gain): (&domain::metrics::HistoryPoint, &domain::metrics::HistoryPoint)| {
        let expected = found.zip(gain.span_ms).filter(|(found, _)| gain.read_at > found.gain.from.at);
        CampaignPointView {
            at: total.at,
            date: gathered.by.date(total.at).map(|date| date.to_string()),
            views: total.value,
            gain: gain.value,
            span_ms: gain.span_ms,
            expected: expected.map(|(found, ms)| {
                let middle = Timestamp::from_ms(gain.read_at.as_ms() - ms / 2);
                let begin = Timestamp::from_ms(gain.read_at.as_ms() - ms);
                found.expected_per_day(middle) * days_between(begin, gain.read_at)
            }),
        }
    };
    totals.iter().zip(&gains).map(point).collect()
}
