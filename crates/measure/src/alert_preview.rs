//! Previews of alerts: when a rule would have fired on the stored readings of a hashtag.

use crate::alert_coverage::{AlertCoverageView, days_between, moments, too_few};
use crate::alert_parameters::{Threshold, Wait};
use crate::alert_preview_view::{AlertFiredView, AlertPreviewView, AlertRuleView, AnnotationView};
use crate::alert_words::{is_about, sentence};
use crate::digest_parameters::DigestQuery;
use crate::parameters::{TagText, TrendWindowName, WatchedName, by, one_of};
use crate::view::assigned_id;
use crate::{AsOfQuery, MadeOf, Measure, MeasureError};
use catalog::CatalogError;
use clap::Args;
use domain::alerts::{
    AlertEvent, Episode, Frequency, Patience, PatienceError, Preview, RuleError, Sample, Signal,
    ThresholdRule, Watch, Watched, episodes,
};
use domain::annotations::{ANNOTATIONS, Annotation, Shifted};
use domain::digest::Digest;
use domain::metrics::{Reading, TrendWindow};
use domain::{Hashtag, Moment, Timestamp};
use serde::Deserialize;
use std::collections::BTreeSet;
use store::snapshots::readings_of;
use utoipa::ToSchema;

/// Value at which an alert recovers by default, as a part of its threshold.
const RECOVERS_AT_PART: f64 = 0.9;
/// Most episodes of an answer: the newest.
const EPISODES_MAX: usize = 1_000;

/// Question: when an alert would have fired. Give either `above` or `about`.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema, Args)]
#[schema(as = AlertPreviewRequest)]
#[serde(deny_unknown_fields)]
pub struct AlertPreviewQuery {
    /// Name of the hashtag, with or without #, or an id.
    #[arg(value_name = "NAME|ID")]
    #[schema(inline, value_type = TagText, example = "cat")]
    pub hashtag: String,
    /// Number to watch: views gained a day (`velocity`), in percent of the views (`growth`), as a deviation from the
    /// usual (`breakout`), the percent of views that falls took (`fell`), the pace in percent a day by which emerging
    /// hashtags are ranked (`emerging`), or the lead over another hashtag in reported views (`overtakes_views`) or in
    /// views gained a day (`overtakes_gain`).
    #[serde(default)]
    #[arg(long, default_value_t, value_parser = one_of::<Watched>())]
    #[schema(inline, value_type = WatchedName)]
    pub rule: Watched,
    /// Hashtag to compare with, by name or id: for `overtakes_views` and `overtakes_gain`, and for no other rule.
    #[arg(long, value_name = "NAME|ID")]
    #[schema(inline, value_type = Option<TagText>, example = json!(null))]
    pub versus: Option<String>,
    /// Threshold in the unit of the rule: the alert fires above it.
    #[arg(
        long,
        value_name = "N",
        allow_hyphen_values = true,
        conflicts_with = "about",
        required_unless_present = "about"
    )]
    #[schema(value_type = Option<f64>)]
    pub above: Option<Threshold>,
    /// Frequency at which it should have fired, such as `1/week`, `2/month` or `1/day`: the threshold is found.
    #[serde(default, deserialize_with = "by::text")]
    #[arg(long, value_name = "N/day|week|month")]
    #[schema(value_type = Option<String>, example = "1/week", pattern = "^[0-9]{1,3}([.][0-9]+)?/(day|week|month)$")]
    pub about: Option<Frequency>,
    /// Time that the number must be above the threshold before the alert fires, such as `3h`: at once by default.
    #[serde(default, rename = "for", deserialize_with = "by::text")]
    #[arg(long = "for", id = "for", value_name = "TIME")]
    #[schema(value_type = Option<String>, example = "3h", pattern = "^([0-9]{1,4}(ms|s|min|h)|[0-9]{1,2}d|[0-9]{1,2}w)$")]
    pub pending_for: Option<Wait>,
    /// Value at or below which the alert recovers, at most `above`: by default 90 % of it.
    #[arg(long, value_name = "N", allow_hyphen_values = true, requires = "above")]
    #[schema(value_type = Option<f64>)]
    pub recovers_at: Option<Threshold>,
    /// Time that the number must be low before the alert recovers: at once by default.
    #[serde(default, deserialize_with = "by::text")]
    #[arg(long, value_name = "TIME")]
    #[schema(value_type = Option<String>, example = "6h", pattern = "^([0-9]{1,4}(ms|s|min|h)|[0-9]{1,2}d|[0-9]{1,2}w)$")]
    pub keep_firing: Option<Wait>,
    /// Time after a message in which no other is sent: none by default.
    #[serde(default, deserialize_with = "by::text")]
    #[arg(long, value_name = "TIME")]
    #[schema(value_type = Option<String>, example = "1d", pattern = "^([0-9]{1,4}(ms|s|min|h)|[0-9]{1,2}d|[0-9]{1,2}w)$")]
    pub cooldown: Option<Wait>,
    /// Window that the number is computed over; `emerging` and `overtakes_views` have none.
    #[serde(default)]
    #[arg(long, default_value_t, value_parser = one_of::<TrendWindow>())]
    #[schema(inline, value_type = TrendWindowName)]
    pub window: TrendWindow,
    /// Counts the digests that the messages would be sent in.
    #[serde(default)]
    #[command(flatten)]
    #[schema(value_type = Option<DigestQuery>)]
    pub digest: Option<DigestQuery>,
    /// Replays the readings that had come in by this moment, as they were then: a day (to its last millisecond), a moment,
    /// or a length of time back from now.
    #[serde(default, deserialize_with = "by::text")]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[schema(value_type = Option<String>, example = "2026-11-01")]
    pub as_of: Option<Moment>,
}

/// The hashtag that another one is compared with.
#[derive(Debug)]
pub(super) struct Rival {
    name: String,
    /// Readings of its views in order of time.
    readings: Vec<Reading>,
}

/// A threshold, or how often one should have been passed.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Above(f64),
    About(Frequency),
}

impl AlertPreviewQuery {
    /// Asks for the default rule on a hashtag, with neither `above` nor `about`.
    pub(super) fn on(hashtag: &str) -> Self {
        Self {
            hashtag: hashtag.to_owned(),
            rule: Watched::default(),
            versus: None,
            above: None,
            about: None,
            pending_for: None,
            recovers_at: None,
            keep_firing: None,
            cooldown: None,
            window: TrendWindow::default(),
            digest: None,
            as_of: None,
        }
    }

    /// Checks what contradicts itself whatever is stored.
    fn check(&self) -> Result<(), MeasureError> {
        let rule = self.rule;
        if rule.has_rival() != self.versus.is_some() {
            let why = match rule.has_rival() {
                true => "name the hashtag to compare with",
                false => "only overtakes_views and overtakes_gain compare with a hashtag; leave it out",
            };
            return Err(MeasureError::parameter("versus", why));
        }
        if !rule.has_window() && self.window != TrendWindow::default() {
            return Err(MeasureError::parameter("window", format!("{rule} has no window; leave it out")));
        }
        self.rule(self.above.map_or(0.0, Threshold::get), 0).map(drop)
    }

    /// Checks a rule without a hashtag.
    ///
    /// # Errors
    ///
    /// Parameters contradict each other.
    pub fn check_rule(&self) -> Result<(), MeasureError> {
        self.check()?;
        self.wish().map(drop)
    }

    fn wish(&self) -> Result<Wish, MeasureError> {
        match (self.above, self.about) {
            (Some(above), None) => Ok(Wish::Above(above.get())),
            (None, Some(_)) if self.recovers_at.is_some() => {
                Err(MeasureError::parameter("recovers_at", "it goes with above; leave it out with about"))
            }
            (None, Some(about)) => Ok(Wish::About(about)),
            (Some(_), Some(_)) => Err(MeasureError::parameter("about", "give either above or about")),
            (None, None) => {
                Err(MeasureError::parameter("above", "give a threshold, or about, such as 1/week"))
            }
        }
    }

    fn rule(&self, above: f64, no_data_after_ms: i64) -> Result<ThresholdRule, MeasureError> {
        let recovers_at = self.recovers_at.map_or((above * RECOVERS_AT_PART).min(above), Threshold::get);
        ThresholdRule::new(above, no_data_after_ms)
            .and_then(|rule| rule.recovering_at(recovers_at))
            .and_then(|rule| rule.pending_for(ms(self.pending_for)))
            .and_then(|rule| rule.keeping(ms(self.keep_firing)))
            .map_err(|why| match why {
                RuleError::Recovery => MeasureError::parameter("recovers_at", "it is larger than above"),
                RuleError::Threshold | RuleError::Time => MeasureError::parameter("above", why.to_string()),
            })
    }

    /// Returns the rule, and its events on the samples.
    fn replay(
        &self,
        wish: Wish,
        watch: &Watch,
        samples: &[Sample],
        coverage: &AlertCoverageView,
    ) -> Result<(ThresholdRule, Preview), MeasureError> {
        let about = match wish {
            Wish::Above(above) => {
                let rule = self.rule(above, watch.no_data_after_ms)?;
                return Ok((rule, Preview::replay(&rule, samples)));
            }
            Wish::About(about) => about,
        };
        let patience = Patience {
            per_week: about.per_week(),
            recovers_at_part: RECOVERS_AT_PART,
            for_ms: ms(self.pending_for),
            keep_firing_ms: ms(self.keep_firing),
            no_data_after_ms: watch.no_data_after_ms,
        };
        match patience.suggest(samples) {
            Ok(suggestion) => Ok((suggestion.rule, suggestion.preview)),
            Err(why @ PatienceError::InsufficientHistory { .. }) => {
                let reason = coverage.reason.clone().unwrap_or_else(|| why.to_string());
                Err(MeasureError::InsufficientHistory(reason))
            }
            Err(PatienceError::Rule(why)) => Err(MeasureError::parameter("about", why.to_string())),
        }
    }
}

/// Shows the newest episodes.
fn fired(episodes: &[Episode], moments: &[Timestamp], threshold: f64) -> Vec<AlertFiredView> {
    let shown = episodes.len().saturating_sub(EPISODES_MAX);
    let view = |episode: &Episode| {
        let at = moments.partition_point(|moment| *moment < episode.began_at);
        let before = moments.get(at.saturating_sub(1)).copied().unwrap_or(episode.began_at);
        AlertFiredView {
            at: episode.fired_at,
            value: episode.value,
            threshold,
            episode: episode.began_at,
            ended: episode.ended_at,
            late_ms: episode.fired_at.as_ms().saturating_sub(before.as_ms()),
            message: episode.is_sent,
        }
    };
    episodes[shown..].iter().map(view).collect()
}

/// Returns the days between the first and the last sample.
fn days(samples: &[Sample]) -> f64 {
    let ends = samples.first().zip(samples.last());
    ends.map_or(0.0, |(first, last)| days_between(first.at, last.at))
}

fn ms(wait: Option<Wait>) -> i64 {
    wait.map_or(0, Wait::ms)
}

/// Answers a question on the readings of views of a hashtag, in order of time.
pub(super) fn preview_of(
    hashtag: &Hashtag,
    readings: &[Reading],
    rival: Option<&Rival>,
    query: &AlertPreviewQuery,
) -> Result<AlertPreviewView, MeasureError> {
    let wish = query.wish()?;
    query.check()?;
    let name = hashtag.tag.name();
    let watch = Watch::of_stored(query.rule, query.window, readings);
    if let Some(why) = too_few(name, readings, watch.as_ref()) {
        return Err(MeasureError::InsufficientHistory(why));
    }
    let none = || MeasureError::InsufficientHistory(format!("#{name} has no two readings of views"));
    let watch = watch.ok_or_else(none)?;
    let samples = watch.samples(readings, rival.map_or(&[], |rival| &rival.readings));
    let coverage = AlertCoverageView::of(&watch, readings, &samples).ok_or_else(none)?;
    // Before the first number there is nothing to judge, and no lack of data.
    let begin = samples.iter().position(|sample| sample.signal != Signal::Missing).unwrap_or(0);
    let samples = &samples[begin..];
    let (rule, preview) = query.replay(wish, &watch, samples, &coverage)?;
    let about_met = query.about.map(|about| is_about(about, preview.fired, days(samples)));
    let cooldown_ms = ms(query.cooldown);
    let episodes = episodes(&preview.events, cooldown_ms);
    let versus = rival.map(|rival| rival.name.as_str());
    let in_words = || sentence(query.rule, rule.above(), versus, preview.fired, days(samples));
    let sources = || readings.iter().map(|reading| reading.source);
    let can_shift = |event: &&Annotation| {
        event.is_within(coverage.first, coverage.last) && event.can_shift(Shifted::Views, sources())
    };
    Ok(AlertPreviewView {
        hashtag: name.to_owned(),
        hashtag_id: hashtag.id.map(|id| id.to_string()),
        assigned_id: assigned_id(hashtag),
        sentence: match query.about.filter(|_| about_met == Some(false)) {
            Some(about) => {
                format!("{}; no threshold comes closer to {about}", in_words())
            }
            None => in_words(),
        },
        count: preview.fired,
        per_week: preview.per_week(samples),
        messages: messages(&episodes, query.digest.clone().map(Digest::from).as_ref()),
        no_data: preview.events.iter().filter(|event| matches!(event, AlertEvent::NoData { .. })).count()
            as u64,
        fired: fired(&episodes, &moments(readings), rule.above()),
        annotations: ANNOTATIONS.iter().filter(can_shift).map(AnnotationView::from).collect(),
        rule: AlertRuleView {
            rule: query.rule.name(),
            unit: query.rule.unit(),
            formula: query.rule.formula(),
            versus: rival.map(|rival| rival.name.clone()),
            window: query.window.name(),
            above: rule.above(),
            about: query.about.map(|about| about.to_string()),
            about_met,
            recovers_at: rule.recovers_at(),
            for_ms: rule.for_ms(),
            keep_firing_ms: rule.keep_firing_ms(),
            cooldown_ms,
            no_data_after_ms: rule.no_data_after_ms(),
        },
        coverage,
    })
}

/// Counts the messages of episodes.
fn messages(episodes: &[Episode], digest: Option<&Digest>) -> u64 {
    let sent = episodes.iter().filter(|episode| episode.is_sent);
    match digest {
        Some(digest) => {
            sent.map(|episode| digest.after(episode.fired_at)).collect::<BTreeSet<_>>().len() as u64
        }
        None => sent.count() as u64,
    }
}

impl Measure {
    /// Returns when an alert would have fired on the stored readings of a hashtag.
    ///
    /// # Errors
    ///
    /// Parameters contradict each other, or the readings are too few.
    pub async fn alert_preview(
        &self,
        hashtag: &Hashtag,
        query: &AlertPreviewQuery,
    ) -> Result<AlertPreviewView, MeasureError> {
        query.check()?;
        let known = self.at(AsOfQuery { as_of: query.as_of }, MadeOf::Readings).await?;
        let hashtag = &known.known(hashtag.clone()).await?;
        let rival = match &query.versus {
            Some(versus) => Some(known.rival(hashtag, versus).await?),
            None => None,
        };
        preview_of(hashtag, &known.readings_of_views(hashtag).await?, rival.as_ref(), query)
    }

    /// Returns the hashtag that another one is compared with, and its readings.
    async fn rival(&self, hashtag: &Hashtag, versus: &str) -> Result<Rival, MeasureError> {
        let wrong = |why: String| MeasureError::parameter("versus", why);
        let found = self.catalog().find(versus).await.map_err(|error| match error {
            CatalogError::Name(why) => wrong(why.to_string()),
            error => error.into(),
        })?;
        let rival = self.known(found.ok_or_else(|| MeasureError::NotFound(versus.to_owned()))?).await?;
        if rival.tag.key() == hashtag.tag.key() {
            return Err(wrong("it is the hashtag itself; name another one".to_owned()));
        }
        Ok(Rival { name: rival.tag.name().to_owned(), readings: self.readings_of_views(&rival).await? })
    }

    /// Returns the readings of views of a hashtag, in order of time.
    pub async fn readings_of_views(&self, hashtag: &Hashtag) -> Result<Vec<Reading>, MeasureError> {
        Ok(readings_of(&self.snapshots_of(hashtag.row).await?, |counts| counts.views))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::digest::Every;

    #[test]
    fn a_digest_is_one_message_for_all_that_it_has() {
        let at = |text| Timestamp::parse(text).expect("a time");
        let episode = |fired_at, is_sent| Episode {
            began_at: at(fired_at),
            fired_at: at(fired_at),
            value: 1.0,
            ended_at: None,
            is_sent,
        };
        let episodes = [
            episode("2026-10-24T06:30:00Z", true),
            episode("2026-10-24T20:00:00Z", true),
            episode("2026-10-25T06:30:00Z", true),
            episode("2026-10-27T12:00:00Z", false),
        ];
        let daily = |tz: &str| Digest { every: Every::Day, hour: 8, tz: tz.parse().expect("a zone") };
        assert_eq!(messages(&episodes, None), 3);
        assert_eq!(messages(&episodes, Some(&daily("UTC"))), 2);
        // In Berlin it is 8:30 on the 24th, and 7:30 on the 25th, when the clock has been set back.
        assert_eq!(messages(&episodes, Some(&daily("Europe/Berlin"))), 1);
    }

    #[test]
    fn either_a_threshold_or_a_frequency_is_given() {
        let refused = |query: &AlertPreviewQuery| match query.wish() {
            Err(MeasureError::Parameter { param, .. }) => Some(param),
            _ => None,
        };
        let none = AlertPreviewQuery::on("cat");
        let above = AlertPreviewQuery { above: "2".parse().ok(), ..none.clone() };
        let about = AlertPreviewQuery { about: "1/week".parse().ok(), ..none.clone() };
        let both = AlertPreviewQuery { above: above.above, ..about.clone() };
        let recovers = AlertPreviewQuery { recovers_at: "1".parse().ok(), ..about.clone() };
        assert_eq!(
            [&none, &above, &about, &both, &recovers].map(refused),
            [Some("above"), None, None, Some("about"), Some("recovers_at")]
        );
        let too_high = AlertPreviewQuery { recovers_at: "2.1".parse().ok(), ..above.clone() };
        assert!(matches!(too_high.rule(2.0, 0), Err(MeasureError::Parameter { param: "recovers_at", .. })));
        assert_eq!(above.rule(2.0, 0).expect("a rule").recovers_at(), 1.8);
        assert_eq!(above.rule(-2.0, 0).expect("a rule").recovers_at(), -2.0);
    }
}
