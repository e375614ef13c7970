//! Reports of schedules and their mails in `accounts.db`.

use super::accounts::{AccountsFile, begin};
use super::catalog::forget::overwriting;
use crate::StoreError;
use crate::error::Doing;
use crate::forget::Named;
use crate::issues::{
    ClaimedMailRow, ContentRow, DocumentRow, Issue, IssueMail, IssueRow, MAIL_DUE_MS_MAX, MailAttempted,
    MailClaim, MailKey, MailRow, NewIssue, claimed_mail_columns, content_columns, document_columns,
    issue_columns, mail_columns, mail_key_columns,
};
use crate::jobs::Lease;
use crate::ledger::limit;
use crate::row;
use crate::schedules::Schedule;
use crate::shares::left_out;
use crate::tracked::CLOCKS_APART_MS;
use domain::{AccountId, ScheduleId, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

/// Moves a schedule on, if it is as it was read.
const ADVANCE: &str =
    "UPDATE schedules SET due_at_ms = ?4, ended = ?5, lease_until_ms = 0, version = version + 1
    WHERE account_id = ?1 AND schedule_id = ?2 AND version = ?3";
const ISSUE: &str = "INSERT INTO schedule_issues
    (account_id, schedule_id, period_ms, kind, made_at_ms, facts, document, token)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
const MAIL: &str = "INSERT INTO schedule_mails
    (account_id, schedule_id, period_ms, kind, recipient, due_at_ms, lease_until_ms, token, attempts)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 0)";
const PRUNES: [&str; 2] = [
    "DELETE FROM schedule_mails WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms < ?3",
    "DELETE FROM schedule_issues WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms < ?3",
];
const ISSUES: &str = concat!(
    "SELECT ",
    issue_columns!(),
    " FROM schedule_issues WHERE account_id = ?1 AND schedule_id = ?2 AND (?3 IS NULL OR period_ms < ?3)
      ORDER BY period_ms DESC, kind DESC LIMIT ?4"
);
const ONE: &str = concat!(
    "SELECT ",
    issue_columns!(),
    " FROM schedule_issues WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms = ?3 AND kind = ?4"
);
const CONTENT: &str = concat!(
    "SELECT ",
    content_columns!(),
    " FROM schedule_issues WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms = ?3 AND kind = ?4"
);
const MAILS: &str = concat!(
    "SELECT ",
    mail_columns!(),
    " FROM schedule_mails WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms BETWEEN ?3 AND ?4
      ORDER BY period_ms, kind, recipient"
);
const DUE: &str = concat!(
    "SELECT ",
    mail_key_columns!(),
    " FROM schedule_mails
    WHERE (due_at_ms <= ?1 OR due_at_ms > ?1 + ?3) AND (lease_until_ms <= ?1 OR lease_until_ms > ?1 + ?4)
    ORDER BY due_at_ms LIMIT ?2"
);
/// Claims one mail, if nobody else did.
const CLAIM: &str = concat!(
    "UPDATE schedule_mails SET lease_until_ms = ?7, token = token + 1
     WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms = ?3 AND kind = ?4 AND recipient = ?5
         AND (due_at_ms <= ?6 OR due_at_ms > ?6 + ?8) AND (lease_until_ms <= ?6 OR lease_until_ms > ?6 + ?9)
     RETURNING ",
    claimed_mail_columns!()
);
const ENDED: &str = "UPDATE schedule_mails
    SET due_at_ms = ?7, delivered_at_ms = coalesce(?8, delivered_at_ms), error = ?9, attempts = attempts + 1,
        lease_until_ms = 0
    WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms = ?3 AND kind = ?4 AND recipient = ?5 AND token = ?6
        AND due_at_ms IS NOT NULL";
/// Drops what no mail needs any more.
const SPENT: &str = "UPDATE schedule_issues SET document = NULL, token = NULL
    WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms = ?3 AND kind = ?4 AND NOT EXISTS
        (SELECT 1 FROM schedule_mails m WHERE m.account_id = ?1 AND m.schedule_id = ?2 AND m.period_ms = ?3
            AND m.kind = ?4 AND m.due_at_ms IS NOT NULL)";
/// The next document in the order of their keys.
const NEXT_DOCUMENT: &str = concat!(
    "SELECT ",
    document_columns!(),
    " FROM schedule_issues
    WHERE (account_id, schedule_id, period_ms, kind) > (?1, ?2, ?3, ?4) AND document IS NOT NULL
    ORDER BY account_id, schedule_id, period_ms, kind LIMIT 1"
);
const REWRITE_DOCUMENT: &str = "UPDATE schedule_issues SET document = ?6
    WHERE account_id = ?1 AND schedule_id = ?2 AND period_ms = ?3 AND kind = ?4 AND document = ?5";

impl AccountsFile {
    pub(crate) async fn record_issue(&self, seen: &Schedule, issue: NewIssue) -> Result<bool, StoreError> {
        let seen = seen.clone();
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let is_recorded = record(&transaction, &seen, &issue)?;
                if is_recorded {
                    transaction.commit().doing("commit a report of a schedule")?;
                }
                Ok(is_recorded)
            })
            .await
    }

    pub(crate) fn issues(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        before: Option<Timestamp>,
        count: usize,
    ) -> Result<Vec<Issue>, StoreError> {
        let of = (account_id.0, id.to_bytes(), before.map(Timestamp::as_ms), limit(count));
        let rows: Vec<IssueRow> = self.readers.with(|connection| {
            connection
                .prepare_cached(ISSUES)
                .and_then(|mut s| s.query_map(of, row::sqlite)?.collect())
                .doing("list reports of a schedule")
        })?;
        rows.into_iter().map(IssueRow::read).collect()
    }

    pub(crate) fn issue_mails(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<IssueMail>, StoreError> {
        let of = (account_id.0, id.to_bytes(), from.as_ms(), to.as_ms());
        let rows: Vec<MailRow> = self.readers.with(|connection| {
            connection
                .prepare_cached(MAILS)
                .and_then(|mut s| s.query_map(of, row::sqlite)?.collect())
                .doing("list mails of a schedule")
        })?;
        rows.into_iter().map(MailRow::read).collect()
    }

    pub(crate) async fn claim_issue_mails(
        &self,
        lease: Lease,
        count: usize,
    ) -> Result<Vec<MailClaim>, StoreError> {
        const DOING: &str = "claim mails of schedules";
        let (now, lease_ms) = (lease.from.as_ms(), lease.ms().saturating_add(CLOCKS_APART_MS));
        let due: Vec<MailKey> = self.readers.with(|connection| {
            let of = (now, limit(count), MAIL_DUE_MS_MAX, lease_ms);
            let rows =
                connection.prepare_cached(DUE).and_then(|mut s| s.query_map(of, row::sqlite)?.collect());
            rows.doing(DOING)
        })?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let mut claims = Vec::with_capacity(due.len());
                for key in due {
                    claims.extend(claim(&transaction, key, lease, lease_ms)?);
                }
                transaction.commit().doing(DOING)?;
                Ok(claims)
            })
            .await
    }

    pub(crate) async fn write_issue_mail(
        &self,
        claim: MailClaim,
        attempted: MailAttempted,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "write an attempt at a mail";
        self.committer
            .run(move |connection| {
                let transaction = begin(connection)?;
                let issue = &claim.issue;
                let (account, id, period, kind) = (
                    issue.account_id.0,
                    issue.schedule_id.to_bytes(),
                    issue.period.as_ms(),
                    issue.kind as u8,
                );
                let [next, delivered] =
                    [attempted.next_at, attempted.delivered_at].map(|at| at.map(Timestamp::as_ms));
                let of = params![
                    account,
                    id,
                    period,
                    kind,
                    claim.recipient,
                    claim.token,
                    next,
                    delivered,
                    attempted.error
                ];
                if transaction.execute(ENDED, of).doing(DOING)? == 0 {
                    return Ok(false);
                }
                transaction.execute(SPENT, (account, id, period, kind)).doing(DOING)?;
                transaction.commit().doing(DOING)?;
                Ok(true)
            })
            .await
    }

    /// Implements the part of `Store::forget_in_shares` that is about reports on their way.
    pub(crate) async fn forget_in_issues(&self, named: Named) -> Result<u64, StoreError> {
        const DOING: &str = "search the reports of schedules";
        let (mut after, mut changed) = ((i64::MIN, [0_u8; 16], i64::MIN, i64::MIN), 0);
        loop {
            let next: Option<DocumentRow> = self.readers.with(|connection| {
                connection
                    .prepare_cached(NEXT_DOCUMENT)
                    .and_then(|mut s| s.query_row(after, row::sqlite).optional())
                    .doing(DOING)
            })?;
            let Some(next) = next else { return Ok(changed) };
            let DocumentRow { account_id: account, schedule_id: id, period_ms: period, kind, document } =
                next;
            after = (account, id, period, kind);
            let Some(rest) = left_out(&document, &named) else { continue };
            changed += self
                .committer
                .run(move |connection| {
                    overwriting(connection, |connection| {
                        let of = params![account, id, period, kind, document, rest];
                        connection.execute(REWRITE_DOCUMENT, of).doing("rewrite a report")
                    })
                })
                .await? as u64;
        }
    }
}

fn record(transaction: &Transaction<'_>, seen: &Schedule, issue: &NewIssue) -> Result<bool, StoreError> {
    const DOING: &str = "store a report of a schedule";
    let (account, id) = (seen.account_id.0, seen.id.to_bytes());
    let due_at_ms = issue.due_at.map(Timestamp::as_ms);
    let of = params![account, id, seen.version.cast_signed(), due_at_ms, issue.ended];
    if transaction.execute(ADVANCE, of).doing(DOING)? == 0 {
        return Ok(false);
    }
    let (period, kind, at) = (issue.period.as_ms(), issue.kind as u8, issue.at.as_ms());
    let of = params![account, id, period, kind, at, issue.facts, issue.document, issue.token];
    if transaction.execute(ISSUE, of).doing(DOING)? == 0 {
        return Ok(false);
    }
    let mut mail = transaction.prepare_cached(MAIL).doing(DOING)?;
    for recipient in &issue.recipients {
        mail.execute(params![account, id, period, kind, recipient, at]).doing(DOING)?;
    }
    for sql in PRUNES {
        transaction.execute(sql, (account, id, issue.prune_before.as_ms())).doing(DOING)?;
    }
    if issue.recipients.is_empty() {
        transaction.execute(SPENT, (account, id, period, kind)).doing(DOING)?;
    }
    Ok(true)
}

fn claim(
    transaction: &Transaction<'_>,
    key: MailKey,
    lease: Lease,
    lease_ms: i64,
) -> Result<Option<MailClaim>, StoreError> {
    const DOING: &str = "claim a mail of a schedule";
    let MailKey { account_id: account, schedule_id: id, period_ms: period, kind, recipient } = key;
    let (now, until) = (lease.from.as_ms(), lease.until.as_ms());
    let claimed: Option<ClaimedMailRow> = transaction
        .prepare_cached(CLAIM)
        .and_then(|mut s| {
            let of = params![account, id, period, kind, recipient, now, until, MAIL_DUE_MS_MAX, lease_ms];
            s.query_row(of, row::sqlite).optional()
        })
        .doing(DOING)?;
    let Some(claimed) = claimed else { return Ok(None) };
    let of = (account, id, period, kind);
    let issue: Option<IssueRow> = transaction
        .prepare_cached(ONE)
        .and_then(|mut s| s.query_row(of, row::sqlite).optional())
        .doing(DOING)?;
    let content: Option<ContentRow> = transaction
        .prepare_cached(CONTENT)
        .and_then(|mut s| s.query_row(of, row::sqlite).optional())
        .doing(DOING)?;
    let Some((issue, content)) = issue.zip(content) else { return Ok(None) };
    Ok(Some(MailClaim {
        issue: issue.read()?,
        document: content.document,
        share_token: content.token,
        recipient,
        attempts: claimed.attempts.unsigned_abs(),
        token: claimed.token,
    }))
}
