//! Feeds of accounts: created, listed, named, given another link, revoked and opened. Questions are checked and answered by
//! the server.

use crate::sharing::{PAGE, Repeatable, Sharing};
use domain::feed_name::FeedName;
use domain::{AccountId, FeedId, ShareToken, Timestamp};
use serde::Serialize;
use store::StoreError;
use store::feeds::{FEEDS_MAX, Feed, FeedCreated, NewFeed};
use utoipa::ToSchema;

/// Errors of feeds.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account has no such feed.
    #[error("this account has no such feed")]
    NotFound,
    /// The feed was revoked, which is for good.
    #[error("this feed was revoked, and cannot be changed; create another one")]
    Revoked,
    /// The account has too many feeds.
    #[error("an account has at most {FEEDS_MAX} feeds that are not revoked; revoke one")]
    TooMany,
    /// The key was used for another request.
    #[error("this idempotency key was used for another request")]
    KeyOfOtherRequest,
    /// The id or the token is taken, or the feed was changed meanwhile; a repeated request succeeds.
    #[error("the feed was changed at the same time; try again")]
    Busy,
    /// The system has no random bits.
    #[error("no token could be made: the system has no random numbers")]
    NoSecret,
}

/// Links of a feed, a format each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeedLinks {
    /// Rows as CSV.
    #[schema(example = "https://api.example.com/f/0123456789abcdef0123456789abcdef.csv")]
    pub csv: String,
    /// Rows for spreadsheets, with links in place of long ids.
    #[schema(example = "https://api.example.com/f/0123456789abcdef0123456789abcdef.csv?format=sheets")]
    pub sheets: String,
    /// A workbook.
    #[schema(example = "https://api.example.com/f/0123456789abcdef0123456789abcdef.xlsx")]
    pub xlsx: String,
    /// The answer as JSON.
    #[schema(example = "https://api.example.com/f/0123456789abcdef0123456789abcdef.json")]
    pub json: String,
    /// RSS 2.0, of questions with events: histories, comparisons, series of trackers and events of alerts.
    #[schema(example = "https://api.example.com/f/0123456789abcdef0123456789abcdef.rss")]
    pub rss: String,
}

impl FeedLinks {
    /// Returns the links of a token under a base such as `https://api.example.com`.
    pub fn of(base: &str, token: ShareToken) -> Self {
        let link = |ending: &str| format!("{base}/f/{}.{ending}", token.reveal());
        Self {
            csv: link("csv"),
            sheets: link("csv?format=sheets"),
            xlsx: link("xlsx"),
            json: link("json"),
            rss: link("rss"),
        }
    }
}

/// A feed as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Feed)]
pub struct FeedView {
    /// Feed id.
    #[schema(example = "fed_01kb3x8m7q0000000000000000")]
    pub id: String,
    /// Name.
    #[schema(example = "Cats a day")]
    pub name: String,
    /// Path and query that it answers.
    #[schema(example = "/v1/hashtags/cat/history?step=day")]
    pub question: String,
    /// Its links, in the answers that make them and nowhere else: only a digest of their token is stored. `null` otherwise.
    pub links: Option<FeedLinks>,
    /// `open` or `revoked`.
    #[schema(example = "open")]
    pub state: &'static str,
    /// Creation time.
    pub created_at: Timestamp,
    /// Time at which it was revoked; `null` if it was not.
    pub revoked_at: Option<Timestamp>,
    /// Number of times that it was opened, in any format.
    #[schema(example = 3)]
    pub opened: u64,
    /// Last time that it was opened; `null` if it never was.
    pub last_opened_at: Option<Timestamp>,
}

impl FeedView {
    /// Describes a feed, with its links where they were just made.
    pub fn of(feed: &Feed, links: Option<FeedLinks>) -> Self {
        Self {
            id: feed.id.to_string(),
            name: feed.name.to_string(),
            question: feed.question.clone(),
            links,
            state: if feed.revoked_at.is_some() { "revoked" } else { "open" },
            created_at: feed.created_at,
            revoked_at: feed.revoked_at,
            opened: feed.opened,
            last_opened_at: feed.last_opened_at,
        }
    }
}

/// A page of feeds, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// The last one, if there are more after it.
    pub next: Option<FeedId>,
}

impl Sharing {
    /// Creates a feed of a checked question, and returns it with its token: to be shown once. The token is `None` of a feed
    /// that the same request created before with another token, which is not stored.
    ///
    /// # Errors
    ///
    /// [`FeedError`] if the account has too many feeds, or the key was used for another request.
    pub async fn create_feed(
        &self,
        account_id: AccountId,
        (name, question): (FeedName, String),
        repeatable: Option<Repeatable>,
    ) -> Result<(Feed, Option<ShareToken>), FeedError> {
        let [token, id] = self.draw().map_err(|_| FeedError::NoSecret)?;
        let token = repeatable.as_ref().map_or(ShareToken::new(token), |repeatable| repeatable.token);
        let at = self.now();
        let feed = NewFeed {
            id: FeedId::new(at, id),
            account_id,
            name,
            question,
            digest: token.digest(),
            idempotency: repeatable.map(|repeatable| (repeatable.key, repeatable.fingerprint)),
            at,
        };
        match self.store().create_feed(feed).await? {
            FeedCreated::Created(feed) => Ok((feed, Some(token))),
            FeedCreated::Same(feed) => {
                let is_ours = feed.digest == token.digest();
                Ok((feed, is_ours.then_some(token)))
            }
            FeedCreated::OtherRequest => Err(FeedError::KeyOfOtherRequest),
            FeedCreated::TooMany => Err(FeedError::TooMany),
            FeedCreated::Taken => Err(FeedError::Busy),
        }
    }

    /// Returns an account's feed.
    ///
    /// # Errors
    ///
    /// [`FeedError::NotFound`] if the account has none of this id.
    pub async fn find_feed(&self, account_id: AccountId, id: FeedId) -> Result<Feed, FeedError> {
        self.store().feed(account_id, id).await?.ok_or(FeedError::NotFound)
    }

    /// Returns a page of an account's feeds, newest first, after the feed `after`.
    pub async fn list_feeds(
        &self,
        account_id: AccountId,
        after: Option<FeedId>,
    ) -> Result<FeedPage, FeedError> {
        let mut feeds = self.store().feeds(account_id, after, PAGE + 1).await?;
        let has_more = feeds.len() > PAGE;
        feeds.truncate(PAGE);
        let next = feeds.last().filter(|_| has_more).map(|feed| feed.id);
        Ok(FeedPage { feeds, next })
    }

    /// Names an account's feed.
    ///
    /// # Errors
    ///
    /// [`FeedError::NotFound`] if the account has none of this id.
    pub async fn rename_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
        name: FeedName,
    ) -> Result<Feed, FeedError> {
        self.store().rename_feed(account_id, id, name).await?.ok_or(FeedError::NotFound)
    }

    /// Gives an account's feed another token, and returns both: the old one opens nothing from now on.
    ///
    /// # Errors
    ///
    /// [`FeedError`] if the feed is unknown or revoked.
    pub async fn rotate_feed(
        &self,
        account_id: AccountId,
        id: FeedId,
    ) -> Result<(Feed, ShareToken), FeedError> {
        let seen = self.find_feed(account_id, id).await?;
        if seen.revoked_at.is_some() {
            return Err(FeedError::Revoked);
        }
        let [token, _] = self.draw().map_err(|_| FeedError::NoSecret)?;
        let token = ShareToken::new(token);
        let rotated = self.store().rotate_feed(&seen, token.digest()).await?.ok_or(FeedError::Busy)?;
        Ok((rotated, token))
    }

    /// Revokes an account's feed: its links open nothing from now on.
    ///
    /// # Errors
    ///
    /// [`FeedError::NotFound`] if the account has none of this id.
    pub async fn revoke_feed(&self, account_id: AccountId, id: FeedId) -> Result<Feed, FeedError> {
        self.store().revoke_feed(account_id, id, self.now()).await?.ok_or(FeedError::NotFound)
    }

    /// Returns the feed that a token opens; `None` if it is mistyped, unknown, replaced or of a revoked feed, each after the
    /// same two look-ups.
    pub async fn open_feed(&self, token: &str) -> Result<Option<Feed>, FeedError> {
        let parsed = ShareToken::parse(token);
        let found = self.store().open_feed(parsed.unwrap_or(ShareToken::new(0)).digest()).await?;
        Ok(found.filter(|_| parsed.is_some()))
    }

    /// Counts that a feed was opened.
    pub async fn count_feed_opening(&self, feed: &Feed) -> Result<(), FeedError> {
        Ok(self.store().count_feed_opening(feed.account_id, feed.id, self.now()).await?)
    }
}
