//! Creates, lists, changes and deletes schedules of accounts.

use crate::error::ScheduleError;
use crate::order::{ScheduleOrder, SchedulePatch, attachments, check_days, check_rhythm};
use crate::settings::{Settings, has, unsubscribed};
use crate::view::{ISSUES_SHOWN, ScheduleDetailView, SchedulePlanView, ScheduleView, issue_views};
use crate::{Scheduling, Setup};
use domain::rhythm::Rhythm;
use domain::{AccountId, ScheduleId, Timestamp};
use store::idempotency::{Fingerprint, IdempotencyKey};
use store::schedules::{NewSchedule, Schedule, ScheduleChange, ScheduleCreated};

/// Schedules of a page of a list.
pub const PAGE: usize = 20;
/// Reports of a plan.
const PLANNED: usize = 5;

/// A page of schedules, newest first.
#[derive(Debug)]
pub struct SchedulePage {
    /// The schedules.
    pub schedules: Vec<ScheduleView>,
    /// The last one, if there are more after it.
    pub next: Option<ScheduleId>,
}

impl Scheduling {
    /// Creates a schedule. With an idempotency key an account creates one, however often it is requested.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`] with the field that is wrong, or why its report cannot be made.
    pub async fn create(
        &self,
        account_id: AccountId,
        order: ScheduleOrder,
        idempotency: Option<(IdempotencyKey, Fingerprint)>,
    ) -> Result<ScheduleView, ScheduleError> {
        let now = self.now();
        let settings = self.settings(account_id, order).await?;
        let Some(due_at) = settings.next(now) else { return Err(no_moment()) };
        let [random, _] = self.draw()?;
        let schedule = NewSchedule {
            id: ScheduleId::new(now, random),
            account_id,
            settings: settings.to_json()?,
            due_at,
            at: now,
            idempotency,
        };
        match self.store().create_schedule(schedule).await? {
            ScheduleCreated::Created(schedule) | ScheduleCreated::Same(schedule) => {
                self.view(&schedule).await
            }
            ScheduleCreated::OtherRequest => Err(ScheduleError::KeyOfOtherRequest),
            ScheduleCreated::TooMany => Err(ScheduleError::TooMany),
            ScheduleCreated::Taken => Err(ScheduleError::Busy),
        }
    }

    /// Returns what an order would do, and creates nothing: its report is measured.
    ///
    /// # Errors
    ///
    /// As [`Self::create`].
    pub async fn plan(
        &self,
        account_id: AccountId,
        order: ScheduleOrder,
    ) -> Result<SchedulePlanView, ScheduleError> {
        let now = self.now();
        let settings = self.settings(account_id, order).await?;
        let first = settings.next(now).ok_or_else(no_moment)?;
        let moments = std::iter::successors(Some(first), |at| settings.rhythm.after(*at));
        let period = settings.rhythm.period(first).ok_or_else(no_moment)?;
        let subject = settings.subject.clone().within(period.from, period.to);
        let report =
            self.sharing.prepare(account_id, &subject, settings.title.clone(), settings.brand.clone(), now);
        Ok(SchedulePlanView {
            title: report.await?.title,
            when: settings.rhythm.to_string(),
            to: settings.to,
            attach: settings.attach,
            next: moments.take(PLANNED).collect(),
            first_period: period.to_string(),
        })
    }

    async fn settings(&self, account_id: AccountId, order: ScheduleOrder) -> Result<Settings, ScheduleError> {
        check_rhythm(&order.rhythm)?;
        check_days(order.days)?;
        let to = self.recipients(&order.to)?;
        let subject =
            self.sharing.subject(account_id, order.subject, order.title.as_deref(), &order.brand).await?;
        Ok(Settings {
            subject,
            rhythm: order.rhythm,
            to,
            attach: attachments(&order.attach),
            days: order.days,
            title: order.title,
            brand: order.brand,
            is_paused: false,
        })
    }

    pub(crate) async fn find(
        &self,
        account_id: AccountId,
        id: ScheduleId,
    ) -> Result<Schedule, ScheduleError> {
        self.store().schedule(account_id, id).await?.ok_or(ScheduleError::NotFound)
    }

    /// Returns an account's schedule with its last reports.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::NotFound`] if the account has none of this id.
    pub async fn show(
        &self,
        account_id: AccountId,
        id: ScheduleId,
    ) -> Result<ScheduleDetailView, ScheduleError> {
        let schedule = self.find(account_id, id).await?;
        let issues = issue_views(self.store(), &schedule, ISSUES_SHOWN).await?;
        Ok(ScheduleDetailView { schedule: ScheduleView::of(&schedule, issues.first().cloned())?, issues })
    }

    /// Returns a page of an account's schedules, newest first, after the schedule `after`.
    pub async fn list(
        &self,
        account_id: AccountId,
        after: Option<ScheduleId>,
    ) -> Result<SchedulePage, ScheduleError> {
        let mut found = self.store().schedules(account_id, after, PAGE + 1).await?;
        let has_more = found.len() > PAGE;
        found.truncate(PAGE);
        let next = found.last().filter(|_| has_more).map(|schedule| schedule.id);
        let mut schedules = Vec::with_capacity(found.len());
        for schedule in &found {
            schedules.push(self.view(schedule).await?);
        }
        Ok(SchedulePage { schedules, next })
    }

    pub(crate) async fn view(&self, schedule: &Schedule) -> Result<ScheduleView, ScheduleError> {
        let last = issue_views(self.store(), schedule, 1).await?.pop();
        ScheduleView::of(schedule, last)
    }

    /// Changes an account's schedule.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`] with the field that is wrong, or if the account has none of this id.
    pub async fn change(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        patch: SchedulePatch,
    ) -> Result<ScheduleView, ScheduleError> {
        let now = self.now();
        let seen = self.find(account_id, id).await?;
        let mut settings = Settings::of(&seen)?;
        let mut silenced = Vec::new();
        let before = settings.rhythm.clone();
        let Rhythm { days, hour, tz } = settings.rhythm;
        settings.rhythm = Rhythm {
            days: patch.rhythm_days.unwrap_or(days),
            hour: patch.hour.unwrap_or(hour),
            tz: patch.tz.unwrap_or(tz),
        };
        check_rhythm(&settings.rhythm)?;
        let is_moved = settings.rhythm != before;
        if let Some(to) = patch.to {
            let to = self.recipients(&to)?;
            silenced = settings.to.into_iter().filter(|old| !has(&to, old)).collect();
            settings.to = to;
        }
        if let Some(formats) = &patch.attach {
            settings.attach = attachments(formats);
        }
        if let Some(days) = patch.days {
            check_days(days)?;
            settings.days = days;
        }
        if let Some(is_paused) = patch.is_paused {
            settings.is_paused = is_paused;
        }
        let goes_on = patch.is_paused == Some(false);
        let (due_at, ended) = match &seen.ended {
            Some(reason) if !goes_on => (None, Some(reason.clone())),
            Some(_) => (settings.next(now), None),
            // Resumed or moved, it goes on with the next one; otherwise the one that is due stays due.
            None if is_moved || seen.due_at.is_none() || settings.is_paused => (settings.next(now), None),
            None => (seen.due_at, None),
        };
        let unsubscribed = seen.unsubscribed.clone();
        let change = ScheduleChange { settings: settings.to_json()?, unsubscribed, due_at, ended, silenced };
        let changed = self.store().change_schedule(&seen, change, now).await?;
        self.view(&changed.ok_or(ScheduleError::Busy)?).await
    }

    /// Deletes an account's schedule with its reports and the mails that wait. Shares of its links stay.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::NotFound`] if the account has none of this id.
    pub async fn delete(&self, account_id: AccountId, id: ScheduleId) -> Result<(), ScheduleError> {
        let is_deleted = self.store().delete_schedule(account_id, id).await?;
        if is_deleted { Ok(()) } else { Err(ScheduleError::NotFound) }
    }

    /// Ends a schedule, and says why.
    pub(crate) async fn end(
        &self,
        seen: &Schedule,
        why: String,
        now: Timestamp,
    ) -> Result<bool, ScheduleError> {
        let change = ScheduleChange {
            settings: seen.settings.clone(),
            unsubscribed: seen.unsubscribed.clone(),
            due_at: None,
            ended: Some(why),
            silenced: Vec::new(),
        };
        Ok(self.store().change_schedule(seen, change, now).await?.is_some())
    }

    /// Returns the recipients of a schedule that want its reports.
    pub(crate) fn subscribed(schedule: &Schedule, settings: &Settings) -> Result<Vec<String>, ScheduleError> {
        let left = unsubscribed(schedule)?;
        Ok(settings.to.iter().filter(|to| !has(&left, to)).cloned().collect())
    }

    /// Returns the operator's settings.
    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }
}

fn no_moment() -> ScheduleError {
    ScheduleError::Field {
        field: "tz",
        why: "there is no next day at this hour in this time zone".to_owned(),
    }
}
