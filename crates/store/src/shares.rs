//! Shares: links that show a report to whoever has them, until they expire or are revoked.
//!
//! A frozen share stores its report; a live one is measured when it is opened. A link is looked up by the digest of its
//! token (`share_tokens`), which names the account, beside whose balance the share is on a cluster.

use crate::forget::Named;
use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::row::row;
use crate::{Store, StoreError};
use domain::{AccountId, Handle, ShareDigest, ShareId, Slug, Timestamp};
use serde_json::Value;

/// Most shares of one account that are not revoked.
pub const SHARES_MAX: u64 = 1_000;

/// Most bytes of a stored document.
pub const SHARE_DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Lists of a section of a report, beside its tables, from which `left_out` removes entries.
const LISTS: [&str; 3] = ["statements", "figures", "notes"];

/// Use of a link. Numbers are stored and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ShareKind {
    /// A page of its own.
    Page = 0,
    /// A frame in pages of listed sites.
    Embed = 1,
}

impl ShareKind {
    /// `page` or `embed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Embed => "embed",
        }
    }

    fn of_number(number: u8) -> Option<Self> {
        [Self::Page, Self::Embed].into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A share to create.
#[derive(Debug, Clone)]
pub struct NewShare {
    /// Its id.
    pub id: ShareId,
    /// Owner.
    pub account_id: AccountId,
    /// Digest of its token.
    pub digest: ShareDigest,
    /// Use of the link.
    pub kind: ShareKind,
    /// Readable part of its link.
    pub slug: Slug,
    /// Title for lists.
    pub title: String,
    /// Subject, passwords and sites, as JSON that the store does not read.
    pub settings: String,
    /// True if its document is a report.
    pub is_frozen: bool,
    /// JSON of at most [`SHARE_DOCUMENT_BYTES_MAX`] bytes: `{"report": ...}` of a frozen share, the look of a live one.
    pub document: String,
    /// Creation time; a frozen share shows the state of this moment.
    pub at: Timestamp,
    /// Time from which it shows nothing.
    pub expires_at: Timestamp,
    /// Identifies a repeated request for the same share.
    pub idempotency: Option<(IdempotencyKey, Fingerprint)>,
}

/// Outcome of creating a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareCreated {
    /// It was created.
    Created(Share),
    /// The same request created this one before under the same key. Its link is not stored.
    Same(Share),
    /// The key was used for another request.
    OtherRequest,
    /// The account has [`SHARES_MAX`] shares.
    TooMany,
    /// Another share has this id or token: draw others.
    Taken,
}

/// A share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// Owner.
    pub account_id: AccountId,
    /// Use of the link.
    pub kind: ShareKind,
    /// Readable part of its link.
    pub slug: Slug,
    /// Title for lists.
    pub title: String,
    /// Subject, passwords and sites, as JSON.
    pub settings: String,
    /// True if it shows a stored report.
    pub is_frozen: bool,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time from which it shows nothing.
    pub expires_at: Timestamp,
    /// Time at which it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Number of times that it was opened.
    pub opened: u64,
    /// Last time that it was opened.
    pub last_opened_at: Option<Timestamp>,
}

impl Share {
    /// True if it may be opened.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

impl Store {
    /// Creates a share, durably. With an idempotency key an account creates one share, however often it is requested.
    pub async fn create_share(&self, share: NewShare) -> Result<ShareCreated, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.create_share(share).await,
            Self::Postgres(postgres) => postgres.create_share(&share).await,
        }
    }

    /// Returns an account's share; `None` if it does not exist or is another account's.
    pub async fn share(&self, account_id: AccountId, id: ShareId) -> Result<Option<Share>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.share(account_id, id),
            Self::Postgres(postgres) => postgres.share(account_id, id).await,
        }
    }

    /// Returns up to `limit` shares of an account, newest first, before the share `before`.
    pub async fn shares(
        &self,
        account_id: AccountId,
        before: Option<ShareId>,
        limit: usize,
    ) -> Result<Vec<Share>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.shares(account_id, before, limit),
            Self::Postgres(postgres) => postgres.shares(account_id, before, limit).await,
        }
    }

    /// Replaces settings and end of a share that was read as `seen`. `None` if it was changed since, or is gone.
    pub async fn change_share(
        &self,
        seen: &Share,
        settings: String,
        expires_at: Timestamp,
    ) -> Result<Option<Share>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.change_share(seen, settings, expires_at).await,
            Self::Postgres(postgres) => postgres.change_share(seen, &settings, expires_at).await,
        }
    }

    /// Revokes an account's share and deletes its document, durably. `None` if the account has none of this id; one that was
    /// revoked before keeps its time.
    pub async fn revoke_share(
        &self,
        account_id: AccountId,
        id: ShareId,
        at: Timestamp,
    ) -> Result<Option<Share>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.revoke_share(account_id, id, at).await,
            Self::Postgres(postgres) => postgres.revoke_share(account_id, id, at).await,
        }
    }

    /// Returns the account and id of a token's share, also of one that is expired or revoked.
    pub async fn share_of_token(
        &self,
        digest: ShareDigest,
    ) -> Result<Option<(AccountId, ShareId)>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.share_of_token(digest),
            Self::Postgres(postgres) => postgres.share_of_token(digest).await,
        }
    }

    /// Returns the document of an account's share; `None` of a revoked one.
    pub async fn share_document(
        &self,
        account_id: AccountId,
        id: ShareId,
    ) -> Result<Option<String>, StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.share_document(account_id, id),
            Self::Postgres(postgres) => postgres.share_document(account_id, id).await,
        }
    }

    /// Replaces the document of an account's share. Returns `false`, without a change, if it is no longer `before`.
    pub async fn replace_share_document(
        &self,
        account_id: AccountId,
        id: ShareId,
        before: String,
        after: String,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.accounts.replace_share_document((account_id.0, id.to_bytes()), before, after).await
            }
            Self::Postgres(postgres) => {
                postgres.replace_share_document((account_id.0, id.to_bytes()), &before, &after).await
            }
        }
    }

    /// Counts that a share was opened.
    pub async fn count_opening(
        &self,
        account_id: AccountId,
        id: ShareId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.accounts.count_opening(account_id, id, at).await,
            Self::Postgres(postgres) => postgres.count_opening(account_id, id, at).await,
        }
    }

    /// Removes every entry of a stored report, of a share or a schedule, that names any of these: rows of tables, sentences, figures and notes. Each document counts what it lost. Returns the number of documents.
    pub async fn forget_in_shares(&self, named: Named) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(sqlite) => {
                let shares = sqlite.accounts.forget_in_shares(named.clone()).await?;
                Ok(shares + sqlite.accounts.forget_in_issues(named).await?)
            }
            Self::Postgres(postgres) => {
                let shares = postgres.forget_in_shares(&named).await?;
                Ok(shares + postgres.forget_in_issues(&named).await?)
            }
        }
    }
}

/// Returns a document without the entries that name any of these, and with their number added to its `left_out`; `None` if
/// there is none. An entry names an id as the whole cell of a row, and a handle as `@handle` anywhere in it. A document that
/// cannot be taken apart is emptied.
pub(crate) fn left_out(document: &str, named: &Named) -> Option<String> {
    let Ok(mut value) = serde_json::from_str::<Value>(document) else { return Some(Value::Null.to_string()) };
    let is_named = |entry: &Value| has_id(entry, named) || has_handle(&entry.to_string(), named);
    let mut removed = 0_u64;
    let mut retain = |list: Option<&mut Value>| {
        let Some(list) = list.and_then(Value::as_array_mut) else { return };
        let before = list.len();
        list.retain(|entry| !is_named(entry));
        removed += (before - list.len()) as u64;
    };
    let sections = value.pointer_mut("/report/sections").and_then(Value::as_array_mut);
    for section in sections.into_iter().flatten() {
        for table in section.get_mut("tables").and_then(Value::as_array_mut).into_iter().flatten() {
            retain(table.get_mut("rows"));
        }
        LISTS.iter().for_each(|list| retain(section.get_mut(*list)));
    }
    let before = value.get("left_out").and_then(Value::as_u64).unwrap_or(0);
    if removed > 0 {
        value.as_object_mut()?.insert("left_out".to_owned(), (before + removed).into());
    }
    (removed > 0).then(|| value.to_string())
}

/// Returns true if a cell of a row is one of the ids.
fn has_id(row: &Value, named: &Named) -> bool {
    let cells = row.as_array().into_iter().flatten().filter_map(Value::as_str);
    cells.filter_map(|cell| cell.parse().ok()).any(|id: u64| named.ids.contains(&id))
}

/// Returns true if a text has `@` and one of the handles.
fn has_handle(text: &str, named: &Named) -> bool {
    let is_of_handle = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    text.split('@').skip(1).any(|rest| {
        let end = rest.find(|c: char| !is_of_handle(c)).unwrap_or(rest.len());
        let handle = Handle::new(rest[..end].trim_end_matches('.'));
        handle.is_some_and(|handle| named.handles.contains(&handle))
    })
}

row! {
    /// A share's row.
    pub(crate) struct ShareRow: share_columns {
        account_id: i64,
        share_id: [u8; 16],
        kind: u8,
        slug: String,
        title: String,
        settings: String,
        is_frozen: bool,
        created_at_ms: i64,
        expires_at_ms: i64,
        revoked_at_ms: Option<i64>,
        opened: i64,
        last_opened_at_ms: Option<i64>,
    }
}

impl ShareRow {
    pub(crate) fn read(self) -> Result<Share, StoreError> {
        let id = ShareId::from_bytes(self.share_id);
        let wrong = |column| StoreError::Inconsistent { table: "shares", column, row: id.to_string() };
        Ok(Share {
            id,
            account_id: AccountId(self.account_id),
            kind: ShareKind::of_number(self.kind).ok_or_else(|| wrong("kind"))?,
            slug: self.slug.parse().map_err(|_| wrong("slug"))?,
            title: self.title,
            settings: self.settings,
            is_frozen: self.is_frozen,
            created_at: Timestamp::from_ms(self.created_at_ms),
            expires_at: Timestamp::from_ms(self.expires_at_ms),
            revoked_at: self.revoked_at_ms.map(Timestamp::from_ms),
            opened: self.opened.unsigned_abs(),
            last_opened_at: self.last_opened_at_ms.map(Timestamp::from_ms),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Handle;
    use serde_json::json;
    use std::collections::HashSet;

    #[test]
    fn entries_that_name_what_is_forgotten_leave_a_document() {
        let named = Named { ids: HashSet::from([7001]), handles: Handle::new("ann").into_iter().collect() };
        let rows =
            json!([["7001", "x"], ["70011", "@anna"], ["7002", "@Ann (by handle)"], ["#ann", "7,001"]]);
        let section = json!({
            "heading": "People", "tables": [{"rows": rows}],
            "statements": [{"text": "most by @ann."}, {"text": "all of #ann"}], "figures": [], "notes": ["@ann", "of ann"],
        });
        let document = json!({"report": {"title": "@ann", "sections": [section]}, "left_out": 1}).to_string();
        let rest: Value = serde_json::from_str(&left_out(&document, &named).expect("less")).expect("JSON");
        let section = &rest["report"]["sections"][0];
        assert_eq!(section["tables"][0]["rows"], json!([["70011", "@anna"], ["#ann", "7,001"]]));
        let (statements, notes) = (&section["statements"], &section["notes"]);
        assert_eq!((statements, notes), (&json!([{"text": "all of #ann"}]), &json!(["of ann"])));
        assert_eq!(rest["left_out"], 5, "four more");
        assert_eq!(left_out(&rest.to_string(), &named), None, "once");
        assert_eq!(left_out("{}", &named), None);
        assert_eq!(left_out("damaged", &named).as_deref(), Some("null"));
    }
}
