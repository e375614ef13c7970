//! TikTok's Research API as an upstream, with the client key and secret of an approved project. It has no hashtag
//! records: it returns the videos under a hashtag, by windows of days, page by page.
//!
//! Every query sent counts against the project's daily quota, even a failed one, so each one first takes from an
//! [`Allowance`]. Fetching a token does not count.

mod answer;

mod page;

mod token;

use super::http::{Answer, Call};
use super::{Http, PageRejects, SettingError, UpstreamError, setting};
use answer::AnswerContent;
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

/// Default address.
pub const BASE_URL: &str = "https://open.tiktokapis.com";
/// Most videos per page.
pub const COUNT_MAX: u32 = 100;
/// Default timeout of a call: wide windows of large hashtags take most of a minute.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Default fields: everything that is measured, and nothing else.
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
/// Fields that every version of the API accepts. The others are optional: if a search is refused, it is
/// repeated without them.
const BASE_FIELDS: [&str; 14] = [
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
/// Fields without which a video cannot be recorded.
const FIELDS_MIN: [&str; 3] = ["id", "create_time", "hashtag_names"];

/// Grants sends: the daily quota is counted durably before each one.
pub trait Allowance: Send + Sync {
    /// Takes one send. An error aborts the call with that error.
    fn take(&self) -> impl Future<Output = Result<(), UpstreamError>> + Send;
}

/// The Research API, with a project's key. Clones share the token.
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

/// The requested fields of a video.
#[derive(Clone)]
struct Fields {
    all: String,
    /// Without the optional ones.
    of_old: String,
    optional: Vec<String>,
    /// True if the API refused the optional fields and accepted the others. Clones share it, so that
    /// detection costs one request.
    are_refused: Arc<AtomicBool>,
}

impl Fields {
    fn of(names: &[&str]) -> Self {
        let is_old = |name: &&&str| BASE_FIELDS.contains(*name);
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

    /// Returns true if there are optional fields to omit.
    fn can_do_with_less(&self) -> bool {
        !self.optional.is_empty() && !self.are_refused()
    }

    /// Returns the fields to request now.
    fn names(&self) -> &str {
        if self.are_refused() { &self.of_old } else { &self.all }
    }

    /// Returns the fields omitted now.
    fn left_out(&self) -> Vec<String> {
        if self.are_refused() { self.optional.clone() } else { Vec::new() }
    }
}

/// A request for a page of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideosRequest<'a> {
    /// Hashtag.
    pub tag: &'a Tag,
    /// Days of posting.
    pub window: Window,
    /// 0, or the cursor of the previous page.
    pub cursor: u64,
    /// Search id of the previous page; `None` starts a new search.
    pub search_id: Option<&'a str>,
}

/// A page of a window as returned.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowPage {
    /// Parsed videos. Fewer than requested is normal.
    pub videos: Vec<VideoObservation>,
    /// Hashtags described by the videos: ids and descriptions.
    pub hashtags: Vec<HashtagObservation>,
    /// Records that could not be parsed, or were not under the hashtag.
    pub rejects: PageRejects,
    /// Cursor of the next page. It counts places of the index, not videos: some places are empty.
    pub cursor: u64,
    /// True if there is a next page.
    pub has_more: bool,
    /// Search id for the next page. Absent if nothing was found, and it may differ from the one sent.
    pub search_id: Option<String>,
    /// Index places of this page: its videos, and places that are empty.
    pub positions: u64,
    /// Fields that the API refused, whose values are unknown in these videos.
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
    /// Creates a connector with its name in the settings.
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

    /// Sets another address.
    pub fn with_base_url(self, base_url: &str) -> Result<Self, SettingError> {
        Ok(Self { base_url: setting::base_url(base_url)?, ..self })
    }

    /// Sets the requested fields instead of [`FIELDS`]; the required ones are always included.
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

    /// Sets the timeout of each call.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns its name in the settings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its address.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Fetches a page of the videos under a hashtag that were posted within a window. An expired token is
    /// renewed and the page fetched again, which takes a second send. So does a new search that the API
    /// refuses: it is repeated without the optional fields, since one unknown field name makes the API
    /// refuse the whole search.
    pub async fn videos(
        &self,
        request: &VideosRequest<'_>,
        at: Timestamp,
        allowance: &impl Allowance,
    ) -> Result<WindowPage, UpstreamError> {
        let is_new = request.cursor == 0 && request.search_id.is_none();
        let page = match self.page(request, self.fields.names(), at, allowance).await {
            Err(UpstreamError::Invalid { .. }) if is_new && self.fields.can_do_with_less() => {
                let page = self.page(request, &self.fields.of_old, at, allowance).await?;
                self.fields.are_refused.store(true, Ordering::Relaxed);
                page
            }
            page => page?,
        };
        Ok(WindowPage { left_out: self.fields.left_out(), ..page })
    }

    async fn page(
        &self,
        request: &VideosRequest<'_>,
        fields: &str,
        at: Timestamp,
        allowance: &impl Allowance,
    ) -> Result<WindowPage, UpstreamError> {
        let token = self.token(None, at).await?;
        let answer = self.query(request, fields, &token, at, allowance).await?;
        if let AnswerContent::Data(data) = AnswerContent::of(&answer)? {
            return page::read(data, request, at);
        }
        let token = self.token(Some(&token), at).await?;
        let answer = self.query(request, fields, &token, at, allowance).await?;
        match AnswerContent::of(&answer)? {
            AnswerContent::Data(data) => page::read(data, request, at),
            AnswerContent::TokenRefused => {
                Err(UpstreamError::Refused { reason: "a new access token is refused as well".to_owned() })
            }
        }
    }

    /// Checks that it is reachable and accepts the key and secret. Takes nothing from the quota.
    pub async fn check(&self, at: Timestamp) -> Result<(), UpstreamError> {
        self.token(None, at).await.map(|_| ())
    }

    /// Returns the current token, or a new one: if there is none, it expires soon, or it is the refused one.
    async fn token(
        &self,
        refused: Option<&HeaderValue>,
        at: Timestamp,
    ) -> Result<HeaderValue, UpstreamError> {
        let mut cached = self.token.lock().await;
        if let Some(token) =
            cached.as_ref().filter(|token| token.is_good(at) && Some(&token.bearer) != refused)
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
        *cached = Some(token);
        Ok(bearer)
    }

    async fn query(
        &self,
        request: &VideosRequest<'_>,
        fields: &str,
        token: &HeaderValue,
        at: Timestamp,
        allowance: &impl Allowance,
    ) -> Result<Answer, UpstreamError> {
        let condition =
            json!({"operation": "EQ", "field_name": "hashtag_name", "field_values": [request.tag.lower()]});
        let mut body = json!({
            "query": {"and": [condition]},
            "start_date": compact(&request.window.first().to_string()),
            "end_date": compact(&request.window.last().to_string()),
            "max_count": COUNT_MAX,
            "cursor": request.cursor,
        });
        if let Some(search_id) = request.search_id {
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

/// Formats a day as the API expects it: `20240303`.
fn compact(day: &str) -> String {
    day.replace('-', "")
}
