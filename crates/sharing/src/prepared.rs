//! Reports that others store and send: measured and frozen as those of shares, and opened by a link once they are sent.

use crate::document::{Look, thawed};
use crate::error::ShareError;
use crate::order::{Subject, check_look, check_subject, end};
use crate::settings::{Settings, StoredSubject};
use crate::sharing::{Sharing, path};
use charts::report::{Brand, Report};
use domain::{AccountId, ShareId, ShareToken, Slug, Timestamp};
use store::shares::{NewShare, ShareCreated, ShareKind};

/// A report that was measured and frozen.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Its title.
    pub title: String,
    /// The report, as it is stored. [`Prepared::report`] reads it.
    pub document: String,
    /// Number of digests of forgotten data before it was measured ([`store::Store::forgotten_count`]).
    pub forgotten: u64,
}

/// A link to a prepared report.
#[derive(Debug)]
pub struct PreparedLink<'a> {
    /// Id of its share.
    pub id: ShareId,
    /// Its token.
    pub token: ShareToken,
    /// Subject of the report.
    pub subject: StoredSubject,
    /// Title of the report.
    pub title: &'a str,
    /// The report.
    pub document: &'a str,
    /// Time of the report.
    pub at: Timestamp,
    /// Days until it expires.
    pub days: u16,
}

impl Prepared {
    /// Reads a stored report.
    ///
    /// # Errors
    ///
    /// It is damaged.
    pub fn report(document: &str) -> Result<Report, ShareError> {
        thawed("report", document)
    }
}

impl StoredSubject {
    /// Returns the subject within a period. A campaign has its own time.
    #[must_use]
    pub fn within(self, from: Timestamp, to: Timestamp) -> Self {
        match self {
            Self::Campaign(id) => Self::Campaign(id),
            Self::Hashtags { names, .. } => {
                let [from_ms, to_ms] = [from, to].map(|at| Some(at.as_ms()));
                Self::Hashtags { names, from_ms, to_ms }
            }
        }
    }
}

impl Sharing {
    /// Resolves what an owner typed, with a heading and a look, to what is stored.
    ///
    /// # Errors
    ///
    /// [`ShareError`] with the field that is wrong, or if there is no such campaign or hashtag.
    pub async fn subject(
        &self,
        account_id: AccountId,
        subject: Subject,
        heading: Option<&str>,
        brand: &Brand,
    ) -> Result<StoredSubject, ShareError> {
        check_look(heading, brand)?;
        check_subject(&subject)?;
        self.resolved(account_id, subject).await
    }

    /// Measures a subject and freezes its report as of a moment.
    ///
    /// # Errors
    ///
    /// [`ShareError`] if there is no such campaign or hashtag any more, or the report is too large.
    pub async fn prepare(
        &self,
        account_id: AccountId,
        subject: &StoredSubject,
        heading: Option<String>,
        brand: Brand,
        at: Timestamp,
    ) -> Result<Prepared, ShareError> {
        let measured = self.measured(account_id, subject, &Look { heading, brand }, at).await?;
        Ok(Prepared { title: measured.title, document: measured.document, forgotten: measured.forgotten })
    }

    /// Makes the share of a prepared report, unless it was made before, and returns the path of its link. `None` if the account
    /// has too many shares.
    ///
    /// # Errors
    ///
    /// The store failed, or the days are none that a share may have.
    pub async fn link(
        &self,
        account_id: AccountId,
        link: PreparedLink<'_>,
    ) -> Result<Option<String>, ShareError> {
        let slug = Slug::of_title(link.title);
        let settings = Settings { subject: link.subject, passwords: Vec::new(), sites: Vec::new() };
        let share = NewShare {
            id: link.id,
            account_id,
            digest: link.token.digest(),
            kind: ShareKind::Page,
            slug: slug.clone(),
            title: link.title.to_owned(),
            settings: settings.to_json()?,
            is_frozen: true,
            document: link.document.to_owned(),
            at: link.at,
            expires_at: end(link.at, link.days)?,
            idempotency: None,
        };
        match self.store().create_share(share).await? {
            ShareCreated::Created(_) => Ok(Some(path(&slug, link.token))),
            ShareCreated::TooMany => Ok(self.linked(account_id, link.id, link.token).await?),
            // Its id is drawn for this report alone: whoever sent another mail of it made it.
            ShareCreated::Taken | ShareCreated::Same(_) | ShareCreated::OtherRequest => {
                self.linked(account_id, link.id, link.token).await
            }
        }
    }

    /// Returns the path of a share of a report, if it was made.
    async fn linked(
        &self,
        account_id: AccountId,
        id: ShareId,
        token: ShareToken,
    ) -> Result<Option<String>, ShareError> {
        let made = self.store().share(account_id, id).await?;
        Ok(made.map(|share| path(&share.slug, token)))
    }

    /// Revokes those of an account's shares that have expired.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn revoke_expired(
        &self,
        account_id: AccountId,
        shares: &[ShareId],
        now: Timestamp,
    ) -> Result<(), ShareError> {
        for id in shares {
            let share = self.store().share(account_id, *id).await?;
            if share.is_some_and(|share| share.revoked_at.is_none() && share.expires_at <= now) {
                self.store().revoke_share(account_id, *id, now).await?;
            }
        }
        Ok(())
    }
}
