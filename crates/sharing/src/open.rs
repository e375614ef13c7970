//! From a link to its report.

use crate::document::{Look, thaw};
use crate::error::ShareError;
use crate::password::is_one_of;
use crate::settings::Settings;
use crate::sharing::Sharing;
use charts::moment;
use charts::report::Report;
use domain::{AccountId, ShareId, ShareToken, Timestamp};
use measure::{CampaignError, MeasureError};
use store::shares::{Share, ShareKind};

/// A share that may be opened now.
#[derive(Debug, Clone)]
pub struct OpenShare {
    share: Share,
    settings: Settings,
}

impl OpenShare {
    /// Returns its id.
    pub fn id(&self) -> ShareId {
        self.share.id
    }

    /// Returns the readable part of its link, which names its files.
    pub fn name(&self) -> &str {
        self.share.slug.as_str()
    }

    /// Returns the sites that may embed it; `None` of a page, which none may.
    pub fn sites(&self) -> Option<&[String]> {
        (self.share.kind == ShareKind::Embed).then_some(&self.settings.sites)
    }

    /// True if it opens with a password alone.
    pub fn has_password(&self) -> bool {
        !self.settings.passwords.is_empty()
    }

    /// Returns text that changes with its passwords, for what is given to those who entered one.
    pub fn password_mark(&self) -> String {
        serde_json::to_string(&self.settings.passwords).unwrap_or_default()
    }

    /// Returns true if a password is one of its own. Takes 19 MiB and tens of milliseconds for each of them.
    pub fn is_password(&self, password: &str) -> bool {
        is_one_of(&self.settings.passwords, password)
    }
}

impl Sharing {
    /// Returns the share of a link; `None` if it is unknown, expired, revoked or of another slug. Each of these takes the same
    /// two look-ups.
    pub async fn open(
        &self,
        slug: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<OpenShare>, ShareError> {
        let parsed = ShareToken::parse(token);
        let digest = parsed.unwrap_or(ShareToken::new(0)).digest();
        let (account_id, id) = match self.store().share_of_token(digest).await? {
            Some((account_id, id)) => (account_id, id),
            None => (AccountId(0), ShareId::from_bytes([0; 16])),
        };
        let found = self.store().share(account_id, id).await?;
        let is_right = |share: &Share| parsed.is_some() && share.slug.as_str() == slug && share.is_open(now);
        let Some(share) = found.filter(is_right) else { return Ok(None) };
        let settings = Settings::of(&share)?;
        Ok(Some(OpenShare { share, settings }))
    }

    /// Returns the report that a share shows, and says in it whether it is frozen or live, and as of when. `None` if the share
    /// was revoked meanwhile, or the campaign or a hashtag of a live one is gone.
    pub async fn report(&self, open: &OpenShare) -> Result<Option<Report>, ShareError> {
        let OpenShare { share, settings } = open;
        let Some(document) = self.store().share_document(share.account_id, share.id).await? else {
            return Ok(None);
        };
        if share.is_frozen {
            return thaw(share, &document).map(Some);
        }
        let Look { heading, brand } = Look::of_json(share, &document)?;
        let report = match self.report_of(share.account_id, &settings.subject, heading).await {
            Err(
                ShareError::Campaign(CampaignError::NotFound)
                | ShareError::Measure(MeasureError::NotFound(_)),
            ) => return Ok(None),
            report => report?,
        };
        let notice = format!("Live: shows the state of {}, when it was opened.", moment(report.generated_at));
        Ok(Some(Report { brand, notice, ..report }))
    }

    /// Counts that a share was opened.
    pub async fn count_opening(&self, open: &OpenShare, now: Timestamp) -> Result<(), ShareError> {
        Ok(self.store().count_opening(open.share.account_id, open.share.id, now).await?)
    }
}
