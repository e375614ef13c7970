//! Creates, lists, changes and revokes shares of accounts.

use crate::Chance;
use crate::document::{Look, freeze};
use crate::error::{ShareError, wrong};
use crate::order::{ShareOrder, SharePassword, SharePatch, Subject, check_passwords, end, sites};
use crate::password::StoredPassword;
use crate::settings::{Settings, StoredSubject};
use catalog::CatalogError;
use charts::report::Report;
use domain::campaign::CampaignRef;
use domain::{AccountId, Hashtag, ShareId, ShareToken, Slug, Timestamp};
use measure::{CampaignError, Measure, MeasureError, ReportSpan, campaign_report, hashtag_report};
use std::fmt;
use store::Store;
use store::idempotency::{Fingerprint, IdempotencyKey};
use store::shares::{NewShare, Share, ShareCreated};

/// Shares of a page of a list.
pub const PAGE: usize = 20;
/// Most times that a report is measured again because something was forgotten meanwhile.
const MEASURED_AGAIN_MAX: usize = 5;

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

/// A request that its sender may repeat.
#[derive(Debug)]
pub struct Repeatable {
    /// Its `Idempotency-Key`.
    pub key: IdempotencyKey,
    /// Fingerprint of the request.
    pub fingerprint: Fingerprint,
    /// Token of the link: the same whenever the sender repeats it, and for nobody else to guess.
    pub token: ShareToken,
}

/// A created share with its link.
#[derive(Debug)]
pub struct CreatedShare {
    /// The share.
    pub share: Share,
    /// Path of its link, with the token. `None` of a share that the same request created before with another token, which is
    /// not stored.
    pub path: Option<String>,
}

/// A measured report.
pub(crate) struct Measured {
    pub(crate) title: String,
    pub(crate) document: String,
    /// Number of digests of forgotten data before it was measured.
    pub(crate) forgotten: u64,
}

/// Returns the path of a link.
pub(crate) fn path(slug: &Slug, token: ShareToken) -> String {
    format!("/share/{slug}/{}", token.reveal())
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

    pub(crate) fn now(&self) -> Timestamp {
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
        repeatable: Option<Repeatable>,
    ) -> Result<CreatedShare, ShareError> {
        let now = self.now();
        let (sites, expires_at) = (order.check()?, end(now, order.days)?);
        let ShareOrder { subject, heading, brand, is_live, kind, passwords, .. } = order;
        let subject = self.resolved(account_id, subject).await?;
        let look = Look { heading, brand };
        // Also of a live one: what cannot be shown is not shared.
        let measured = self.measured(account_id, &subject, &look, now).await?;
        let slug = Slug::of_title(&measured.title);
        let settings = Settings { subject, passwords: self.digested(passwords).await?, sites };
        let [token, id] = self.draw()?;
        let token = repeatable.as_ref().map_or(ShareToken::new(token), |repeatable| repeatable.token);
        let share = NewShare {
            id: ShareId::new(now, id),
            account_id,
            digest: token.digest(),
            kind,
            slug: slug.clone(),
            title: measured.title,
            settings: settings.to_json()?,
            is_frozen: !is_live,
            document: if is_live { look.to_json()? } else { measured.document },
            at: now,
            expires_at,
            idempotency: repeatable.map(|repeatable| (repeatable.key, repeatable.fingerprint)),
        };
        let (share, is_ours) = match self.store().create_share(share).await? {
            ShareCreated::Created(share) => {
                if !is_live {
                    self.forgets_too(&share, &settings.subject, &look, measured.forgotten).await?;
                }
                (share, true)
            }
            ShareCreated::Same(share) => {
                let opens = self.store().share_of_token(token.digest()).await?;
                let is_ours = opens == Some((account_id, share.id));
                (share, is_ours)
            }
            ShareCreated::OtherRequest => return Err(ShareError::KeyOfOtherRequest),
            ShareCreated::TooMany => return Err(ShareError::TooMany),
            ShareCreated::Taken => return Err(ShareError::Busy),
        };
        let path = is_ours.then(|| path(&share.slug, token));
        Ok(CreatedShare { share, path })
    }

    /// Measures a subject for a frozen share of a moment.
    pub(crate) async fn measured(
        &self,
        account_id: AccountId,
        subject: &StoredSubject,
        look: &Look,
        at: Timestamp,
    ) -> Result<Measured, ShareError> {
        let forgotten = self.store().forgotten_count().await?;
        let report = self.report_of(account_id, subject, look.heading.clone()).await?;
        let title = report.title.clone();
        let document = freeze(Report { brand: look.brand.clone(), ..report }, at)?;
        Ok(Measured { title, document, forgotten })
    }

    /// Measures a frozen share again if anything was forgotten since there were so many digests of it. Forgetting searches
    /// the documents that are stored, and this one was not.
    async fn forgets_too(
        &self,
        share: &Share,
        subject: &StoredSubject,
        look: &Look,
        mut forgotten: u64,
    ) -> Result<(), ShareError> {
        let (account_id, id) = (share.account_id, share.id);
        for _ in 0..MEASURED_AGAIN_MAX {
            if self.store().forgotten_count().await? == forgotten {
                return Ok(());
            }
            let Some(before) = self.store().share_document(account_id, id).await? else { return Ok(()) };
            let again = self.measured(account_id, subject, look, share.created_at).await?;
            if self.store().replace_share_document(account_id, id, before, again.document).await? {
                forgotten = again.forgotten;
            }
        }
        // Its link was given to nobody.
        self.store().revoke_share(account_id, id, self.now()).await?;
        Err(ShareError::Busy)
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

    /// Resolves what an owner typed to what is stored.
    pub(crate) async fn resolved(
        &self,
        account_id: AccountId,
        subject: Subject,
    ) -> Result<StoredSubject, ShareError> {
        match subject {
            Subject::Campaign(which) => {
                let campaign = self.measure.find_campaign(account_id, &which).await?;
                Ok(StoredSubject::Campaign(campaign.id.to_string()))
            }
            Subject::Hashtags { names, span } => {
                let found = self.hashtags(&names).await?;
                let names: Vec<String> = found.iter().map(|one| one.tag.name().to_owned()).collect();
                let of = |name: &String| names.iter().filter(|other| *other == name).count();
                if let Some(twice) = names.iter().find(|name| of(name) > 1) {
                    return Err(wrong("hashtags", format!("#{twice} is named twice")));
                }
                let [from_ms, to_ms] = [span.from, span.to].map(|at| at.map(Timestamp::as_ms));
                Ok(StoredSubject::Hashtags { names, from_ms, to_ms })
            }
        }
    }

    async fn hashtags(&self, names: &[String]) -> Result<Vec<Hashtag>, ShareError> {
        let mut hashtags = Vec::with_capacity(names.len());
        for name in names {
            let found = self.measure.catalog().find(name).await.map_err(|error| match error {
                CatalogError::Name(why) => wrong("hashtags", format!("{name:?}: {why}")),
                error => MeasureError::from(error).into(),
            })?;
            hashtags.push(found.ok_or_else(|| MeasureError::NotFound(name.clone()))?);
        }
        Ok(hashtags)
    }

    /// Measures a subject and makes its report.
    pub(crate) async fn report_of(
        &self,
        account_id: AccountId,
        subject: &StoredSubject,
        heading: Option<String>,
    ) -> Result<Report, ShareError> {
        match subject {
            StoredSubject::Campaign(id) => {
                let which: CampaignRef = id.parse().map_err(|_| CampaignError::NotFound)?;
                let campaign = self.measure.find_campaign(account_id, &which).await?;
                Ok(campaign_report(&self.measure.campaign(&campaign).await?, heading))
            }
            StoredSubject::Hashtags { names, from_ms, to_ms } => {
                let [from, to] = [from_ms, to_ms].map(|at| at.map(Timestamp::from_ms));
                let hashtags = self.hashtags(names).await?;
                let span = ReportSpan { from, to, account_id: Some(account_id) };
                Ok(hashtag_report(&self.measure, &hashtags, span, heading).await?.0)
            }
        }
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
    pub(crate) fn draw(&self) -> Result<[u128; 2], ShareError> {
        let none = || ShareError::NoSecret("the system has no random numbers".to_owned());
        let drawn = (self.chance)().ok_or_else(none)?;
        let mut halves = [0_u128; 2];
        for (half, bytes) in halves.iter_mut().zip(drawn.as_chunks::<16>().0) {
            *half = u128::from_be_bytes(*bytes);
        }
        Ok(halves)
    }
}
