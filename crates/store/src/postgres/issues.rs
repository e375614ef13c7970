//! Reports of schedules and their mails. On a cluster they are on the shard of their account; only what is due is read from
//! all shards.

use super::Postgres;
use super::connection::Parameter;
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
use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

/// Moves a schedule on, if it is as it was read.
const ADVANCE: &str =
    "UPDATE tagmeter.schedules SET due_at_ms = $4, ended = $5, lease_until_ms = 0, version = version + 1
    WHERE account_id = $1 AND schedule_id = $2 AND version = $3";
const ISSUE: &str = "INSERT INTO tagmeter.schedule_issues
    (account_id, schedule_id, period_ms, kind, made_at_ms, facts, document, token)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
const MAIL: &str = "INSERT INTO tagmeter.schedule_mails
    (account_id, schedule_id, period_ms, kind, recipient, due_at_ms, lease_until_ms, token, attempts)
    VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0)";
const PRUNES: [&str; 2] = [
    "DELETE FROM tagmeter.schedule_mails WHERE account_id = $1 AND schedule_id = $2 AND period_ms < $3",
    "DELETE FROM tagmeter.schedule_issues WHERE account_id = $1 AND schedule_id = $2 AND period_ms < $3",
];
const ISSUES: &str = concat!(
    "SELECT ",
    issue_columns!(),
    " FROM tagmeter.schedule_issues WHERE account_id = $1 AND schedule_id = $2 AND ($3::bigint IS NULL OR period_ms < $3)
      ORDER BY period_ms DESC, kind DESC LIMIT $4"
);
const ONE: &str = concat!(
    "SELECT ",
    issue_columns!(),
    " FROM tagmeter.schedule_issues WHERE account_id = $1 AND schedule_id = $2 AND period_ms = $3 AND kind = $4"
);
const CONTENT: &str = concat!(
    "SELECT ",
    content_columns!(),
    " FROM tagmeter.schedule_issues WHERE account_id = $1 AND schedule_id = $2 AND period_ms = $3 AND kind = $4"
);
const MAILS: &str = concat!(
    "SELECT ",
    mail_columns!(),
    " FROM tagmeter.schedule_mails WHERE account_id = $1 AND schedule_id = $2 AND period_ms BETWEEN $3 AND $4
      ORDER BY period_ms, kind, recipient"
);
const DUE: &str = concat!(
    "SELECT ",
    mail_key_columns!(),
    " FROM tagmeter.schedule_mails
    WHERE (due_at_ms <= $1 OR due_at_ms > $1 + $3) AND (lease_until_ms <= $1 OR lease_until_ms > $1 + $4)
    ORDER BY due_at_ms LIMIT $2"
);
/// Claims one mail, if nobody else did.
const CLAIM: &str = concat!(
    "UPDATE tagmeter.schedule_mails SET lease_until_ms = $7, token = token + 1
     WHERE account_id = $1 AND schedule_id = $2 AND period_ms = $3 AND kind = $4 AND recipient = $5
         AND (due_at_ms <= $6 OR due_at_ms > $6 + $8) AND (lease_until_ms <= $6 OR lease_until_ms > $6 + $9)
     RETURNING ",
    claimed_mail_columns!()
);
const ENDED: &str = "UPDATE tagmeter.schedule_mails
    SET due_at_ms = $7, delivered_at_ms = coalesce($8, delivered_at_ms), error = $9, attempts = attempts + 1,
        lease_until_ms = 0
    WHERE account_id = $1 AND schedule_id = $2 AND period_ms = $3 AND kind = $4 AND recipient = $5 AND token = $6
        AND due_at_ms IS NOT NULL";
/// Drops what no mail needs any more.
const SPENT: &str = "UPDATE tagmeter.schedule_issues SET document = NULL, token = NULL
    WHERE account_id = $1 AND schedule_id = $2 AND period_ms = $3 AND kind = $4 AND NOT EXISTS
        (SELECT 1 FROM tagmeter.schedule_mails m WHERE account_id = $1 AND m.schedule_id = $2 AND m.period_ms = $3
            AND m.kind = $4 AND m.due_at_ms IS NOT NULL)";
/// The next document in the order of their keys.
const NEXT_DOCUMENT: &str = concat!(
    "SELECT ",
    document_columns!(),
    " FROM tagmeter.schedule_issues
    WHERE (account_id, schedule_id, period_ms, kind) > ($1, $2, $3, $4) AND document IS NOT NULL
    ORDER BY account_id, schedule_id, period_ms, kind LIMIT 1"
);
const REWRITE_DOCUMENT: &str = "UPDATE tagmeter.schedule_issues SET document = $6
    WHERE account_id = $1 AND schedule_id = $2 AND period_ms = $3 AND kind = $4 AND document = $5 RETURNING 1";

/// A report's key as parameters.
macro_rules! key {
    ($account:expr, $id:expr, $period:expr, $kind:expr) => {
        [
            (&$account as _, Type::INT8),
            (&$id.as_slice() as _, Type::BYTEA),
            (&$period as _, Type::INT8),
            (&$kind as _, Type::INT8),
        ]
    };
}

impl Postgres {
    pub(crate) async fn record_issue(&self, seen: &Schedule, issue: &NewIssue) -> Result<bool, StoreError> {
        const DOING: &str = "store a report of a schedule";
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        let is_recorded = record(&transaction, seen, issue).await?;
        if is_recorded {
            transaction.commit().await.doing(DOING)?;
        }
        Ok(is_recorded)
    }

    pub(crate) async fn issues(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        before: Option<Timestamp>,
        count: usize,
    ) -> Result<Vec<Issue>, StoreError> {
        const DOING: &str = "list reports of a schedule";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&before.map(Timestamp::as_ms), Type::INT8),
            (&limit(count), Type::INT8),
        ];
        let rows = self.pool.query(DOING, ISSUES, &parameters).await?;
        rows.iter().map(|row| row::postgres::<IssueRow>(row).doing(DOING)?.read()).collect()
    }

    pub(crate) async fn issue_mails(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<IssueMail>, StoreError> {
        const DOING: &str = "list mails of a schedule";
        let id = id.to_bytes();
        let parameters: [Parameter<'_>; 4] = [
            (&account_id.0, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&from.as_ms(), Type::INT8),
            (&to.as_ms(), Type::INT8),
        ];
        let rows = self.pool.query(DOING, MAILS, &parameters).await?;
        rows.iter().map(|row| row::postgres::<MailRow>(row).doing(DOING)?.read()).collect()
    }

    pub(crate) async fn claim_issue_mails(
        &self,
        lease: Lease,
        count: usize,
    ) -> Result<Vec<MailClaim>, StoreError> {
        const DOING: &str = "claim mails of schedules";
        let lease_ms = lease.ms().saturating_add(CLOCKS_APART_MS);
        let parameters: [Parameter<'_>; 4] = [
            (&lease.from.as_ms(), Type::INT8),
            (&limit(count), Type::INT8),
            (&MAIL_DUE_MS_MAX, Type::INT8),
            (&lease_ms, Type::INT8),
        ];
        let mut claims = Vec::new();
        for found in self.pool.query(DOING, DUE, &parameters).await? {
            let key: MailKey = row::postgres(&found).doing(DOING)?;
            claims.extend(self.claim_mail(key, lease, lease_ms).await?);
        }
        Ok(claims)
    }

    async fn claim_mail(
        &self,
        key: MailKey,
        lease: Lease,
        lease_ms: i64,
    ) -> Result<Option<MailClaim>, StoreError> {
        const DOING: &str = "claim a mail of a schedule";
        let MailKey { account_id: account, schedule_id: id, period_ms: period, kind, recipient } = key;
        let parameters: [Parameter<'_>; 9] = [
            (&account, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&period, Type::INT8),
            (&kind, Type::INT8),
            (&recipient, Type::TEXT),
            (&lease.from.as_ms(), Type::INT8),
            (&lease.until.as_ms(), Type::INT8),
            (&MAIL_DUE_MS_MAX, Type::INT8),
            (&lease_ms, Type::INT8),
        ];
        let Some(claimed) = self.pool.query_opt(DOING, CLAIM, &parameters).await? else { return Ok(None) };
        let claimed: ClaimedMailRow = row::postgres(&claimed).doing(DOING)?;
        let of_issue: [Parameter<'_>; 4] = key!(account, id, period, kind);
        let issue = self.pool.query_opt(DOING, ONE, &of_issue).await?;
        let content = self.pool.query_opt(DOING, CONTENT, &of_issue).await?;
        let Some((issue, content)) = issue.zip(content) else { return Ok(None) };
        let content: ContentRow = row::postgres(&content).doing(DOING)?;
        Ok(Some(MailClaim {
            issue: row::postgres::<IssueRow>(&issue).doing(DOING)?.read()?,
            document: content.document,
            share_token: content.token,
            recipient,
            attempts: claimed.attempts.unsigned_abs(),
            token: claimed.token,
        }))
    }

    pub(crate) async fn write_issue_mail(
        &self,
        claim: &MailClaim,
        attempted: &MailAttempted,
    ) -> Result<bool, StoreError> {
        const DOING: &str = "write an attempt at a mail";
        let issue = &claim.issue;
        let (account, id, period, kind) =
            (issue.account_id.0, issue.schedule_id.to_bytes(), issue.period.as_ms(), issue.kind as i64);
        let parameters: [Parameter<'_>; 9] = [
            (&account, Type::INT8),
            (&id.as_slice(), Type::BYTEA),
            (&period, Type::INT8),
            (&kind, Type::INT8),
            (&claim.recipient, Type::TEXT),
            (&claim.token, Type::INT8),
            (&attempted.next_at.map(Timestamp::as_ms), Type::INT8),
            (&attempted.delivered_at.map(Timestamp::as_ms), Type::INT8),
            (&attempted.error, Type::TEXT),
        ];
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await.doing(DOING)?;
        if transaction.execute_typed(ENDED, &parameters).await.doing(DOING)? == 0 {
            return Ok(false);
        }
        let key: [Parameter<'_>; 4] = key!(account, id, period, kind);
        transaction.execute_typed(SPENT, &key).await.doing(DOING)?;
        transaction.commit().await.doing(DOING)?;
        Ok(true)
    }

    /// Implements the part of `Store::forget_in_shares` that is about reports on their way.
    pub(crate) async fn forget_in_issues(&self, named: &Named) -> Result<u64, StoreError> {
        const DOING: &str = "search the reports of schedules";
        let (mut account, mut id, mut period, mut kind, mut changed) =
            (i64::MIN, [0_u8; 16], i64::MIN, i64::MIN, 0);
        loop {
            let after: [Parameter<'_>; 4] = key!(account, id, period, kind);
            let Some(next) = self.pool.query_opt(DOING, NEXT_DOCUMENT, &after).await? else {
                return Ok(changed);
            };
            let DocumentRow { account_id, schedule_id, period_ms, kind: of, document } =
                row::postgres(&next).doing(DOING)?;
            (account, id, period, kind) = (account_id, schedule_id, period_ms, of);
            let Some(rest) = left_out(&document, named) else { continue };
            let parameters: [Parameter<'_>; 6] = [
                (&account, Type::INT8),
                (&id.as_slice(), Type::BYTEA),
                (&period, Type::INT8),
                (&kind, Type::INT8),
                (&document, Type::TEXT),
                (&rest, Type::TEXT),
            ];
            let rewritten = self.pool.query("rewrite a report", REWRITE_DOCUMENT, &parameters).await?;
            changed += rewritten.len() as u64;
        }
    }
}

async fn record(
    transaction: &Transaction<'_>,
    seen: &Schedule,
    issue: &NewIssue,
) -> Result<bool, StoreError> {
    const DOING: &str = "store a report of a schedule";
    let bytes = seen.id.to_bytes();
    let (account, id): (Parameter<'_>, Parameter<'_>) =
        ((&seen.account_id.0, Type::INT8), (&bytes.as_slice(), Type::BYTEA));
    let parameters: [Parameter<'_>; 5] = [
        account.clone(),
        id.clone(),
        (&seen.version.cast_signed(), Type::INT8),
        (&issue.due_at.map(Timestamp::as_ms), Type::INT8),
        (&issue.ended, Type::TEXT),
    ];
    if transaction.execute_typed(ADVANCE, &parameters).await.doing(DOING)? == 0 {
        return Ok(false);
    }
    let (period_ms, kind, at) = (issue.period.as_ms(), issue.kind as i64, issue.at.as_ms());
    let token = issue.token.as_ref().map(|token| token.as_slice());
    let parameters: [Parameter<'_>; 8] = [
        account.clone(),
        id.clone(),
        (&period_ms, Type::INT8),
        (&kind, Type::INT8),
        (&at, Type::INT8),
        (&issue.facts, Type::TEXT),
        (&issue.document, Type::TEXT),
        (&token, Type::BYTEA),
    ];
    if transaction.execute_typed(ISSUE, &parameters).await.doing(DOING)? == 0 {
        return Ok(false);
    }
    for recipient in &issue.recipients {
        let parameters: [Parameter<'_>; 6] = [
            account.clone(),
            id.clone(),
            (&period_ms, Type::INT8),
            (&kind, Type::INT8),
            (recipient, Type::TEXT),
            (&at, Type::INT8),
        ];
        transaction.execute_typed(MAIL, &parameters).await.doing(DOING)?;
    }
    for sql in PRUNES {
        let parameters: [Parameter<'_>; 3] =
            [account.clone(), id.clone(), (&issue.prune_before.as_ms(), Type::INT8)];
        transaction.execute_typed(sql, &parameters).await.doing(DOING)?;
    }
    if issue.recipients.is_empty() {
        let key: [Parameter<'_>; 4] = [account, id, (&period_ms, Type::INT8), (&kind, Type::INT8)];
        transaction.execute_typed(SPENT, &key).await.doing(DOING)?;
    }
    Ok(true)
}

/// Statements of this module; see [`super::statements`].
#[cfg(test)]
pub(super) const STATEMENTS: [(&str, &str); 15] = [
    ("ADVANCE", ADVANCE),
    ("ISSUE", ISSUE),
    ("MAIL", MAIL),
    ("PRUNES 0", PRUNES[0]),
    ("PRUNES 1", PRUNES[1]),
    ("ISSUES", ISSUES),
    ("ONE", ONE),
    ("CONTENT", CONTENT),
    ("MAILS", MAILS),
    ("DUE", DUE),
    ("CLAIM", CLAIM),
    ("ENDED", ENDED),
    ("SPENT", SPENT),
    ("NEXT_DOCUMENT", NEXT_DOCUMENT),
    ("REWRITE_DOCUMENT", REWRITE_DOCUMENT),
];
