//! Makes a report with its mails of what is due: once, whoever else tries.

use crate::Scheduling;
use crate::error::ScheduleError;
use crate::settings::{Facts, MailSettings, Settings, Skipped};
use crate::view::IssueView;
use domain::campaign::CampaignRef;
use domain::rhythm::Period;
use domain::{AccountId, ScheduleId, ShareId, ShareToken, Timestamp};
use measure::{CampaignError, MeasureError};
use sharing::{Prepared, ShareError, StoredSubject};
use store::issues::{IssueKind, NewIssue};
use store::schedules::Schedule;

/// Milliseconds after which a report counts as late: an hour.
const LATE_MS: i64 = 3_600_000;
/// Milliseconds for which reports and their mails are listed: 400 days.
const RETENTION_MS: i64 = 400 * 86_400_000;
/// Most skipped reports that are counted.
const SKIPPED_MAX: u64 = 10_000;
/// Most times that a report is measured again because something was forgotten meanwhile.
const MEASURED_AGAIN_MAX: usize = 5;
/// Last reports whose links are revoked once they have expired.
const LINKS_LOOKED_AT: usize = 60;

/// Recipients of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TestTo {
    /// The address of the account.
    #[default]
    Owner,
    /// The recipients of the schedule that did not unsubscribe.
    Recipients,
}

/// A report to make.
struct Wanted {
    kind: IssueKind,
    /// The moment at which it was due; of a test now.
    moment: Timestamp,
    period: Period,
    recipients: Vec<String>,
    skipped: Option<Skipped>,
    is_final: bool,
    due_at: Option<Timestamp>,
    ended: Option<String>,
}

impl Scheduling {
    /// Makes the report of a claimed schedule, or ends it. Of several that were missed only the newest is made. Returns `false`
    /// if the schedule was changed meanwhile: nothing was written, and it stays due.
    ///
    /// # Errors
    ///
    /// The report cannot be made now: it is tried again once the lease is over.
    pub async fn make(&self, schedule: &Schedule) -> Result<bool, ScheduleError> {
        let now = self.now();
        let Some(due) = schedule.due_at.filter(|due| *due <= now) else { return Ok(false) };
        let settings = Settings::of(schedule)?;
        let moment = settings.rhythm.latest(now).map_or(due, |latest| latest.max(due));
        let Some(period) = settings.rhythm.period(moment) else {
            return self.end(schedule, "its days cannot be found in its time zone".to_owned(), now).await;
        };
        let ends_at = match self.ends_at(schedule.account_id, &settings.subject).await {
            Ok(ends_at) => ends_at,
            Err(error) => return self.ended_by(schedule, error, now).await,
        };
        let is_final = ends_at.is_some_and(|end| end <= moment);
        let reports = settings.rhythm.count(due, moment, SKIPPED_MAX);
        let wanted = Wanted {
            kind: IssueKind::Due,
            moment,
            period,
            recipients: Self::subscribed(schedule, &settings)?,
            skipped: (reports > 0).then_some(Skipped { reports, from_ms: due.as_ms() }),
            is_final,
            due_at: if is_final { None } else { settings.next(moment) },
            ended: is_final.then(|| "the campaign has ended, and its last report was made".to_owned()),
        };
        match self.record(schedule, &settings, wanted, now).await {
            Ok(facts) => Ok(facts.is_some()),
            Err(error) => self.ended_by(schedule, error, now).await,
        }
    }

    /// Sends a report of now as a test. The rhythm goes on as it was.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`] if the account has none of this id, or the report cannot be made.
    pub async fn run(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        to: TestTo,
    ) -> Result<IssueView, ScheduleError> {
        if !self.setup().has_mail {
            return Err(ScheduleError::NoMail);
        }
        let now = self.now();
        let schedule = self.find(account_id, id).await?;
        let settings = Settings::of(&schedule)?;
        let recipients = match to {
            TestTo::Recipients => Self::subscribed(&schedule, &settings)?,
            TestTo::Owner => {
                let account = self.store().account(account_id).await?.ok_or(ScheduleError::NotFound)?;
                vec![account.email.to_string()]
            }
        };
        let latest = settings.rhythm.latest(now);
        let period = latest.and_then(|latest| settings.rhythm.period(latest)).ok_or(ScheduleError::Busy)?;
        let wanted = Wanted {
            kind: IssueKind::Test,
            moment: now,
            period,
            recipients,
            skipped: None,
            is_final: false,
            due_at: schedule.due_at,
            ended: schedule.ended.clone(),
        };
        let facts = self.record(&schedule, &settings, wanted, now).await?.ok_or(ScheduleError::Busy)?;
        self.measure.catalog().wake_worker();
        let mails = self.store().issue_mails(account_id, id, now, now).await?;
        Ok(IssueView::of(IssueKind::Test, now, now, facts, &mails))
    }

    /// Measures a report, and writes it with its mails. `None` if the schedule was changed meanwhile.
    async fn record(
        &self,
        schedule: &Schedule,
        settings: &Settings,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<Option<Facts>, ScheduleError> {
        let account_id = schedule.account_id;
        let subject = settings.subject.clone().within(wanted.period.from, wanted.period.to);
        let prepared = self.prepared(account_id, &subject, settings, now).await?;
        let (token, share) = match self.public_url() {
            Some(_) => {
                let [token, id] = self.draw()?;
                (Some(ShareToken::new(token)), Some(ShareId::new(now, id)))
            }
            None => (None, None),
        };
        let facts = Facts {
            title: prepared.title,
            period: wanted.period.to_string(),
            last_day: wanted.period.last_day(),
            from_ms: wanted.period.from.as_ms(),
            to_ms: wanted.period.to.as_ms(),
            is_late: now.as_ms() - wanted.moment.as_ms() > LATE_MS,
            is_final: wanted.is_final,
            skipped: wanted.skipped,
            share: share.map(|id| id.to_string()),
            settings: MailSettings {
                subject,
                attach: settings.attach.clone(),
                days: settings.days,
                rhythm: settings.rhythm.to_string(),
            },
        };
        let issue = NewIssue {
            period: wanted.moment,
            kind: wanted.kind,
            at: now,
            facts: facts.to_json()?,
            document: prepared.document,
            token: token.map(ShareToken::to_bytes),
            recipients: wanted.recipients,
            due_at: wanted.due_at,
            ended: wanted.ended,
            prune_before: Timestamp::from_ms(now.as_ms() - RETENTION_MS),
        };
        let is_recorded = self.store().record_issue(schedule, issue).await?;
        if is_recorded {
            self.revoke_expired(schedule, now).await?;
        }
        Ok(is_recorded.then_some(facts))
    }

    /// Measures a report, again if anything was forgotten meanwhile.
    async fn prepared(
        &self,
        account_id: AccountId,
        subject: &StoredSubject,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Prepared, ScheduleError> {
        for _ in 0..MEASURED_AGAIN_MAX {
            let (title, brand) = (settings.title.clone(), settings.brand.clone());
            let prepared = self.sharing.prepare(account_id, subject, title, brand, now).await?;
            if self.store().forgotten_count().await? == prepared.forgotten {
                return Ok(prepared);
            }
        }
        Err(ScheduleError::Busy)
    }

    /// Revokes links of earlier reports that have expired, so that they take none of the account's shares.
    async fn revoke_expired(&self, schedule: &Schedule, now: Timestamp) -> Result<(), ScheduleError> {
        let issues = self.store().issues(schedule.account_id, schedule.id, None, LINKS_LOOKED_AT).await?;
        let links = issues.iter().filter_map(|issue| Facts::of(issue).ok()?.share?.parse().ok());
        let links: Vec<ShareId> = links.collect();
        Ok(self.sharing.revoke_expired(schedule.account_id, &links, now).await?)
    }

    /// Returns the end of a campaign, if it has one.
    async fn ends_at(
        &self,
        account_id: AccountId,
        subject: &StoredSubject,
    ) -> Result<Option<Timestamp>, ScheduleError> {
        let StoredSubject::Campaign(id) = subject else { return Ok(None) };
        let which: CampaignRef = id.parse().map_err(|_| CampaignError::NotFound)?;
        Ok(self.measure.find_campaign(account_id, &which).await?.settings.span.to())
    }

    /// Ends a schedule whose report can never be made again; returns other errors.
    async fn ended_by(
        &self,
        schedule: &Schedule,
        error: ScheduleError,
        now: Timestamp,
    ) -> Result<bool, ScheduleError> {
        let why = match &error {
            ScheduleError::Report(ShareError::Campaign(CampaignError::NotFound)) => {
                "its campaign was deleted".to_owned()
            }
            ScheduleError::Report(ShareError::Measure(MeasureError::NotFound(name))) => {
                format!("#{name} is not stored any more")
            }
            ScheduleError::Report(ShareError::TooLarge(_)) => error.to_string(),
            _ => return Err(error),
        };
        self.end(schedule, why, now).await
    }
}
