//! Links that mute an alert for a week without a key: whoever has the message may do it, and nobody else.
//!
//! The token of a link names account and alert, sealed for this store.

use crate::{Alerting, AlertingError};
use domain::{AccountId, AlertId, Timestamp};
use notify::sealed;
use store::alerts::{Alert, AlertChange};

/// Milliseconds for which a link mutes an alert: a week.
const MUTE_MS: i64 = 7 * 86_400_000;
/// Path of the pages that the links lead to.
const MUTE_PATH: &str = "/mute";

/// Bytes that a token names: account, alert.
const ACCOUNT: usize = 8;
const ALERT: usize = 16;
/// Context string of the key derivation.
const PURPOSE: &[u8] = b"tagmeter mute links 1";

fn token(identity: u128, account_id: AccountId, id: AlertId) -> String {
    sealed::token(identity, PURPOSE, &[&account_id.0.to_be_bytes()[..], &id.to_bytes()].concat())
}

fn opened(identity: u128, token: &str) -> Option<(AccountId, AlertId)> {
    let bytes = sealed::opened::<{ ACCOUNT + ALERT }>(identity, PURPOSE, token)?;
    let (account, alert) = bytes.split_first_chunk::<ACCOUNT>()?;
    let alert: &[u8; ALERT] = alert.try_into().ok()?;
    Some((AccountId(i64::from_be_bytes(*account)), AlertId::from_bytes(*alert)))
}

impl Alerting {
    /// Returns the link that mutes an alert; `None` if the server has no public address.
    pub(crate) async fn mute_link(&self, alert: &Alert) -> Result<Option<String>, AlertingError> {
        if self.setup.public_url.is_empty() {
            return Ok(None);
        }
        let token = token(self.store().identity().await?, alert.account_id, alert.id);
        Ok(Some(format!("{}{MUTE_PATH}/{token}", self.setup.public_url.trim_end_matches('/'))))
    }

    /// Returns the alert of a token; `None` if there is none, or the token was not made here.
    pub async fn alert_of_token(&self, text: &str) -> Result<Option<Alert>, AlertingError> {
        let identity = self.store().identity().await?;
        let Some((account_id, id)) = opened(identity, text) else { return Ok(None) };
        Ok(self.store().alert(account_id, id).await?)
    }

    /// Mutes the alert of a token for a week from now. Returns until when; `None` as above.
    pub async fn mute_by_token(&self, text: &str) -> Result<Option<Timestamp>, AlertingError> {
        let Some(alert) = self.alert_of_token(text).await? else { return Ok(None) };
        let until = crate::evaluate::later(self.now(), MUTE_MS);
        let change = AlertChange { muted_until: Some(Some(until)), ..AlertChange::default() };
        let changed = self.store().change_alert(alert.account_id, alert.id, change, self.now()).await?;
        Ok(changed.and_then(|alert| alert.muted_until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_alert_of_one_store_and_none_of_its_bits_can_be_turned() {
        let (account_id, id) = (AccountId(7), AlertId::new(Timestamp::from_ms(1_800_000_000_000), 5));
        let text = token(1, account_id, id);
        assert_eq!(opened(1, &text), Some((account_id, id)));
        assert_eq!(opened(2, &text), None, "of another store");
        for (at, bit) in (0..text.len()).flat_map(|at| (0..7).map(move |bit| (at, bit))) {
            let mut turned = text.clone().into_bytes();
            turned[at] ^= 1 << bit;
            let turned = String::from_utf8(turned).expect("ASCII");
            assert_eq!(opened(1, &turned), None, "{turned}");
        }
        for wrong in ["", &text[1..], &format!("{text}00"), &text.to_uppercase()] {
            assert_eq!(opened(1, wrong), None, "{wrong}");
        }
    }
}
