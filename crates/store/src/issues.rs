//! Reports of schedules, and the mails that bring them: one for each recipient, written with the report.
//!
//! A mail is claimed under a lease with a fencing token. Attempts are at least once: a sender that is killed after the
//! mail server accepted sends the same mail, with the same id, again.

use crate::jobs::Lease;
use crate::row::row;
use crate::schedules::Schedule;
use crate::{Store, StoreError};
use domain::{AccountId, ScheduleId, Timestamp};

/// Occasion of a report. Numbers are stored and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum IssueKind {
    /// It was due.
    Due = 0,
    /// Its owner wanted one now.
    Test = 1,
}

impl IssueKind {
    fn of_number(number: u8) -> Option<Self> {
        [Self::Due, Self::Test].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A report to store with its mails.
#[derive(Debug, Clone)]
pub struct NewIssue {
    /// The moment at which it was due; of a test that of its making.
    pub period: Timestamp,
    /// Occasion.
    pub kind: IssueKind,
    /// Time of its making: its mails are due then.
    pub at: Timestamp,
    /// Title, period and what was skipped, as JSON that the store does not read.
    pub facts: String,
    /// The report, as the documents of shares.
    pub document: String,
    /// Token of its share link; `None` without one.
    pub token: Option<[u8; 16]>,
    /// Recipients.
    pub recipients: Vec<String>,
    /// The next report of the schedule.
    pub due_at: Option<Timestamp>,
    /// Why the schedule has ended with it.
    pub ended: Option<String>,
    /// Older reports of the schedule are deleted.
    pub prune_before: Timestamp,
}

/// A report of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Owner of the schedule.
    pub account_id: AccountId,
    /// The schedule.
    pub schedule_id: ScheduleId,
    /// The moment at which it was due; of a test that of its making.
    pub period: Timestamp,
    /// Occasion.
    pub kind: IssueKind,
    /// Time of its making.
    pub made_at: Timestamp,
    /// Title, period and what was skipped, as JSON.
    pub facts: String,
}

/// A mail as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueMail {
    /// The moment of its report.
    pub period: Timestamp,
    /// Occasion of its report.
    pub kind: IssueKind,
    /// Recipient.
    pub recipient: String,
    /// The next attempt; `None` once it is over.
    pub due_at: Option<Timestamp>,
    /// Attempts.
    pub attempts: u64,
    /// When the mail server accepted it.
    pub delivered_at: Option<Timestamp>,
    /// Why the last attempt failed, or none was made.
    pub error: Option<String>,
}

/// The right to send one mail until the lease expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailClaim {
    /// The report.
    pub issue: Issue,
    /// Its document; `None` if it is gone.
    pub document: Option<String>,
    /// Token of its share link.
    pub share_token: Option<[u8; 16]>,
    /// Recipient.
    pub recipient: String,
    /// Attempts before this one.
    pub attempts: u64,
    pub(crate) token: i64,
}

/// The result of an attempt at a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAttempted {
    /// When the next attempt is due; `None` if there is none.
    pub next_at: Option<Timestamp>,
    /// When the mail server accepted it.
    pub delivered_at: Option<Timestamp>,
    /// Why it failed; `None` after a success.
    pub error: Option<String>,
}

impl Store {
    /// Stores a report with a mail for each recipient, and moves its schedule on, in one transaction. Returns `false`, without
    /// writing, if the schedule was changed since it was read as `seen`, or the report is there already.
    pub async fn record_issue(&self, seen: &Schedule, issue: NewIssue) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.record_issue(seen, issue).await,
            Self::Postgres(postgres) => postgres.record_issue(seen, &issue).await,
        }
    }

    /// Returns up to `limit` reports of a schedule, newest first, of moments before `before`.
    pub async fn issues(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Issue>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.issues(account_id, id, before, limit),
            Self::Postgres(postgres) => postgres.issues(account_id, id, before, limit).await,
        }
    }

    /// Returns the mails of a schedule's reports of moments `from` to `to`, in order of report and recipient.
    pub async fn issue_mails(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<IssueMail>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.issue_mails(account_id, id, from, to),
            Self::Postgres(postgres) => postgres.issue_mails(account_id, id, from, to).await,
        }
    }

    /// Claims up to `limit` due mails, those due longest first. On a cluster this reads every shard's index.
    pub async fn claim_issue_mails(&self, lease: Lease, limit: usize) -> Result<Vec<MailClaim>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.claim_issue_mails(lease, limit).await,
            Self::Postgres(postgres) => postgres.claim_issue_mails(lease, limit).await,
        }
    }

    /// Writes the result of an attempt at a mail. With the last mail of a report its document and token go. Returns `false`,
    /// without writing, if another sender has the mail, or it is gone.
    pub async fn write_issue_mail(
        &self,
        claim: MailClaim,
        attempted: MailAttempted,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.write_issue_mail(claim, attempted).await,
            Self::Postgres(postgres) => postgres.write_issue_mail(&claim, &attempted).await,
        }
    }
}

row! {
    /// A report's row.
    pub(crate) struct IssueRow: issue_columns {
        account_id: i64,
        schedule_id: [u8; 16],
        period_ms: i64,
        kind: u8,
        made_at_ms: i64,
        facts: String,
    }
}

row! {
    /// The parts of a report that its mails are made of.
    pub(crate) struct ContentRow: content_columns {
        document: Option<String>,
        token: Option<[u8; 16]>,
    }
}

row! {
    /// A mail's row.
    pub(crate) struct MailRow: mail_columns {
        period_ms: i64,
        kind: u8,
        recipient: String,
        due_at_ms: Option<i64>,
        attempts: i64,
        delivered_at_ms: Option<i64>,
        error: Option<String>,
    }
}

row! {
    /// The row of a claimed mail.
    pub(crate) struct ClaimedMailRow: claimed_mail_columns {
        attempts: i64,
        token: i64,
    }
}

row! {
    /// Key of a mail.
    pub(crate) struct MailKey: mail_key_columns {
        account_id: i64,
        schedule_id: [u8; 16],
        period_ms: i64,
        kind: i64,
        recipient: String,
    }
}

row! {
    /// A report that is on its way.
    pub(crate) struct DocumentRow: document_columns {
        account_id: i64,
        schedule_id: [u8; 16],
        period_ms: i64,
        kind: i64,
        document: String,
    }
}

fn kind_of(table: &'static str, number: u8) -> Result<IssueKind, StoreError> {
    let wrong = || StoreError::Inconsistent { table, column: "kind", row: number.to_string() };
    IssueKind::of_number(number).ok_or_else(wrong)
}

impl IssueRow {
    pub(crate) fn read(self) -> Result<Issue, StoreError> {
        Ok(Issue {
            account_id: AccountId(self.account_id),
            schedule_id: ScheduleId::from_bytes(self.schedule_id),
            period: Timestamp::from_ms(self.period_ms),
            kind: kind_of("schedule_issues", self.kind)?,
            made_at: Timestamp::from_ms(self.made_at_ms),
            facts: self.facts,
        })
    }
}

impl MailRow {
    pub(crate) fn read(self) -> Result<IssueMail, StoreError> {
        Ok(IssueMail {
            period: Timestamp::from_ms(self.period_ms),
            kind: kind_of("schedule_mails", self.kind)?,
            recipient: self.recipient,
            due_at: self.due_at_ms.map(Timestamp::from_ms),
            attempts: self.attempts.unsigned_abs(),
            delivered_at: self.delivered_at_ms.map(Timestamp::from_ms),
            error: self.error,
        })
    }
}

/// Milliseconds after which any next attempt at a mail is due: a later time was written while the clock was ahead.
pub(crate) const MAIL_DUE_MS_MAX: i64 = 2 * 86_400_000;
