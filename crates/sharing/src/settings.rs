//! The part of a share that is stored beside its document, as JSON.

use crate::error::ShareError;
use crate::password::StoredPassword;
use http::Uri;
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::shares::Share;

/// Most sites that a share is embedded in.
pub const SITES_MAX: usize = 20;

/// Subject of a share, as stored: names may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredSubject {
    /// Id of a campaign.
    Campaign(String),
    /// Names of hashtags, and the period of the report in milliseconds since 1970.
    Hashtags {
        /// Names.
        names: Vec<String>,
        /// Beginning; `None` for all before its end.
        from_ms: Option<i64>,
        /// End, included; `None` for all since its beginning.
        to_ms: Option<i64>,
    },
}

/// Settings of a share. A field once released keeps its name and meaning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Subject of the report.
    pub(crate) subject: StoredSubject,
    /// Passwords; empty for a link that opens by itself.
    #[serde(default)]
    pub(crate) passwords: Vec<StoredPassword>,
    /// Sites that may embed it, as origins.
    #[serde(default)]
    pub(crate) sites: Vec<String>,
}

impl Settings {
    pub(crate) fn of(share: &Share) -> Result<Self, ShareError> {
        serde_json::from_str(&share.settings).map_err(|_| {
            let row = share.id.to_string();
            ShareError::Store(StoreError::Inconsistent { table: "shares", column: "settings", row })
        })
    }

    pub(crate) fn to_json(&self) -> Result<String, ShareError> {
        serde_json::to_string(self).map_err(|error| ShareError::NoSecret(error.to_string()))
    }
}

/// Returns a site as an origin: `https://www.example.com`, with a port if it is not the usual one.
pub(crate) fn origin(text: &str) -> Option<String> {
    let uri: Uri = text.trim().trim_end_matches('/').parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let authority = uri.authority()?;
    let is_origin = uri.query().is_none() && matches!(uri.path(), "" | "/");
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    // It becomes a part of a header: nothing that separates its values may be in it.
    (is_origin && authority.as_str().bytes().all(is_host)).then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_an_origin_and_nothing_else() {
        for (text, site) in [
            ("https://www.example.com", "https://www.example.com"),
            ("https://www.example.com/", "https://www.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
        ] {
            assert_eq!(origin(text).as_deref(), Some(site), "{text}");
        }
        for wrong in [
            "",
            "*",
            "www.example.com",
            "https://*.example.com",
            "https://a.example/page",
            "https://a.example?x",
            "ftp://a.example",
            "https://a.example; script-src *",
            "https://me@a.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(origin(wrong), None, "{wrong}");
        }
    }
}
