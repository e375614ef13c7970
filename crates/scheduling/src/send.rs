//! One attempt at the mails of a report: it is made ready once, sent to each recipient, and each result is written.

use crate::Scheduling;
use crate::error::ScheduleError;
use crate::mail::{Letter, ReportLink};
use crate::settings::{Facts, has, unsubscribed};
use domain::{ShareToken, Timestamp};
use notify::email::{Mailer, SendMailError};
use notify::webhook::schedule::{Next, Outcome, next};
use notify::webhook::signature::MessageId;
use sha2::{Digest, Sha256};
use sharing::{Prepared, PreparedLink};
use store::issues::{Issue, IssueKind, MailAttempted, MailClaim};
use xxhash_rust::xxh3::xxh3_64;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Reason of a mail to whoever left after it was claimed.
const LEFT: &str = "not sent: the recipient unsubscribed";

/// The result of sending once.
struct Sent {
    error: Option<String>,
    /// True if another attempt would be of no use.
    is_final: bool,
}

impl Sent {
    fn failed(error: impl ToString, is_final: bool) -> Self {
        Self { error: Some(error.to_string()), is_final }
    }
}

impl Scheduling {
    /// Makes one attempt at each claimed mail, and writes what came of it. Returns the number of mails that were accepted.
    ///
    /// # Errors
    ///
    /// The store failed: mails without a result are attempted again once their lease is over.
    pub async fn send(
        &self,
        mailer: Option<&Mailer>,
        mut claims: Vec<MailClaim>,
    ) -> Result<usize, ScheduleError> {
        let mut accepted = 0;
        while let Some(first) = claims.first() {
            let issue = first.issue.clone();
            let of_issue: Vec<MailClaim> = claims.extract_if(.., |claim| claim.issue == issue).collect();
            let letter = self.letter(&of_issue[0]).await?;
            for claim in of_issue {
                let sent = match &letter {
                    Ok(letter) => self.mail(mailer, &claim, letter).await?,
                    Err(why) => Sent::failed(why, true),
                };
                accepted += usize::from(self.written(claim, sent).await?);
            }
        }
        Ok(accepted)
    }

    /// Makes a report ready to be sent; the reason if it never will be.
    async fn letter(&self, claim: &MailClaim) -> Result<Result<Letter, String>, ScheduleError> {
        let Some(document) = claim.document.clone() else {
            return Ok(Err("the report is gone".to_owned()));
        };
        let facts = Facts::of(&claim.issue)?;
        let report = match Prepared::report(&document) {
            Ok(report) => report,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let link = self.report_link(claim, &facts, &document).await?;
        let issue = claim.issue.clone();
        // Drawing charts and writing files takes seconds of a core.
        let work = tokio::task::spawn_blocking(move || Letter::of(&report, &issue, &facts, link));
        Ok(work.await.map_err(|error| error.to_string()))
    }

    /// Makes the share of a report, once for all its mails. `None` without an address for links, or a share for it.
    async fn report_link(
        &self,
        claim: &MailClaim,
        facts: &Facts,
        document: &str,
    ) -> Result<Option<ReportLink>, ScheduleError> {
        let (Some(public_url), Some(token)) = (self.public_url(), claim.share_token) else { return Ok(None) };
        let Some(id) = facts.share.as_deref().and_then(|id| id.parse().ok()) else { return Ok(None) };
        let at = claim.issue.made_at;
        let link = PreparedLink {
            id,
            token: ShareToken::from_bytes(token),
            subject: facts.settings.subject.clone(),
            title: &facts.title,
            document,
            at,
            days: facts.settings.days,
        };
        let until = Timestamp::from_ms(at.as_ms() + i64::from(facts.settings.days) * DAY_MS);
        let path = self.sharing.link(claim.issue.account_id, link).await?;
        Ok(path.map(|path| ReportLink { url: format!("{public_url}{path}"), until }))
    }

    async fn mail(
        &self,
        mailer: Option<&Mailer>,
        claim: &MailClaim,
        letter: &Letter,
    ) -> Result<Sent, ScheduleError> {
        let Issue { account_id, schedule_id, .. } = claim.issue;
        let Some(schedule) = self.store().schedule(account_id, schedule_id).await? else {
            return Ok(Sent::failed("the schedule was deleted", true));
        };
        if has(&unsubscribed(&schedule)?, &claim.recipient) {
            return Ok(Sent::failed(LEFT, true));
        }
        let Some(mailer) = mailer else { return Ok(Sent::failed(ScheduleError::NoMail, false)) };
        let way_out = self.way_out(&schedule, &claim.recipient).await?;
        let mail = match letter.mail(&claim.recipient, way_out.as_deref()) {
            Ok(Some(mail)) => mail,
            Ok(None) => return Ok(Sent::failed("the recipient is no e-mail address", true)),
            Err(error) => return Ok(Sent::failed(error, true)),
        };
        let id = match message_id(claim).parse::<MessageId>() {
            Ok(id) => id,
            Err(error) => return Ok(Sent::failed(error, true)),
        };
        Ok(match mailer.send(&mail, &id, self.now()).await {
            Ok(()) => Sent { error: None, is_final: true },
            // The text of the server is for the operator: the owner sees what happened, not what it said.
            Err(error) => {
                tracing::warn!(%error, "a scheduled report was not sent");
                let is_final = matches!(error, SendMailError::Refused { .. });
                Sent::failed(
                    match error {
                        SendMailError::Refused { .. } => "the mail server refused the mail",
                        SendMailError::Login { .. } => "the mail server refused the login of this server",
                        SendMailError::Failed { .. } => "the mail server did not take the mail",
                        SendMailError::Timeout { .. } => "the mail server did not answer in time",
                    },
                    is_final,
                )
            }
        })
    }

    /// Writes the result of an attempt. Returns true if the mail was accepted.
    async fn written(&self, claim: MailClaim, sent: Sent) -> Result<bool, ScheduleError> {
        let now = self.now();
        let attempt = usize::try_from(claim.attempts).unwrap_or(usize::MAX).saturating_add(1);
        let outcome =
            if sent.error.is_none() { Outcome::Accepted } else { Outcome::Failed { retry_after_ms: None } };
        let next = next(attempt, outcome, now, xxh3_64(message_id(&claim).as_bytes()));
        let is_accepted = sent.error.is_none();
        let attempted = MailAttempted {
            next_at: match next {
                Next::Attempt(at) if !sent.is_final => Some(at),
                Next::Attempt(_) | Next::Delivered | Next::GivenUp => None,
            },
            delivered_at: is_accepted.then_some(now),
            error: sent.error,
        };
        let is_written = self.store().write_issue_mail(claim, attempted).await?;
        Ok(is_written && is_accepted)
    }
}

/// Returns the id of a mail: the same at each attempt, by which receivers recognise it.
fn message_id(claim: &MailClaim) -> String {
    let Issue { account_id, schedule_id, period, kind, .. } = &claim.issue;
    let kind = match kind {
        IssueKind::Due => "due",
        IssueKind::Test => "test",
    };
    let named = format!("{} {schedule_id} {} {kind} {}", account_id.0, period.as_ms(), claim.recipient);
    let digest = Sha256::digest(named.as_bytes());
    format!("rep_{}", base16ct::lower::encode_string(&digest[..16]))
}
