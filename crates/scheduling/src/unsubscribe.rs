//! Links by which recipients leave a schedule without a key: whoever has the mail may, and nobody else.
//!
//! The token of a link names account, schedule and a digest of the recipient, sealed for this store.

use crate::Scheduling;
use crate::error::ScheduleError;
use crate::settings::{Facts, Settings, has, unsubscribed};
use domain::{AccountId, ScheduleId};
use notify::sealed;
use sha2::{Digest, Sha256};
use store::schedules::{Schedule, ScheduleChange};

/// Path of the pages that the links lead to.
const PATH: &str = "/unsubscribe";
/// Bytes that a token names: account, schedule, recipient.
const ACCOUNT: usize = 8;
const SCHEDULE: usize = 16;
const RECIPIENT: usize = 16;
/// Context string of the key derivation.
const PURPOSE: &[u8] = b"tagmeter unsubscribe links 1";
/// Most times that a change is tried beside others.
const ATTEMPTS_MAX: usize = 8;

/// A recipient of a schedule, as the page of its link shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribed {
    /// Its address.
    pub recipient: String,
    /// Title of the last report.
    pub title: String,
    /// True if it gets no more of them.
    pub is_done: bool,
}

fn digest(recipient: &str) -> [u8; RECIPIENT] {
    let [first, _] =
        *<[u8; 32]>::from(Sha256::digest(recipient.to_ascii_lowercase())).as_chunks::<RECIPIENT>().0
    else {
        return [0; RECIPIENT];
    };
    first
}

fn token(identity: u128, account_id: AccountId, id: ScheduleId, recipient: &str) -> String {
    let named = [&account_id.0.to_be_bytes()[..], &id.to_bytes(), &digest(recipient)].concat();
    sealed::token(identity, PURPOSE, &named)
}

fn opened(identity: u128, token: &str) -> Option<(AccountId, ScheduleId, [u8; RECIPIENT])> {
    let bytes = sealed::opened::<{ ACCOUNT + SCHEDULE + RECIPIENT }>(identity, PURPOSE, token)?;
    let (account, rest) = bytes.split_first_chunk::<ACCOUNT>()?;
    let (id, recipient) = rest.split_first_chunk::<SCHEDULE>()?;
    let (account_id, id) = (AccountId(i64::from_be_bytes(*account)), ScheduleId::from_bytes(*id));
    Some((account_id, id, recipient.try_into().ok()?))
}

impl Scheduling {
    /// Returns the link by which a recipient leaves; `None` if the server has no public address, or it is no recipient, as the
    /// owner that gets a test.
    pub(crate) async fn way_out(
        &self,
        schedule: &Schedule,
        recipient: &str,
    ) -> Result<Option<String>, ScheduleError> {
        let Some(public_url) = self.public_url() else { return Ok(None) };
        if !has(&Settings::of(schedule)?.to, recipient) {
            return Ok(None);
        }
        let identity = self.store().identity().await?;
        let token = token(identity, schedule.account_id, schedule.id, recipient);
        Ok(Some(format!("{public_url}{PATH}/{token}")))
    }

    /// Returns the link by which a recipient of an account's schedule leaves, as its mails have it.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::NotFound`] if the account has none of this id.
    pub async fn link_of(
        &self,
        account_id: AccountId,
        id: ScheduleId,
        recipient: &str,
    ) -> Result<Option<String>, ScheduleError> {
        let schedule = self.find(account_id, id).await?;
        self.way_out(&schedule, recipient).await
    }

    /// Returns the recipient of a token; `None` if the token was not made here, or the schedule or the recipient is gone.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn recipient_of(&self, text: &str) -> Result<Option<Unsubscribed>, ScheduleError> {
        Ok(match self.named(text).await? {
            Some((schedule, recipient)) => Some(self.shown(&schedule, recipient).await?),
            None => None,
        })
    }

    /// Ends all mails of a schedule to the recipient of a token, also those that wait. `None` as above.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn unsubscribe(&self, text: &str) -> Result<Option<Unsubscribed>, ScheduleError> {
        for _ in 0..ATTEMPTS_MAX {
            let Some((schedule, recipient)) = self.named(text).await? else { return Ok(None) };
            let mut left = unsubscribed(&schedule)?;
            if has(&left, &recipient) {
                return Ok(Some(self.shown(&schedule, recipient).await?));
            }
            left.push(recipient.clone());
            let change = ScheduleChange {
                settings: schedule.settings.clone(),
                unsubscribed: serde_json::json!(left).to_string(),
                due_at: schedule.due_at,
                ended: schedule.ended.clone(),
                silenced: vec![recipient.clone()],
            };
            if let Some(changed) = self.store().change_schedule(&schedule, change, self.now()).await? {
                return Ok(Some(self.shown(&changed, recipient).await?));
            }
        }
        Err(ScheduleError::Busy)
    }

    async fn named(&self, text: &str) -> Result<Option<(Schedule, String)>, ScheduleError> {
        let identity = self.store().identity().await?;
        let Some((account_id, id, wanted)) = opened(identity, text) else { return Ok(None) };
        let Some(schedule) = self.store().schedule(account_id, id).await? else { return Ok(None) };
        let (settings, left) = (Settings::of(&schedule)?, unsubscribed(&schedule)?);
        let mut known = settings.to.into_iter().chain(left);
        Ok(known.find(|recipient| digest(recipient) == wanted).map(|recipient| (schedule, recipient)))
    }

    async fn shown(&self, schedule: &Schedule, recipient: String) -> Result<Unsubscribed, ScheduleError> {
        let last = self.store().issues(schedule.account_id, schedule.id, None, 1).await?;
        let title = match last.first() {
            Some(issue) => Facts::of(issue)?.title,
            None => String::new(),
        };
        let is_done = has(&unsubscribed(schedule)?, &recipient);
        Ok(Unsubscribed { recipient, title, is_done })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn a_token_is_of_one_recipient_of_one_schedule() {
        let (account_id, id) = (AccountId(7), ScheduleId::new(Timestamp::from_ms(1_800_000_000_000), 5));
        let text = token(1, account_id, id, "me@example.com");
        assert_eq!(opened(1, &text), Some((account_id, id, digest("me@example.com"))));
        assert_eq!(opened(2, &text), None, "of another store");
        assert_ne!(text, token(1, account_id, id, "you@example.com"));
        assert!(!text.contains("example"));
    }
}
