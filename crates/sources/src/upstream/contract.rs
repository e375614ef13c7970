//! The contract as an upstream: any server of the four challenge endpoints, the original or another Tagmeter, called
//! with the user's key. Records are parsed by `files::contract`, like saved ones.

mod answer;

use super::http::{Answer, Call};
use super::{Http, PageRejects, SettingError, UpstreamError, setting};
use crate::files::contract::{read_hashtag, read_video};
use crate::json::keys::Keys;
use crate::json::lenient::Flag;
use crate::json::number::Number;
use crate::reading::Refusal;
use answer::Opened;
use domain::observation::TagRef;
use domain::{HashtagId, HashtagObservation, Region, TagKey, Timestamp, VideoObservation};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::time::Duration;

/// Most videos, or rows of a search, that one call returns.
pub const COUNT_MAX: u32 = 35;
/// Most records of a plausible page.
const RECORDS_MAX: usize = 1_000;
/// Default timeout of a call: a waiting client gives up after 10 s, and a second attempt must fit.
pub const CALL_TIMEOUT: Duration = Duration::from_millis(3_500);

/// A server of the four challenge endpoints.
#[derive(Clone)]
pub struct ContractUpstream {
    name: String,
    base_url: String,
    key: HeaderValue,
    http: Http,
    timeout: Duration,
}

/// A request for a page of videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostsRequest {
    /// 0, or the cursor of the previous page.
    pub cursor: u64,
    /// At most [`COUNT_MAX`].
    pub count: u32,
    /// Only videos of this region.
    pub region: Option<Region>,
}

/// A page as the upstream sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Parsed records.
    pub records: Vec<T>,
    /// Records that could not be used.
    pub rejects: PageRejects,
    /// Cursor of the next page, as reported.
    pub cursor: u64,
    /// True if the upstream reports a next page.
    pub has_more: bool,
}

impl fmt::Debug for ContractUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContractUpstream")
            .field("name", &self.name)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl ContractUpstream {
    /// Creates a connector with its name in the settings.
    pub fn new(name: &str, base_url: &str, api_key: &str, http: Http) -> Result<Self, SettingError> {
        let base_url = setting::base_url(base_url)?;
        let key = setting::secret_header("api_key", "", api_key)?;
        Ok(Self { name: name.to_owned(), base_url, key, http, timeout: CALL_TIMEOUT })
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

    /// Fetches a hashtag by id; `None` if the upstream reports that it does not exist.
    pub async fn hashtag_by_id(
        &self,
        id: HashtagId,
        at: Timestamp,
    ) -> Result<Option<HashtagObservation>, UpstreamError> {
        let id_text = id.to_string();
        let answer = self.get("challenge-info-id", &[("id", &id_text)], at).await?;
        let found = hashtag_of(&answer, at)?;
        is_what_was_requested(found, |hashtag| hashtag.tag.id == Some(id))
    }

    /// Fetches a hashtag by name; `None` if the upstream reports that it does not exist.
    pub async fn hashtag_by_name(
        &self,
        key: &TagKey,
        at: Timestamp,
    ) -> Result<Option<HashtagObservation>, UpstreamError> {
        let answer = self.get("challenge-info-name", &[("name", key.as_str())], at).await?;
        let found = hashtag_of(&answer, at)?;
        is_what_was_requested(found, |hashtag| hashtag.tag.tag.key() == key)
    }

    /// Fetches a page of the videos under a hashtag. All of them carry it, even if their captions do not
    /// name it. `None` if the upstream reports that the hashtag does not exist.
    pub async fn posts(
        &self,
        hashtag: &TagRef,
        id: HashtagId,
        request: PostsRequest,
        at: Timestamp,
    ) -> Result<Option<Page<VideoObservation>>, UpstreamError> {
        let (id, cursor) = (id.to_string(), request.cursor.to_string());
        let count = request.count.clamp(1, COUNT_MAX).to_string();
        let region = request.region.map(|region| region.to_string()).unwrap_or_default();
        let query = [("challenge_id", &*id), ("count", &count), ("cursor", &cursor), ("region", &region)];
        let answer = self.get("challenge-posts", &query, at).await?;
        let Some(page) = page_of(&answer, "videos")? else { return Ok(None) };
        Ok(Some(page.read(|raw| read_video(raw, Some(at), Some(hashtag)))))
    }

    /// Fetches a page of hashtags that match a keyword.
    pub async fn search(
        &self,
        keyword: &str,
        cursor: u64,
        count: u32,
        at: Timestamp,
    ) -> Result<Page<HashtagObservation>, UpstreamError> {
        let (cursor, count) = (cursor.to_string(), count.clamp(1, COUNT_MAX).to_string());
        let query = [("keyword", keyword), ("count", &count), ("cursor", &cursor)];
        let answer = self.get("search-challenge", &query, at).await?;
        let nothing =
            Page { records: Vec::new(), rejects: PageRejects::default(), cursor: 0, has_more: false };
        let page = page_of(&answer, "challenge_list")?;
        Ok(page.map_or(nothing, |page| page.read(|raw| read_hashtag(raw, Some(at)))))
    }

    /// Checks that it is reachable and accepts the key, by an invalid call, which costs nothing.
    pub async fn check(&self, at: Timestamp) -> Result<(), UpstreamError> {
        let answer = self.get("challenge-info-name", &[("name", "")], at).await?;
        match Opened::of(&answer) {
            Ok(_) | Err(UpstreamError::Invalid { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn get(&self, path: &str, query: &[(&str, &str)], at: Timestamp) -> Result<Answer, UpstreamError> {
        let invalid = |error: String| UpstreamError::Invalid { reason: error };
        let mut url: Url =
            format!("{}/{path}/", self.base_url).parse().map_err(|error| invalid(format!("{error}")))?;
        url.query_pairs_mut().extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", self.key.clone());
        let call = Call {
            method: Method::GET,
            url,
            headers,
            body: None,
            timeout: self.timeout,
            at,
            name: &self.name,
        };
        self.http.call(call).await
    }
}

/// A page with unparsed records.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct RawPage<'a> {
    videos: Option<&'a RawValue>,
    challenge_list: Option<&'a RawValue>,
    #[serde(default)]
    cursor: Number,
    #[serde(default, rename = "hasMore", alias = "has_more")]
    has_more: Flag,
}

struct OpenPage<'a> {
    records: Vec<&'a RawValue>,
    cursor: u64,
    has_more: bool,
}

/// Returns the page whose records are under `list`; `None` if the upstream reports nothing.
fn page_of<'a>(answer: &'a Answer, list: &str) -> Result<Option<OpenPage<'a>>, UpstreamError> {
    let Opened::Record(raw) = Opened::of(answer)? else { return Ok(None) };
    let malformed = |reason: String| UpstreamError::Malformed { reason };
    let page: RawPage<'_> = serde_json::from_str(raw).map_err(|error| malformed(error.to_string()))?;
    let records = match if list == "videos" { page.videos } else { page.challenge_list } {
        Some(records) => {
            serde_json::from_str(records.get()).map_err(|_| malformed(format!("{list} is no list")))?
        }
        // Some servers send `null` for an empty list; an answer without the key is a different one.
        None if raw.contains(list) => Vec::new(),
        None => return Err(malformed(format!("it holds no {list}"))),
    };
    if records.len() > RECORDS_MAX {
        return Err(malformed(format!("a page of more than {RECORDS_MAX} records")));
    }
    let has_more = page.has_more.is_set();
    let cursor = match page.cursor.whole() {
        Some(cursor) => cursor,
        None if has_more => return Err(malformed("hasMore is true and cursor is no number".to_owned())),
        None => 0,
    };
    Ok(Some(OpenPage { records, cursor, has_more }))
}

impl OpenPage<'_> {
    fn read<T>(self, read: impl Fn(&str) -> Result<T, Refusal>) -> Page<T> {
        let (mut records, mut rejects) = (Vec::new(), PageRejects::default());
        for (number, raw) in (1..).zip(self.records) {
            match read(raw.get()) {
                Ok(record) => records.push(record),
                Err(why) => rejects.add(number, &why.to_string()),
            }
        }
        Page { records, rejects, cursor: self.cursor, has_more: self.has_more }
    }
}

fn hashtag_of(answer: &Answer, at: Timestamp) -> Result<Option<HashtagObservation>, UpstreamError> {
    let Opened::Record(raw) = Opened::of(answer)? else { return Ok(None) };
    let has_name = Keys::of(raw.as_bytes()).text("cha_name").is_some_and(|name| !name.is_empty());
    read_hashtag(raw, Some(at)).map(Some).map_err(|why| match why {
        // Without a name it is a different answer, not a hashtag record.
        Refusal::Record(reason) if has_name => UpstreamError::Rejected { reason },
        why => UpstreamError::Malformed { reason: format!("no hashtag: {why}") },
    })
}

/// Checks that an answer is about the requested hashtag; any other must not be recorded.
fn is_what_was_requested(
    found: Option<HashtagObservation>,
    is_it: impl Fn(&HashtagObservation) -> bool,
) -> Result<Option<HashtagObservation>, UpstreamError> {
    match found {
        Some(hashtag) if !is_it(&hashtag) => {
            Err(UpstreamError::Malformed { reason: "it is about another hashtag".to_owned() })
        }
        found => Ok(found),
    }
}
