//! Schedules and their reports as their owner sees them.

use crate::error::ScheduleError;
use crate::settings::{Facts, Settings, unsubscribed};
use domain::Timestamp;
use domain::rhythm::Days;
use serde::Serialize;
use sharing::StoredSubject;
use store::Store;
use store::issues::{IssueKind, IssueMail};
use store::schedules::Schedule;
use utoipa::ToSchema;

/// Reports that a schedule is shown with.
pub(crate) const ISSUES_SHOWN: usize = 20;

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleView {
    /// Schedule id.
    #[schema(example = "sch_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// `active`, `paused` or `ended`.
    #[schema(example = "active")]
    pub state: &'static str,
    /// Why it has ended; `null` unless it has.
    pub ended: Option<String>,
    /// Id of the campaign; `null` of hashtags.
    #[schema(example = "cmp_01kb3x8m7q0000000000000000")]
    pub campaign: Option<String>,
    /// Names of the hashtags; empty of a campaign.
    #[schema(example = json!([]))]
    pub hashtags: Vec<String>,
    /// Days and hour in words.
    #[schema(example = "every Monday at 08:00 (Europe/Berlin)")]
    pub when: String,
    /// Day of the week; `null` of a monthly one.
    #[schema(example = "monday")]
    pub weekly: Option<String>,
    /// Day of the month; `null` of a weekly one. A shorter month has its report on the last day.
    #[schema(example = json!(null))]
    pub monthly: Option<u8>,
    /// Local hour.
    #[schema(example = 8)]
    pub hour: u8,
    /// Time zone.
    #[schema(example = "Europe/Berlin")]
    pub tz: String,
    /// Recipients.
    #[schema(example = json!(["client@example.com"]))]
    pub to: Vec<String>,
    /// Recipients that want no more.
    #[schema(example = json!([]))]
    pub unsubscribed: Vec<String>,
    /// Formats of attachments.
    #[schema(example = json!(["pdf", "xlsx"]))]
    pub attach: Vec<String>,
    /// Days until the link of a report expires.
    #[schema(example = 90)]
    pub days: u16,
    /// Heading; `null` for that of the subject.
    pub title: Option<String>,
    /// The next report; `null` while it is paused or has ended.
    pub next_at: Option<Timestamp>,
    /// The last report; `null` if there is none.
    pub last: Option<IssueView>,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// A schedule with its last reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScheduleDetail)]
pub struct ScheduleDetailView {
    /// The schedule.
    #[serde(flatten)]
    pub schedule: ScheduleView,
    /// Its last 20 reports, newest first.
    #[schema(example = json!([]))]
    pub issues: Vec<IssueView>,
}

/// A report of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScheduledReport)]
pub struct IssueView {
    /// The moment at which it was due; of a test that of its making.
    pub due_at: Timestamp,
    /// Time of its making.
    pub made_at: Timestamp,
    /// `due`, or `test` of one that its owner wanted at once.
    #[schema(example = "due")]
    pub kind: &'static str,
    /// Title.
    #[schema(example = "Campaign summer")]
    pub title: String,
    /// Local days that it is of, in words.
    #[schema(example = "16 to 22 November 2026")]
    pub period: String,
    /// Beginning of its first day.
    pub from: Timestamp,
    /// End of its last day.
    pub to: Timestamp,
    /// True if it was made more than an hour after it was due.
    #[schema(example = false)]
    pub late: bool,
    /// True if the schedule has ended with it.
    #[schema(example = false)]
    pub last: bool,
    /// Reports before it that were missed and are not sent; `null` if there are none.
    pub skipped: Option<SkippedView>,
    /// Id of the share that its link opens; `null` without one.
    #[schema(example = "shr_01kb3x8m7q0000000000000000")]
    pub share: Option<String>,
    /// Its mails.
    pub mails: Vec<MailView>,
}

/// Reports that were missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SkippedReports)]
pub struct SkippedView {
    /// Number of them.
    #[schema(example = 3)]
    pub reports: u64,
    /// The moment at which the first was due.
    pub from: Timestamp,
}

/// A mail of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScheduledMail)]
pub struct MailView {
    /// Recipient.
    #[schema(example = "client@example.com")]
    pub to: String,
    /// `waiting`, `sent`, or `failed` if it is given up.
    #[schema(example = "sent")]
    pub state: &'static str,
    /// Attempts.
    #[schema(example = 1)]
    pub attempts: u64,
    /// The next attempt; `null` if there is none.
    pub next_at: Option<Timestamp>,
    /// When the mail server accepted it; `null` if it did not.
    pub sent_at: Option<Timestamp>,
    /// Why the last attempt failed; `null` if it did not.
    pub error: Option<String>,
}

/// Effect of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SchedulePlan)]
pub struct SchedulePlanView {
    /// Title of the reports.
    #[schema(example = "Campaign summer")]
    pub title: String,
    /// Days and hour in words.
    #[schema(example = "every Monday at 08:00 (Europe/Berlin)")]
    pub when: String,
    /// Recipients.
    #[schema(example = json!(["client@example.com"]))]
    pub to: Vec<String>,
    /// Formats of attachments.
    #[schema(example = json!(["pdf"]))]
    pub attach: Vec<String>,
    /// The next five reports.
    pub next: Vec<Timestamp>,
    /// Local days that the first is of, in words.
    #[schema(example = "16 to 22 November 2026")]
    pub first_period: String,
}

impl ScheduleView {
    /// Describes a schedule with its last report.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::Stored`] if its settings are damaged.
    pub(crate) fn of(schedule: &Schedule, last: Option<IssueView>) -> Result<Self, ScheduleError> {
        let settings = Settings::of(schedule)?;
        let (campaign, hashtags) = match settings.subject {
            StoredSubject::Campaign(id) => (Some(id), Vec::new()),
            StoredSubject::Hashtags { names, .. } => (None, names),
        };
        let (weekly, monthly) = match settings.rhythm.days {
            Days::Weekly(day) => (Some(day.to_string()), None),
            Days::Monthly(day) => (None, Some(day)),
        };
        Ok(Self {
            id: schedule.id.to_string(),
            state: match (&schedule.ended, settings.is_paused) {
                (Some(_), _) => "ended",
                (None, true) => "paused",
                (None, false) => "active",
            },
            ended: schedule.ended.clone(),
            campaign,
            hashtags,
            when: settings.rhythm.to_string(),
            weekly,
            monthly,
            hour: settings.rhythm.hour,
            tz: settings.rhythm.tz.to_string(),
            to: settings.to,
            unsubscribed: unsubscribed(schedule)?,
            attach: settings.attach,
            days: settings.days,
            title: settings.title,
            next_at: schedule.due_at,
            last,
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
        })
    }
}

impl IssueView {
    pub(crate) fn of(
        kind: IssueKind,
        period: Timestamp,
        made_at: Timestamp,
        facts: Facts,
        mails: &[IssueMail],
    ) -> Self {
        let mails = mails.iter().filter(|mail| (mail.period, mail.kind) == (period, kind));
        Self {
            due_at: period,
            made_at,
            kind: match kind {
                IssueKind::Due => "due",
                IssueKind::Test => "test",
            },
            title: facts.title,
            period: facts.period,
            from: Timestamp::from_ms(facts.from_ms),
            to: Timestamp::from_ms(facts.to_ms),
            late: facts.is_late,
            last: facts.is_final,
            skipped: facts.skipped.map(|skipped| SkippedView {
                reports: skipped.reports,
                from: Timestamp::from_ms(skipped.from_ms),
            }),
            share: facts.share,
            mails: mails.map(MailView::of).collect(),
        }
    }
}

impl MailView {
    fn of(mail: &IssueMail) -> Self {
        Self {
            to: mail.recipient.clone(),
            state: match (mail.delivered_at, mail.due_at) {
                (Some(_), _) => "sent",
                (None, Some(_)) => "waiting",
                (None, None) => "failed",
            },
            attempts: mail.attempts,
            next_at: mail.due_at,
            sent_at: mail.delivered_at,
            error: mail.error.clone(),
        }
    }
}

/// Returns the last reports of a schedule with their mails, newest first.
pub(crate) async fn issue_views(
    store: &Store,
    schedule: &Schedule,
    limit: usize,
) -> Result<Vec<IssueView>, ScheduleError> {
    let issues = store.issues(schedule.account_id, schedule.id, None, limit).await?;
    let Some((first, last)) = issues.last().zip(issues.first()) else { return Ok(Vec::new()) };
    let mails = store.issue_mails(schedule.account_id, schedule.id, first.period, last.period).await?;
    let view = |issue: store::issues::Issue| {
        Ok(IssueView::of(issue.kind, issue.period, issue.made_at, Facts::of(&issue)?, &mails))
    };
    issues.into_iter().map(view).collect()
}
