//! Stored documents: the report of a frozen share, which shows the same numbers a year later, or the look of a live one.

use crate::error::ShareError;
use charts::moment;
use charts::report::{Brand, Report};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use store::shares::{SHARE_DOCUMENT_BYTES_MAX, Share};

/// The document of a frozen share. The store removes entries of forgotten videos and creators from it, and counts them.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Frozen {
    report: Report,
    #[serde(default)]
    left_out: u64,
}

/// The document of a live share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Look {
    /// Heading of the report; `None` for that of its subject.
    pub(crate) heading: Option<String>,
    /// Logo, colours and sender.
    pub(crate) brand: Brand,
}

/// Returns the document of a report that is frozen at a moment.
pub(crate) fn freeze(report: Report, at: Timestamp) -> Result<String, ShareError> {
    let notice = format!("Frozen: shows the state of {}, whenever it is opened.", moment(at));
    let document = to_json(&Frozen { report: Report { notice, ..report }, left_out: 0 })?;
    if document.len() > SHARE_DOCUMENT_BYTES_MAX {
        return Err(ShareError::TooLarge(document.len()));
    }
    Ok(document)
}

/// Returns the report of a frozen share. Its notice says if anything was left out since.
pub(crate) fn thaw(share: &Share, document: &str) -> Result<Report, ShareError> {
    thawed(&share.id.to_string(), document)
}

/// Returns the report of a document; `of` names it in errors.
pub(crate) fn thawed(of: &str, document: &str) -> Result<Report, ShareError> {
    let Frozen { mut report, left_out } = of_json(of, document)?;
    if left_out > 0 {
        let (entries, were) = if left_out == 1 { ("entry", "was") } else { ("entries", "were") };
        let text =
            format!(" {left_out} {entries} {were} left out: what they named was deleted here for good.");
        report.notice.push_str(&text);
    }
    Ok(report)
}

impl Look {
    pub(crate) fn to_json(&self) -> Result<String, ShareError> {
        to_json(self)
    }

    pub(crate) fn of_json(share: &Share, document: &str) -> Result<Self, ShareError> {
        of_json(&share.id.to_string(), document)
    }
}

fn to_json(document: &impl Serialize) -> Result<String, ShareError> {
    serde_json::to_string(document).map_err(|error| ShareError::Document("new".to_owned(), error.to_string()))
}

fn of_json<'a, T: Deserialize<'a>>(of: &str, document: &'a str) -> Result<T, ShareError> {
    serde_json::from_str(document).map_err(|error| ShareError::Document(of.to_owned(), error.to_string()))
}
