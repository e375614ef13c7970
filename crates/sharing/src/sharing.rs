//! Creates, lists, changes and revokes shares of accounts.

use crate::Chance;
use crate::document::{Look, freeze};
use crate::error::ShareError;
use crate::order::{ShareOrder, SharePassword, SharePatch, Subject, check_passwords, end, sites};
use crate::password::StoredPassword;
use crate::settings::{Settings, StoredSubject};
use charts::report::Report;
use domain::{AccountId, ShareId, ShareToken, Slug, Timestamp};
use measure::{Measure, campaign_report};
use std::fmt;
use store::Store;
use store::campaigns::Campaign;
use store::idempotency::{Fingerprint, IdempotencyKey};
use store::shares::{NewShare, Share, ShareCreated};

/// Shares of a page of a list.
pub const PAGE: usize = 20;

/// Creates shares and opens them. Cheap to clone.
#[derive(Clone)]
pub struct Sharing {
    pub(crate) measure: Measure,
    chance: Chance,
}

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharing").finish_non_exhaustive()
    }
}

/// A created share with its link.
#[derive(Debug)]
pub struct CreatedShare {
    /// The share.
    pub share: Share,
    /// Path of its link, with the token: to be shown once. `None` of a share that the same request created before: its token
    /// is not stored.
    pub path: Option<String>,
}

/// A page of shares, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharePage {
    /// The shares.
    pub shares: Vec<Share>,
    /// The last one, if there are more after it.
    pub next: Option<ShareId>,
}

impl Sharing {
    /// Shares what is measured; `chance` makes tokens and salts.
    pub fn new(measure: Measure, chance: Chance) -> Self {
        Self { measure, chance }
    }

    pub(crate) fn store(&self) -> &Store {
        self.measure.store()
    }

    fn now(&self) -> Timestamp {
        self.measure.catalog().clock().now()
    }

    /// Creates a share. With an idempotency key an account creates one, however often it is requested.
    ///
    /// # Errors
    ///
    /// [`ShareError`] with the field that is wrong, or why it could not be made.
    pub async fn create(
        &self,
        account_id: AccountId,
        order: ShareOrder,
        idempotency: Option<(IdempotencyKey, Fingerprint)>,
    ) -> Result<CreatedShare, ShareError> {
        let now = self.now();
        let (sites, expires_at) = (order.check()?, end(now, order.days)?);
        let Subject::Campaign(which) = &order.subject;
        let campaign = self.measure.find_campaign(account_id, which).await?;
        // Also of a live one: what cannot be shown is not shared.
        let report = self.report_of(&campaign, order.heading.clone()).await?;
        let (title, slug) = (report.title.clone(), Slug::of_title(&report.title));
        let document = if order.is_live {
            Look { heading: order.heading, brand: order.brand }.to_json()?
        } else {
            freeze(Report { brand: order.brand, ..report }, now)?
        };
        let subject = StoredSubject::Campaign(campaign.id.to_string());
        let settings = Settings { subject, passwords: self.digested(order.passwords).await?, sites };
        let [token, id] = self.draw()?;
        let token = ShareToken::new(token);
        let share = NewShare {
            id: ShareId::new(now, id),
            account_id,
            digest: token.digest(),
            kind: order.kind,
            slug: slug.clone(),
            title,
            settings: settings.to_json()?,
            is_frozen: !order.is_live,
            document,
            at: now,
            expires_at,
            idempotency,
        };
        match self.store().create_share(share).await? {
            ShareCreated::Created(share) => {
                Ok(CreatedShare { share, path: Some(format!("/share/{slug}/{}", token.reveal())) })
            }
            ShareCreated::Same(share) => Ok(CreatedShare { share, path: None }),
            ShareCreated::OtherRequest => Err(ShareError::KeyOfOtherRequest),
            ShareCreated::TooMany => Err(ShareError::TooMany),
            ShareCreated::Taken => Err(ShareError::Busy),
        }
    }

    /// Returns an account's share.
    ///
    /// # Errors
    ///
    /// [`ShareError::NotFound`] if the account has none of this id.
    pub async fn find(&self, account_id: AccountId, id: ShareId) -> Result<Share, ShareError> {
        self.store().share(account_id, id).await?.ok_or(ShareError::NotFound)
    }

    /// Returns a page of an account's shares, newest first, after the share `after`.
    pub async fn list(&self, account_id: AccountId, after: Option<ShareId>) -> Result<SharePage, ShareError> {
        let mut shares = self.store().shares(account_id, after, PAGE + 1).await?;
        let has_more = shares.len() > PAGE;
        shares.truncate(PAGE);
        let next = shares.last().filter(|_| has_more).map(|share| share.id);
        Ok(SharePage { shares, next })
    }

    /// Changes an account's share.
    ///
    /// # Errors
    ///
    /// [`ShareError`] with the field that is wrong, or if the share is revoked or unknown.
    pub async fn change(
        &self,
        account_id: AccountId,
        id: ShareId,
        patch: SharePatch,
    ) -> Result<Share, ShareError> {
        let seen = self.find(account_id, id).await?;
        if seen.revoked_at.is_some() {
            return Err(ShareError::Revoked);
        }
        let mut settings = Settings::of(&seen)?;
        let expires_at = patch.days.map_or(Ok(seen.expires_at), |days| end(self.now(), days))?;
        if let Some(given) = &patch.sites {
            settings.sites = sites(seen.kind, given)?;
        }
        if let Some(passwords) = patch.passwords {
            check_passwords(seen.kind, &passwords)?;
            settings.passwords = self.digested(passwords).await?;
        }
        let changed = self.store().change_share(&seen, settings.to_json()?, expires_at).await?;
        changed.ok_or(ShareError::Busy)
    }

    /// Revokes an account's share: its link opens nothing from now on, and its document is deleted.
    ///
    /// # Errors
    ///
    /// [`ShareError::NotFound`] if the account has none of this id.
    pub async fn revoke(&self, account_id: AccountId, id: ShareId) -> Result<Share, ShareError> {
        self.store().revoke_share(account_id, id, self.now()).await?.ok_or(ShareError::NotFound)
    }

    /// Measures a campaign and makes its report.
    pub(crate) async fn report_of(
        &self,
        campaign: &Campaign,
        heading: Option<String>,
    ) -> Result<Report, ShareError> {
        Ok(campaign_report(&self.measure.campaign(campaign).await?, heading))
    }

    async fn digested(&self, passwords: Vec<SharePassword>) -> Result<Vec<StoredPassword>, ShareError> {
        let mut digested = Vec::with_capacity(passwords.len());
        for SharePassword { name, password } in passwords {
            let [salt, _] = self.draw()?;
            let work = move || StoredPassword::new(name, &password, salt.to_be_bytes());
            let one = tokio::task::spawn_blocking(work).await;
            digested.push(one.map_err(|error| ShareError::NoSecret(error.to_string()))??);
        }
        Ok(digested)
    }

    /// Draws two numbers of 128 random bits.
    fn draw(&self) -> Result<[u128; 2], ShareError> {
        let none = || ShareError::NoSecret("the system has no random numbers".to_owned());
        let drawn = (self.chance)().ok_or_else(none)?;
        let mut halves = [0_u128; 2];
        for (half, bytes) in halves.iter_mut().zip(drawn.as_chunks::<16>().0) {
            *half = u128::from_be_bytes(*bytes);
        }
        Ok(halves)
    }
}
