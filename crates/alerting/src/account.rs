//! Rules on the account itself: its credits, and its trackers. They have no series, and so no preview: they are looked at
//! every ten minutes, and fire at once where they hold already.

use crate::evaluate::{advance, later, recipients, unsent};
use crate::found::{FIRED, RECOVERED, event_id, type_of};
use crate::settings::AlertSettings;
use crate::state::{StoredRule, SubjectState};
use crate::{Alerting, AlertingError};
use domain::alerts::rule::WAIT_MS_MAX;
use domain::alerts::{AlertEvent, Sample, Signal, ThresholdRule};
use domain::tracking::{GapReason, Month, Slots, TrackerSource};
use domain::{AccountId, Timestamp};
use measure::grouped;
use measure::parameters::{NUMBER_MAX, Whole};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::StoreError;
use store::alerts::{Alert, AlertEvaluated, AlertSubject, NewSubject};
use store::events::NewEvent;
use store::ledger::Movement;
use store::trackers::{TrackedHashtag, Tracker};
use utoipa::ToSchema;

/// Milliseconds between two looks.
const LOOK_MS: i64 = 600_000;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Days of charges that the pace of spending is made of, at most.
const PACE_DAYS: i64 = 7;
/// Entries of the ledger that it is made of, at most: an account that spends faster has its pace of a shorter time.
const ENTRIES_MAX: usize = 20_000;
/// Entries, trackers and hashtags of one read.
const PART: usize = 1_000;
/// Hashtags that an event names.
const NAMED_MAX: usize = 20;

/// A number of credits: at least 1.
pub type Amount = Whole<1, NUMBER_MAX>;

/// A rule on the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum AccountRule {
    /// Fires when fewer credits are left.
    CreditsLow {
        /// Credits.
        #[schema(value_type = u64, minimum = 1, maximum = 9_007_199_254_740_991_u64, example = 1_000)]
        below: Amount,
    },
    /// Fires when the credits last for fewer days at the pace of the last 7 days.
    DaysLeft {
        /// Days.
        #[schema(value_type = u64, minimum = 1, maximum = 366, example = 7)]
        below: Whole<1, 366>,
    },
    /// Fires when the monthly budget of a tracker is used up before the month ends, in fewer days, at its pace of this month.
    BudgetLow {
        /// Days.
        #[schema(value_type = u64, minimum = 1, maximum = 31, example = 7)]
        below: Whole<1, 31>,
    },
    /// Fires when a tracker that reads from a source has missed so many slots in a row, and still fails.
    TrackerFailing {
        /// Slots.
        #[schema(value_type = u64, minimum = 1, maximum = 1_000, example = 3)]
        missed: Whole<1, 1_000>,
    },
}

/// The number that a rule compares, and how it came to be.
struct Measured {
    /// The number; `None` where nothing can be low or failing.
    number: Option<f64>,
    /// The number in words, as part of a sentence.
    words: String,
    /// Basis of the number.
    basis: &'static str,
    /// Hashtags that it is of, at most [`NAMED_MAX`], the worst first.
    hashtags: Vec<String>,
    /// Reason why they are not read.
    reason: Option<&'static str>,
}

impl AccountRule {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreditsLow { .. } => "credits_low",
            Self::DaysLeft { .. } => "days_left",
            Self::BudgetLow { .. } => "budget_low",
            Self::TrackerFailing { .. } => "tracker_failing",
        }
    }

    /// Returns the unit of its number.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::CreditsLow { .. } => "credits",
            Self::DaysLeft { .. } | Self::BudgetLow { .. } => "days",
            Self::TrackerFailing { .. } => "slots",
        }
    }

    /// Returns its threshold.
    #[expect(clippy::cast_precision_loss, reason = "a threshold has no use for the 16th digit")]
    pub const fn threshold(self) -> f64 {
        match self {
            Self::CreditsLow { below } => below.get() as f64,
            Self::DaysLeft { below } => below.get() as f64,
            Self::BudgetLow { below } => below.get() as f64,
            Self::TrackerFailing { missed } => missed.get() as f64,
        }
    }

    /// Returns the rule in words.
    pub fn in_words(self) -> String {
        match self {
            Self::CreditsLow { below } => format!("fewer than {} credits left", grouped(below.get())),
            Self::DaysLeft { below } => format!("credits for fewer than {below} days"),
            Self::BudgetLow { below } => {
                format!("a tracker's budget of the month used up within {below} days")
            }
            Self::TrackerFailing { missed } => format!("a tracker that missed {missed} slots in a row"),
        }
    }

    /// Returns the rule as an object, as it is stored and shown.
    pub(crate) fn as_object(self) -> Map<String, Value> {
        let (field, number) = match self {
            Self::CreditsLow { below } => ("below", below.get()),
            Self::DaysLeft { below } => ("below", below.get()),
            Self::BudgetLow { below } => ("below", below.get()),
            Self::TrackerFailing { missed } => ("missed", missed.get()),
        };
        [("rule".to_owned(), self.name().into()), (field.to_owned(), number.into())].into_iter().collect()
    }

    /// Reads a stored rule; `None` if it is one on hashtags.
    pub(crate) fn of(object: &Map<String, Value>) -> Option<Self> {
        serde_json::from_value(Value::Object(object.clone())).ok()
    }

    /// Returns true if it fires at this number.
    const fn holds(self, number: f64) -> bool {
        match self {
            Self::TrackerFailing { .. } => number >= self.threshold(),
            _ => number < self.threshold(),
        }
    }

    /// Returns the rule for the evaluator, whose number is 1 while the rule holds, else 0.
    fn evaluated(self) -> Result<ThresholdRule, AlertingError> {
        let stored = |why: domain::alerts::RuleError| AlertingError::Stored {
            of: "rule",
            id: self.name().to_owned(),
            why: why.to_string(),
        };
        ThresholdRule::new(0.5, WAIT_MS_MAX).map_err(stored)
    }

    /// Returns the rule as the state of a subject has it.
    fn stored(self) -> StoredRule {
        StoredRule {
            watched: self.name().to_owned(),
            versus: None,
            window: String::new(),
            cadence_ms: LOOK_MS,
            no_data_after_ms: WAIT_MS_MAX,
            above: self.threshold(),
            recovers_at: self.threshold(),
            for_ms: 0,
            keep_firing_ms: 0,
            cooldown_ms: 0,
        }
    }
}

/// Returns the subject of an alert on an account: its key is none of a hashtag, which has no `#`.
pub(crate) fn subject(
    account_id: AccountId,
    rule: AccountRule,
    now: Timestamp,
) -> Result<NewSubject, AlertingError> {
    let state = SubjectState { since_ms: now.as_ms(), rule: Some(rule.stored()), ..SubjectState::default() };
    Ok(NewSubject {
        subject: format!("#account {}", account_id.0),
        name: String::new(),
        state: state.to_json()?,
        due_at: Some(now),
    })
}

impl Alerting {
    /// Evaluates a rule on an account. Returns the number of events; `None` if another node evaluated it.
    pub(crate) async fn evaluate_account(
        &self,
        (alert, settings): (&Alert, &AlertSettings),
        subject: AlertSubject,
        rule: AccountRule,
    ) -> Result<Option<u64>, AlertingError> {
        let now = self.now();
        let measured = self.measured(alert.account_id, rule, now).await?;
        let mut state = SubjectState::of(&subject)?;
        let holds = measured.number.is_some_and(|number| rule.holds(number));
        let sample = Sample { at: now, signal: Signal::Value(f64::from(u8::from(holds))) };
        let found = advance(&mut state, &rule.evaluated()?, &[sample]);
        state.value = measured.number;
        let mut events = Vec::with_capacity(found.len());
        for found in &found {
            let unsent = unsent(alert, &rule.stored(), &mut state, found, now);
            let link = self.mute_link(alert).await?;
            let Some(mut event) = event((alert, settings), &subject, &state, rule, &measured, found) else {
                continue;
            };
            event.1.insert("link".to_owned(), json!(link));
            event.1.insert("unsent".to_owned(), json!(unsent.map(|why| why.to_string())));
            let (mut event, data) = event;
            event.data = Value::Object(data).to_string();
            event.due_at = now;
            if let (None, Some(kind)) = (unsent, type_of(&event.kind)) {
                let destinations = self.store().destinations(alert.account_id).await?;
                (event.to, event.later) = recipients(&destinations, &settings.destinations(), kind, now);
            }
            events.push(event);
        }
        let number = events.len() as u64;
        let (state, due_at) = (state.to_json()?, Some(later(now, LOOK_MS)));
        let is_written =
            self.store().write_evaluation(AlertEvaluated { subject, state, due_at, events }).await?;
        Ok(is_written.then_some(number))
    }

    async fn measured(
        &self,
        account_id: AccountId,
        rule: AccountRule,
        now: Timestamp,
    ) -> Result<Measured, AlertingError> {
        match rule {
            AccountRule::CreditsLow { .. } => {
                let balance = self.balance(account_id).await?;
                Ok(Measured {
                    number: Some(as_f64(balance)),
                    words: format!("{} credits are left", grouped(balance)),
                    basis: "balance of the account",
                    hashtags: Vec::new(),
                    reason: None,
                })
            }
            AccountRule::DaysLeft { .. } => {
                let balance = self.balance(account_id).await?;
                let pace = self.spent_a_day(account_id, now).await?.filter(|pace| *pace > 0.0);
                let number = pace.map(|pace| as_f64(balance) / pace);
                let lasting = number.map_or_else(
                    || "and none is spent".to_owned(),
                    |days| format!("and last for {}", in_days(days)),
                );
                Ok(Measured {
                    number,
                    words: format!("{} credits are left {lasting}", grouped(balance)),
                    basis: "balance over the charges a day of the last 7 days",
                    hashtags: Vec::new(),
                    reason: None,
                })
            }
            AccountRule::BudgetLow { .. } => self.budgets(account_id, now).await,
            AccountRule::TrackerFailing { .. } => self.failing(account_id, now).await,
        }
    }

    async fn balance(&self, account_id: AccountId) -> Result<u64, AlertingError> {
        Ok(self.store().balance(account_id).await?.map_or(0, |credits| credits.get()))
    }

    /// Returns the credits that an account spends a day. `None` without an entry of the ledger.
    async fn spent_a_day(&self, account_id: AccountId, now: Timestamp) -> Result<Option<f64>, StoreError> {
        let begin = now.as_ms().saturating_sub(PACE_DAYS * DAY_MS);
        let (mut before, mut spent, mut read, mut oldest) = (None, 0_u64, 0, None);
        loop {
            let entries = self.store().entries(account_id, before, PART).await?;
            for entry in &entries {
                if entry.at.as_ms() < begin {
                    return Ok(Some(as_f64(spent) / as_f64(PACE_DAYS.unsigned_abs())));
                }
                if let Movement::Charge { .. } = entry.movement {
                    spent = spent.saturating_add(entry.credits.get());
                }
                oldest = Some(entry.at);
            }
            read += entries.len();
            before = entries.last().map(|entry| entry.number);
            if entries.len() < PART || read >= ENTRIES_MAX {
                // The account is younger, or spends faster. Less than an hour says nothing about a day.
                let Some(oldest) = oldest else { return Ok(None) };
                let ms = now.as_ms().saturating_sub(oldest.as_ms()).max(3_600_000);
                return Ok(Some(as_f64(spent) * as_f64(DAY_MS.unsigned_abs()) / as_f64(ms.unsigned_abs())));
            }
        }
    }

    async fn trackers_of(&self, account_id: AccountId) -> Result<Vec<Tracker>, StoreError> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let part = self.store().trackers(account_id, before, PART).await?;
            let is_last = part.len() < PART;
            before = part.last().map(|tracker| tracker.id);
            all.extend(part.into_iter().filter(|tracker| {
                !tracker.settings.is_paused && tracker.settings.source != TrackerSource::None
            }));
            if is_last {
                return Ok(all);
            }
        }
    }

    async fn hashtags_of(
        &self,
        account_id: AccountId,
        tracker: &Tracker,
    ) -> Result<Vec<TrackedHashtag>, StoreError> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let part = self.store().tracked_hashtags(account_id, tracker.id, after.as_ref(), PART).await?;
            let is_last = part.len() < PART;
            after = part.last().map(|tracked| tracked.target.key());
            all.extend(part);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Returns the most slots that a tracker missed in a row, of those that fail now.
    async fn failing(&self, account_id: AccountId, now: Timestamp) -> Result<Measured, AlertingError> {
        let mut failing: Vec<(u64, String, GapReason)> = Vec::new();
        for tracker in self.trackers_of(account_id).await? {
            let tracked = self.hashtags_of(account_id, &tracker).await?;
            failing.extend(tracked.iter().filter_map(|tracked| {
                let (missed, reason) = missed(tracked, now)?;
                Some((missed, tracked.target.name().to_owned(), reason))
            }));
        }
        failing.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let words = match failing.as_slice() {
            [] => "every tracker reads".to_owned(),
            [(missed, name, reason), others @ ..] => {
                let others = match others.len() {
                    0 => String::new(),
                    number => format!(", and {} more fail", grouped(number as u64)),
                };
                format!("#{name} has missed {} in a row ({}){others}", slots(*missed), reason.name())
            }
        };
        Ok(Measured {
            number: Some(failing.first().map_or(0.0, |(missed, ..)| as_f64(*missed))),
            words,
            basis: "slots that passed without a reading",
            reason: failing.first().map(|(.., reason)| reason.name()),
            hashtags: failing.into_iter().take(NAMED_MAX).map(|(_, name, _)| name).collect(),
        })
    }

    /// Returns the fewest days in which the budget of a tracker is used up, of those that do not last to the end of the month.
    async fn budgets(&self, account_id: AccountId, now: Timestamp) -> Result<Measured, AlertingError> {
        let mut first: Option<(f64, Tracker)> = None;
        for tracker in self.trackers_of(account_id).await? {
            let days = budget_days(&tracker, now);
            if let Some(days) = days.filter(|days| first.as_ref().is_none_or(|(least, _)| days < least)) {
                first = Some((days, tracker));
            }
        }
        let words = match &first {
            None => "every budget lasts for the month".to_owned(),
            Some((days, tracker)) if *days <= 0.0 => format!("the budget of {} is used up", tracker.id),
            Some((days, tracker)) => format!("the budget of {} lasts for {}", tracker.id, in_days(*days)),
        };
        Ok(Measured {
            number: first.map(|(days, _)| days),
            words,
            basis: "budget of the month over the credits a day of this month",
            hashtags: Vec::new(),
            reason: None,
        })
    }
}

/// Returns the slots that a tracker has missed in a row, and why. `None` if it does not fail now.
fn missed(tracked: &TrackedHashtag, now: Timestamp) -> Option<(u64, GapReason)> {
    let (failed, reason) = tracked.failed.filter(|_| !tracked.is_paused)?;
    let slots = Slots::new(tracked.target.key().as_str(), tracked.interval);
    let current = slots.at(now);
    let is_over = failed.until < current.from || tracked.last_read_at.is_some_and(|at| at >= failed.from);
    if is_over {
        return None;
    }
    let covered = tracked.last_read_at.map_or(tracked.since, |at| slots.at(at).until);
    let ms = current.from.as_ms().saturating_sub(covered.as_ms()).max(0);
    Some((ms.unsigned_abs() / tracked.interval.as_ms().unsigned_abs(), reason))
}

/// Returns the days in which the budget of a tracker is used up at its pace of this month; 0 if it is. `None` without a
/// budget, and if it lasts to the end of the month.
fn budget_days(tracker: &Tracker, now: Timestamp) -> Option<f64> {
    let month = Month::of(now);
    let max = tracker.settings.credits_max?.get();
    let spent = tracker.spent_in(month).get();
    let left = max.saturating_sub(spent);
    if left == 0 {
        return Some(0.0);
    }
    let begin = Month(month.0 - 1).ends_at().max(tracker.created_at);
    let days = as_f64(now.as_ms().saturating_sub(begin.as_ms()).max(DAY_MS).unsigned_abs())
        / as_f64(DAY_MS.unsigned_abs());
    let rest = as_f64(month.ends_at().as_ms().saturating_sub(now.as_ms()).max(0).unsigned_abs())
        / as_f64(DAY_MS.unsigned_abs());
    let lasting = as_f64(left) / (as_f64(spent) / days);
    Some(lasting).filter(|lasting| *lasting < rest)
}

/// Makes the event of a finding, and its data without link and reason for silence.
fn event(
    (alert, settings): (&Alert, &AlertSettings),
    subject: &AlertSubject,
    state: &SubjectState,
    rule: AccountRule,
    measured: &Measured,
    found: &AlertEvent,
) -> Option<(NewEvent, Map<String, Value>)> {
    let (kind, at, episode, title) = match *found {
        AlertEvent::Fired { episode, at, .. } => (FIRED, at, episode, rule.in_words()),
        AlertEvent::Recovered { episode, at } => {
            (RECOVERED, at, episode, format!("no longer {}", rule.in_words()))
        }
        AlertEvent::NoData { .. } | AlertEvent::DataBack { .. } => return None,
    };
    let cause =
        format!("{} {} {} {} {}", kind.as_str(), alert.id, subject.subject, state.since_ms, episode.as_ms());
    let reason = match settings.name.as_str() {
        "" => format!("Your alert: {}", rule.in_words()),
        own => format!("Your alert {own}: {}", rule.in_words()),
    };
    let number = measured.number.map(|number| format!("{} {}", measure::plain(number), rule.unit()));
    let fields = [
        ("alert", json!(alert.id.to_string())),
        ("name", json!(settings.name)),
        ("rule", json!(rule.name())),
        ("unit", json!(rule.unit())),
        ("value", json!(measured.number)),
        ("threshold", json!(rule.threshold())),
        ("episode", json!(episode.to_rfc3339())),
        ("at", json!(at.to_rfc3339())),
        ("hashtags", json!(measured.hashtags)),
        ("gap", json!(measured.reason)),
        ("title", json!(capital(&title))),
        ("sentence", json!(format!("{}.", capital(&measured.words)))),
        ("number", json!(number)),
        ("basis", json!(measured.basis)),
        ("reason", json!(reason)),
    ];
    let event = NewEvent {
        id: event_id(alert.account_id, at, &cause),
        kind: kind.as_str().to_owned(),
        cause,
        alert_id: Some(alert.id),
        at,
        data: String::new(),
        to: Vec::new(),
        due_at: at,
        later: Vec::new(),
    };
    Some((event, fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn slots(number: u64) -> String {
    if number == 1 { "1 slot".to_owned() } else { format!("{} slots", grouped(number)) }
}

fn in_days(days: f64) -> String {
    format!("{} days", measure::plain(days))
}

#[expect(clippy::cast_precision_loss, reason = "credits and slots are far below 2^53")]
const fn as_f64(number: u64) -> f64 {
    number as f64
}
