//! A share as its owner sees it.

use crate::error::ShareError;
use crate::settings::{Settings, StoredSubject};
use domain::Timestamp;
use serde::Serialize;
use store::shares::Share;
use utoipa::ToSchema;

/// A share. Neither its token nor its passwords are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Share)]
pub struct ShareView {
    /// Share id.
    #[schema(example = "shr_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// The link, in the answer that created the share and nowhere else: only a digest of its token is stored. `null`
    /// otherwise.
    #[schema(example = "https://api.example.com/share/campaign-summer/0123456789abcdef0123456789abcdef")]
    pub url: Option<String>,
    /// `page`, or `embed` for a frame in other sites.
    #[schema(example = "page")]
    pub kind: &'static str,
    /// `frozen`: the numbers of the moment it was created; `live`: those of the moment it is opened.
    #[schema(example = "frozen")]
    pub mode: &'static str,
    /// `open`, `expired` or `revoked`.
    #[schema(example = "open")]
    pub state: &'static str,
    /// Title.
    #[schema(example = "Campaign summer")]
    pub title: String,
    /// Id of the campaign; `null` of hashtags.
    #[schema(example = "cmp_01kb3x8m7q0000000000000000")]
    pub campaign: Option<String>,
    /// Names of the hashtags; empty of a campaign.
    #[schema(example = json!([]))]
    pub hashtags: Vec<String>,
    /// Names of its passwords; empty if the link opens by itself.
    #[schema(example = json!(["client"]))]
    pub passwords: Vec<String>,
    /// Sites that may embed it.
    #[schema(example = json!([]))]
    pub sites: Vec<String>,
    /// Creation time; of a frozen share also the time of its numbers.
    pub created_at: Timestamp,
    /// Time from which it shows nothing.
    pub expires_at: Timestamp,
    /// Time at which it was revoked; `null` if it was not.
    pub revoked_at: Option<Timestamp>,
    /// Number of times that it was opened.
    #[schema(example = 3)]
    pub opened: u64,
    /// Last time that it was opened; `null` if it never was.
    pub last_opened_at: Option<Timestamp>,
}

impl ShareView {
    /// Describes a share at a moment. `url` is its link where it was just created.
    ///
    /// # Errors
    ///
    /// [`ShareError::Store`] if its settings are damaged.
    pub fn of(share: &Share, url: Option<String>, now: Timestamp) -> Result<Self, ShareError> {
        let Settings { subject, passwords, sites } = Settings::of(share)?;
        let (campaign, hashtags) = match subject {
            StoredSubject::Campaign(id) => (Some(id), Vec::new()),
            StoredSubject::Hashtags { names, .. } => (None, names),
        };
        let state = match share.revoked_at {
            Some(_) => "revoked",
            None if share.is_open(now) => "open",
            None => "expired",
        };
        Ok(Self {
            id: share.id.to_string(),
            url,
            kind: share.kind.name(),
            mode: if share.is_frozen { "frozen" } else { "live" },
            state,
            title: share.title.clone(),
            campaign,
            hashtags,
            passwords: passwords.into_iter().map(|password| password.name).collect(),
            sites,
            created_at: share.created_at,
            expires_at: share.expires_at,
            revoked_at: share.revoked_at,
            opened: share.opened,
            last_opened_at: share.last_opened_at,
        })
    }
}
