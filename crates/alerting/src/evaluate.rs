//! Evaluating alerts: what changed of a hashtag since the last time becomes states, events and deliveries.
//!
//! A subject is evaluated when readings of its hashtag come, and when there should have been one. Any number of workers may
//! do it at once: the state is written against the version that was read, with its events, so that each event happens once.

use crate::campaign::is_campaign;
use crate::digest;
use crate::found::{Scene, Unsent, is_for_people, type_of};
use crate::settings::AlertSettings;
use crate::state::{StoredRule, SubjectState};
use crate::{Alerting, AlertingError};
use domain::alerts::{AlertEvent, Sample, Signal, ThresholdRule, Watch};
use domain::metrics::Reading;
use domain::{DestinationId, Tag, TagKey, Timestamp};
use measure::MeasureError;
use notify::payload::EventType;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use store::alerts::{Alert, AlertEvaluated, AlertSubject};
use store::destinations::Destination;
use store::hashtags::Changes;

/// Subjects that are looked up or evaluated at once.
const AT_ONCE: usize = 500;
/// Age of an event, in milliseconds, above which no message is sent of it: it came with an import of older readings.
const OLD_MS: i64 = 86_400_000;
/// Milliseconds after which an alert that waits for history is looked at again without a new reading.
const WAIT_MS: i64 = 86_400_000;

/// Place of a follower in the change sequence of the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Followed(Option<u64>);

/// Number of evaluated subjects and of their events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evaluations {
    /// Subjects.
    pub subjects: u64,
    /// Events that were recorded.
    pub events: u64,
}

impl Alerting {
    /// Evaluates what changed since a place in the change sequence, and what is due. From the beginning it evaluates every
    /// subject once. Returns the place reached.
    ///
    /// # Errors
    ///
    /// The store failed; the next call begins at the same place.
    pub async fn follow(&self, from: Followed) -> Result<(Followed, Evaluations), AlertingError> {
        let store = self.store();
        let mut done = Evaluations::default();
        let reached = store.sequence().await?;
        match from.0 {
            Some(sequence) if sequence == reached => {}
            Some(sequence) => match store.changes_since(sequence).await? {
                Changes::Hashtags { hashtags, sequence } => {
                    for rows in hashtags.chunks(AT_ONCE) {
                        let keys = store.hashtags(rows).await?;
                        let keys = keys.iter().map(|hashtag| hashtag.tag.key().as_str().to_owned()).collect();
                        self.evaluate_keys(store.watched_of(keys).await?, &mut done).await?;
                    }
                    self.evaluate_due(&mut done).await?;
                    return Ok((Followed(Some(sequence)), done));
                }
                Changes::Gap => self.evaluate_all(&mut done).await?,
            },
            None => self.evaluate_all(&mut done).await?,
        }
        self.evaluate_due(&mut done).await?;
        Ok((Followed(Some(reached)), done))
    }

    async fn evaluate_all(&self, done: &mut Evaluations) -> Result<(), AlertingError> {
        let mut after = String::new();
        loop {
            let keys = self.store().watched_subjects(&after, AT_ONCE).await?;
            let Some(last) = keys.last().cloned() else { return Ok(()) };
            self.evaluate_keys(keys, done).await?;
            after = last;
        }
    }

    async fn evaluate_due(&self, done: &mut Evaluations) -> Result<(), AlertingError> {
        let keys = self.store().due_subjects(self.now(), AT_ONCE).await?;
        self.evaluate_keys(keys, done).await
    }

    async fn evaluate_keys(&self, keys: Vec<String>, done: &mut Evaluations) -> Result<(), AlertingError> {
        for key in keys {
            match self.evaluate(&key).await {
                Ok(evaluated) => {
                    done.subjects += evaluated.subjects;
                    done.events += evaluated.events;
                }
                // One alert that cannot be read must not stop all others.
                Err(error @ AlertingError::Stored { .. }) => {
                    tracing::error!(%error, "an alert is not evaluated")
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Evaluates every alert on a hashtag, by its key.
    ///
    /// # Errors
    ///
    /// The store failed, or an alert in it cannot be read.
    pub async fn evaluate(&self, key: &str) -> Result<Evaluations, AlertingError> {
        let mut done = Evaluations::default();
        let watchers = self.store().watchers(key).await?;
        if watchers.is_empty() {
            return Ok(done);
        }
        let (name, readings) = self.readings(key).await?;
        let mut samples: HashMap<String, Vec<Sample>> = HashMap::new();
        for (alert, subject) in watchers {
            if alert.is_paused {
                self.skip(subject).await?;
                continue;
            }
            let settings = AlertSettings::of(&alert)?;
            if let Some(id) = settings.campaign().filter(|_| is_campaign(&subject)) {
                self.follow_campaign((&alert, &settings), subject, id).await?;
                continue;
            }
            if let Some(rule) = settings.rule.account() {
                if let Some(events) = self.evaluate_account((&alert, &settings), subject, rule).await? {
                    done.subjects += 1;
                    done.events += events;
                }
                continue;
            }
            let mut state = SubjectState::of(&subject)?;
            if state.rule.is_none() {
                self.find_rule(&name, &settings, &mut state).await?;
            }
            let now = self.now();
            let Some(rule) = state.rule.clone() else {
                let due_at = Some(later(now, WAIT_MS));
                let state = state.to_json()?;
                self.store()
                    .write_evaluation(AlertEvaluated { subject, state, due_at, events: Vec::new() })
                    .await?;
                continue;
            };
            let Some((watch, threshold)) = rule.parts() else { return Err(unreadable(&subject)) };
            let samples = match samples.entry(format!("{watch:?} {:?}", rule.versus)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let rival = self.rival_of(&rule).await?;
                    new.insert(watch.samples_until(&readings, &rival, now))
                }
            };
            let due_at = readings.last().map(|last| watch.no_data_at(last.at)).filter(|at| *at > now);
            let found = advance(&mut state, &threshold, samples);
            let events =
                self.events(&alert, &settings, &subject, &rule, &watch, &readings, &mut state, &found);
            let events = events.await?;
            let number = events.len() as u64;
            let state = state.to_json()?;
            if self.store().write_evaluation(AlertEvaluated { subject, state, due_at, events }).await? {
                done.subjects += 1;
                done.events += number;
            }
        }
        Ok(done)
    }

    /// Returns the name and the readings of a hashtag; none if it is not stored.
    async fn readings(&self, key: &str) -> Result<(String, Vec<Reading>), AlertingError> {
        let Ok(key) = TagKey::new(key) else { return Ok((String::new(), Vec::new())) };
        let Some(hashtag) = self.store().hashtag_by_key(&key).await? else {
            return Ok((key.as_str().to_owned(), Vec::new()));
        };
        let readings = self.measure.readings_of_views(&hashtag).await?;
        Ok((hashtag.tag.name().to_owned(), readings))
    }

    /// Returns the readings of the hashtag that a rule compares with; none if it is not stored, or the rule compares with
    /// nothing.
    async fn rival_of(&self, rule: &StoredRule) -> Result<Vec<Reading>, AlertingError> {
        let Some(Ok(rival)) = rule.versus.as_deref().map(Tag::of_typed) else { return Ok(Vec::new()) };
        Ok(self.readings(rival.key().as_str()).await?.1)
    }

    /// Notes that a paused alert has nothing to do until it is resumed.
    async fn skip(&self, subject: AlertSubject) -> Result<(), AlertingError> {
        if subject.due_at.is_some() {
            let state = subject.state.clone();
            let evaluated = AlertEvaluated { subject, state, due_at: None, events: Vec::new() };
            self.store().write_evaluation(evaluated).await?;
        }
        Ok(())
    }

    /// Looks for the rule of an alert that waits for history.
    async fn find_rule(
        &self,
        name: &str,
        settings: &AlertSettings,
        state: &mut SubjectState,
    ) -> Result<(), AlertingError> {
        match self.seeded(name, settings, state.since_ms).await {
            Ok(seeded) => {
                *state = seeded;
                Ok(())
            }
            Err(AlertingError::Measure(
                why @ (MeasureError::InsufficientHistory(_) | MeasureError::NotFound(_)),
            )) => {
                state.waiting = Some(why.to_string());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the state of a rule on a hashtag as if it had been evaluated all along, without its events: an alert
    /// continues its preview.
    pub(crate) async fn seeded(
        &self,
        name: &str,
        settings: &AlertSettings,
        since_ms: i64,
    ) -> Result<SubjectState, AlertingError> {
        let stored = |why: String| AlertingError::Stored { of: "rule", id: format!("#{name}"), why };
        let query = settings.rule.on(name).map_err(|why| stored(why.to_string()))?;
        let found = self.measure.catalog().find(name).await.map_err(MeasureError::from)?;
        let hashtag = found.ok_or_else(|| MeasureError::NotFound(name.to_owned()))?;
        let preview = self.measure.alert_preview(&hashtag, &query).await?;
        let rule = StoredRule::of(&preview);
        let readings = self.measure.readings_of_views(&hashtag).await?;
        let (watch, threshold) = rule.parts().ok_or_else(|| stored("no such rule".to_owned()))?;
        let rival = self.rival_of(&rule).await?;
        let mut state = SubjectState { since_ms, rule: Some(rule), ..SubjectState::default() };
        let samples = watch.samples_until(&readings, &rival, self.now());
        let begin = samples.iter().position(|sample| sample.signal != Signal::Missing).unwrap_or(0);
        if let Some(first) = samples.get(begin) {
            state.last_value_at_ms = first.at.as_ms();
        }
        for found in advance(&mut state, &threshold, &samples[begin..]) {
            if let AlertEvent::Fired { at, .. } = found {
                state.fired_at_ms = Some(at.as_ms());
            }
        }
        state.is_sent = false;
        Ok(state)
    }

    /// Makes the events of what was found, with their destinations.
    #[expect(clippy::too_many_arguments, reason = "an evaluation has many parts, and this is one place")]
    async fn events(
        &self,
        alert: &Alert,
        settings: &AlertSettings,
        subject: &AlertSubject,
        rule: &StoredRule,
        watch: &Watch,
        readings: &[Reading],
        state: &mut SubjectState,
        found: &[AlertEvent],
    ) -> Result<Vec<store::events::NewEvent>, AlertingError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let destinations = self.store().destinations(alert.account_id).await?;
        let (now, since_ms) = (self.now(), state.since_ms);
        let scene = Scene {
            alert,
            settings,
            subject,
            since_ms,
            rule,
            watched: watch.watched,
            readings,
            link: self.mute_link(alert).await?,
        };
        let mut events = Vec::with_capacity(found.len());
        for found in found {
            let unsent = unsent(alert, rule, state, found, now);
            let mut event = scene.event(found, unsent);
            event.due_at = now;
            if let (None, Some(kind)) = (unsent, type_of(&event.kind)) {
                (event.to, event.later) = recipients(&destinations, &settings.destinations(), kind, now);
            }
            events.push(event);
        }
        Ok(events)
    }
}

/// Evaluates the samples after the last evaluated one.
pub(crate) fn advance(state: &mut SubjectState, rule: &ThresholdRule, samples: &[Sample]) -> Vec<AlertEvent> {
    let mut evaluator = state.evaluator();
    let mut events = Vec::new();
    let begin = samples
        .partition_point(|sample| evaluator.evaluated_at.is_some_and(|evaluated| sample.at <= evaluated));
    for sample in &samples[begin..] {
        evaluator.evaluate(rule, *sample, &mut events);
        if let Signal::Value(value) = sample.signal {
            state.value = Some(value);
        }
    }
    state.set(&evaluator);
    events
}

/// Returns why no message is sent of a finding, and notes in the state if one is.
pub(crate) fn unsent(
    alert: &Alert,
    rule: &StoredRule,
    state: &mut SubjectState,
    found: &AlertEvent,
    now: Timestamp,
) -> Option<Unsent> {
    let (at, is_fired) = match *found {
        AlertEvent::Fired { at, .. } => (at, true),
        AlertEvent::Recovered { at, .. } => (at, false),
        AlertEvent::NoData { at, .. } | AlertEvent::DataBack { at } => {
            return is_old(rule, at, now).then_some(Unsent::Old).or_else(|| muted(alert, now));
        }
    };
    if !is_fired {
        return (!state.is_sent).then_some(Unsent::Silent);
    }
    state.fired_at_ms = Some(at.as_ms());
    state.is_sent = false;
    let since_ms = state.sent_at_ms.map(|sent_ms| at.as_ms().saturating_sub(sent_ms));
    if since_ms.is_some_and(|since_ms| since_ms < rule.cooldown_ms) {
        return Some(Unsent::Cooldown);
    }
    // A message that is not sent for another reason begins the cooldown all the same, as in the preview.
    state.sent_at_ms = Some(at.as_ms());
    if is_old(rule, at, now) {
        return Some(Unsent::Old);
    }
    if let Some(muted) = muted(alert, now) {
        return Some(muted);
    }
    state.is_sent = true;
    None
}

fn muted(alert: &Alert, now: Timestamp) -> Option<Unsent> {
    alert.muted_until.is_some_and(|until| now < until).then_some(Unsent::Muted)
}

/// Returns true if an event is older than a day, and than what its readings are apart.
fn is_old(rule: &StoredRule, at: Timestamp, now: Timestamp) -> bool {
    let old_ms = OLD_MS.max(rule.no_data_after_ms.saturating_add(rule.cadence_ms));
    now.as_ms().saturating_sub(at.as_ms()) > old_ms
}

/// Returns the destinations of an event: those that the alert names, and webhooks that subscribe to its type. Those with a
/// digest get it later.
pub(crate) fn recipients(
    destinations: &[Destination],
    named: &[DestinationId],
    kind: EventType,
    now: Timestamp,
) -> (Vec<DestinationId>, Vec<(DestinationId, Timestamp)>) {
    let (mut to, mut later) = (Vec::new(), Vec::new());
    for destination in destinations {
        let Ok(settings) = crate::destinations::DestinationSettings::of(destination) else { continue };
        let is_named = named.contains(&destination.id) && (settings.is_webhook() || is_for_people(kind));
        if !is_named && !settings.subscribes_to(kind) {
            continue;
        }
        match settings.digest.filter(|_| digest::waits(kind.as_str())) {
            Some(digest) => later.push((destination.id, digest.after(now))),
            None => to.push(destination.id),
        }
    }
    (to, later)
}

fn unreadable(subject: &AlertSubject) -> AlertingError {
    AlertingError::Stored { of: "rule", id: subject.alert_id.to_string(), why: "no such rule".to_owned() }
}

/// Adds milliseconds to a time.
pub(crate) fn later(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_ms(at.as_ms().saturating_add(ms))
}
