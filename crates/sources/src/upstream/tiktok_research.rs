//! TikTok's Research API as an upstream, with the client key and secret of an approved project. It has no hashtags of
//! its own: what it tells are the videos under one, window of days by window of days, page by page.
//!
//! Each send of a query counts against the project's quota of the day, also one that fails, so each asks an
//! [`Allowance`] first. Fetching a token does not count.

mod answer;

mod page;

mod token;

use super::http::{Answer, Call};
use super::{Http, PageRejects, SettingError, UpstreamError, setting};
use answer::Heard;
use domain::{HashtagObservation, Tag, Timestamp, VideoObservation, Window};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::json;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use token::Token;
use tokio::sync::Mutex;

/// Where it is, unless told otherwise.
pub const BASE_URL: &str = "https://open.tiktokapis.com";
/// Most videos of a page.
pub const COUNT_MAX: u32 = 100;
/// How long one call may take, unless told otherwise: wide windows of large hashtags take the better part of a minute.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// What is asked for of each video: all that can be measured under a hashtag, and nothing else.
pub const FIELDS: [&str; 15] = [
    "id",
    "create_time",
    "username",
    "region_code",
    "view_count",
    "like_count",
    "comment_count",
    "share_count",
    "favorites_count",
    "hashtag_names",
    "hashtag_info_list",
    "video_duration",
    "video_description",
    "video_label",
    "video_tag",
];
/// What every version of the API takes. All others are optional: where the API refuses a search, it is made once more
/// without them.
const FIELDS_OF_OLD: [&str; 14] = [
    "id",
    "video_description",
    "create_time",
    "region_code",
    "share_count",
    "view_count",
    "like_count",
    "comment_count",
    "music_id",
    "hashtag_names",
    "username",
    "effect_ids",
    "playlist_id",
    "voice_to_text",
];
/// Without these a video cannot be recorded under its hashtag.
const FIELDS_MIN: [&str; 3] = ["id", "create_time", "hashtag_names"];

/// Who allows sends: the quota of the day is counted there, durably, before each of them.
pub trait Allowance: Send + Sync {
    /// Takes one send. An error stops the call and is what it ends with.
    fn take(&self) -> impl Future<Output = Result<(), UpstreamError>> + Send;
}

/// The Research API, with a project's key. Clones share its token.
#[derive(Clone)]
pub struct ResearchUpstream {
    name: String,
    base_url: String,
    client_key: String,
    client_secret: String,
    fields: Fields,
    http: Http,
    timeout: Duration,
    token: Arc<Mutex<Option<Token>>>,
}

/// What is asked for of each video.
#[derive(Clone)]
struct Fields {
    all: String,
    /// Without the optional ones.
    of_old: String,
    optional: Vec<String>,
    /// Whether the API refused the optional ones and took the rest. Clones share it, so that it costs one request.
    are_refused: Arc<AtomicBool>,
}

impl Fields {
    fn of(names: &[&str]) -> Self {
        let is_old = |name: &&&str| FIELDS_OF_OLD.contains(*name);
        let (old, optional): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| is_old(name));
        Self {
            all: names.join(","),
            of_old: old.join(","),
            optional: optional.into_iter().map(str::to_owned).collect(),
            are_refused: Arc::default(),
        }
    }

    fn are_refused(&self) -> bool {
        self.are_refused.load(Ordering::Relaxed)
    }

    /// Whether there is something to leave out.
    fn can_do_with_less(&self) -> bool {
        !self.optional.is_empty() && !self.are_refused()
    }

    /// What is asked for now.
    fn asked(&self) -> &str {
        if self.are_refused() { &self.of_old } else { &self.all }
    }

    /// What is left out now.
    fn left_out(&self) -> Vec<String> {
        if self.are_refused() { self.optional.clone() } else { Vec::new() }
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideosAsked<'a> {
    /// Under which hashtag.
    pub tag: &'a Tag,
    /// Posted on these days.
    pub window: Window,
    /// 0, or what the page before ended with.
    pub cursor: u64,
    /// What the page before was found by; without it the search begins anew.
    pub search_id: Option<&'a str>,
}

/// A page of a window as it was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowPage {
    /// What could be read. Fewer than were asked for is normal.
    pub videos: Vec<VideoObservation>,
    /// What the videos tell of their hashtags: ids and descriptions.
    pub hashtags: Vec<HashtagObservation>,
    /// How many records could not be read, or were not under the hashtag.
    pub rejects: PageRejects,
    /// Where the next page begins. It counts places of the index, not videos: some places are empty.
    pub cursor: u64,
    /// Whether there is a next page.
    pub has_more: bool,
    /// What the next page is found by. Absent where nothing was found, and not always the one that was sent.
    pub search_id: Option<String>,
    /// How many places of the index this page stands for: its videos and those that are gone or not told.
    pub positions: u64,
    /// Fields that the API refused, so that they were left out: what they tell is unknown of these videos.
    pub left_out: Vec<String>,
}

impl fmt::Debug for ResearchUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResearchUpstream")
            .field("name", &self.name)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl ResearchUpstream {
    /// A connector under the name it has in the settings.
    pub fn new(name: &str, client_key: &str, client_secret: &str, http: Http) -> Result<Self, SettingError> {
        for (name, secret) in [("client_key", client_key), ("client_secret", client_secret)] {
            if !setting::is_secret(secret) {
                return Err(SettingError::Secret { name });
            }
        }
        Ok(Self {
            name: name.to_owned(),
            base_url: BASE_URL.to_owned(),
            client_key: client_key.to_owned(),
            client_secret: client_secret.to_owned(),
            fields: Fields::of(&FIELDS),
            http,
            timeout: CALL_TIMEOUT,
            token: Arc::default(),
        })
    }

    /// The same at another address.
    pub fn with_base_url(self, base_url: &str) -> Result<Self, SettingError> {
        Ok(Self { base_url: setting::base_url(base_url)?, ..self })
    }

    /// The same asking for these fields of a video in place of [`FIELDS`]; those without which it cannot be recorded
    /// are asked for in any case.
    pub fn with_fields<'f>(self, fields: impl IntoIterator<Item = &'f str>) -> Result<Self, SettingError> {
        let mut names = FIELDS_MIN.to_vec();
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        for field in fields {
            if field.is_empty() || !field.bytes().all(is_plain) {
                return Err(SettingError::Field(field.to_owned()));
            }
            if !names.contains(&field) {
                names.push(field);
            }
        }
        Ok(Self { fields: Fields::of(&names), ..self })
    }

    /// The same with another deadline for each call.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// What it is called in the settings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A page of the videos under a hashtag that were posted within a window. Where the token has run out it is
    /// renewed and the page asked for once more, which takes a second send. So does a new search that the API refuses: it is
    /// made again without the optional fields, since a name that the API does not know refuses all of it.
    pub async fn videos(
        &self,
        asked: &VideosAsked<'_>,
        at: Timestamp,
        allowance: &impl Allowance,
    ) -> Result<WindowPage, UpstreamError> {
        let is_new = asked.cursor == 0 && asked.search_id.is_none();
        let page = match self.page(asked, self.fields.asked(), at, allowance).await {
            Err(UpstreamError::Invalid { .. }) if is_new && self.fields.can_do_with_less() => {
                let page = self.page(asked, &self.fields.of_old, at, allowance).await?;
                self.fields.are_refused.store(true, Ordering::Relaxed);
                page
            }
            page => page?,
        };
        Ok(WindowPage { left_out: self.fields.left_out(), ..page })
    }

    async fn page(
        &self,
        asked: &VideosAsked<'_>,
        fields: &str,
        at: Timestamp,
        allowance: &impl Allowance,
    ) -> Result<WindowPage, UpstreamError> {
        let token = self.token(None, at).await?;
        let answer = self.query(asked, fields, &token, at, allowance).await?;
        if let Heard::Data(data) = Heard::of(&answer)? {
            return page::read(data, asked, at);
        }
        let token = self.token(Some(&token), at).await?;
        let answer = self.query(asked, fields, &token, at, allowance).await?;
        match Heard::of(&answer)? {
            Heard::Data(data) => page::read(data, asked, at),
            Heard::TokenRefused => {
                Err(UpstreamError::Refused { reason: "a new access token is refused as well".to_owned() })
            }
        }
    }

    /// Whether it can be reached and takes the key and the secret. Costs nothing of the quota.
    pub async fn check(&self, at: Timestamp) -> Result<(), UpstreamError> {
        self.token(None, at).await.map(|_| ())
    }

    /// The token in use, or a new one: when there is none, when it is about to run out, or when it is the refused one.
    async fn token(
        &self,
        refused: Option<&HeaderValue>,
        at: Timestamp,
    ) -> Result<HeaderValue, UpstreamError> {
        let mut held = self.token.lock().await;
        if let Some(token) = held.as_ref().filter(|token| token.is_good(at) && Some(&token.bearer) != refused)
        {
            return Ok(token.bearer.clone());
        }
        let form = [
            ("client_key", &*self.client_key),
            ("client_secret", &*self.client_secret),
            ("grant_type", "client_credentials"),
        ];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let body = ("application/x-www-form-urlencoded", form.into_bytes());
        let answer = self.post("/v2/oauth/token/", HeaderMap::new(), body, at).await?;
        let token = Token::of(&answer, at)?;
        let bearer = token.bearer.clone();
        *held = Some(token);
        Ok(bearer)
    }

    async fn query(
        &self,
        asked: &VideosAsked<'_>,
        fields: &str,
        token: &HeaderValue,
        at: Timestamp,
        allowance: &impl Allowance,
    ) -> Result<Answer, UpstreamError> {
        let condition =
            json!({"operation": "EQ", "field_name": "hashtag_name", "field_values": [asked.tag.lower()]});
        let mut body = json!({
            "query": {"and": [condition]},
            "start_date": compact(&asked.window.first().to_string()),
            "end_date": compact(&asked.window.last().to_string()),
            "max_count": COUNT_MAX,
            "cursor": asked.cursor,
        });
        if let Some(search_id) = asked.search_id {
            body["search_id"] = search_id.into();
        }
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.clone());
        let path = format!("/v2/research/video/query/?fields={fields}");
        allowance.take().await?;
        self.post(&path, headers, ("application/json", body.to_string().into_bytes()), at).await
    }

    async fn post(
        &self,
        path: &str,
        headers: HeaderMap,
        body: (&'static str, Vec<u8>),
        at: Timestamp,
    ) -> Result<Answer, UpstreamError> {
        let invalid = |error: String| UpstreamError::Invalid { reason: error };
        let url: Url =
            format!("{}{path}", self.base_url).parse().map_err(|error| invalid(format!("{error}")))?;
        let (method, body, timeout) = (Method::POST, Some(body), self.timeout);
        self.http.call(Call { method, url, headers, body, timeout, at, name: &self.name }).await
    }
}

/// A day as it wants to have it: `20240303`.
fn compact(day: &str) -> String {
    day.replace('-', "")
}
