//! State of the stand-in: videos, tokens, searches, requests of the day.

use super::query::Query;
use super::video::ResearchVideo;
use super::{CLIENT_KEY, CLIENT_SECRET, ResearchHabits};
use crate::FixedClock;
use crate::upstream::ReceivedRequest;
use domain::{Clock, UtcDay};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Delay until a video is found, if enabled.
const INDEX_LAG_SECONDS: i64 = 48 * 3600;
/// The first search id; they look like the ids of videos.
const SEARCH_ID: u64 = 7_378_809_778_820_092_971;

pub(super) struct World {
    pub(super) clock: FixedClock,
    pub(super) habits: ResearchHabits,
    /// Tokens given out, with the moment each runs out.
    pub(super) tokens: HashMap<String, i64>,
    pub(super) searches: HashMap<String, Search>,
    videos: BTreeMap<u64, ResearchVideo>,
    given: u64,
    day: UtcDay,
    requests: u64,
    recent_ms: Vec<i64>,
    searched: usize,
}

/// A search whose places are frozen.
pub(super) struct Search {
    identity: String,
    /// Ids of the videos in its places.
    places: Vec<u64>,
    refusals_left: u32,
}

/// A status and a body.
type Reply = (u16, Value);

impl World {
    pub(super) fn new(clock: FixedClock) -> Self {
        let day = UtcDay::of(clock.now());
        Self {
            clock,
            habits: ResearchHabits::default(),
            tokens: HashMap::new(),
            searches: HashMap::new(),
            videos: BTreeMap::new(),
            given: 0,
            day,
            requests: 0,
            recent_ms: Vec::new(),
            searched: 0,
        }
    }

    pub(super) fn hold(&mut self, videos: impl IntoIterator<Item = ResearchVideo>) {
        self.videos.extend(videos.into_iter().map(|video| (video.id, video)));
    }

    /// Counts a request against the quota of the day.
    pub(super) fn count(&mut self) {
        self.requests = self.requests_today() + 1;
    }

    pub(super) fn requests_today(&mut self) -> u64 {
        let today = UtcDay::of(self.clock.now());
        if today != self.day {
            (self.day, self.requests) = (today, 0);
        }
        self.requests
    }

    pub(super) fn token(&mut self, body: &[u8]) -> Reply {
        let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        let value = |name: &str| form.get(name).map_or("", String::as_str);
        let error = |error: &str, description: &str| {
            (
                200,
                json!({"error": error, "error_description": description, "log_id": "202206221854370101130062072500FFA2"}),
            )
        };
        if value("client_key").is_empty() || value("client_secret").is_empty() {
            return error("invalid_request", "Client key or secret is missed in request.");
        }
        if value("grant_type") != "client_credentials" {
            return error("unsupported_grant_type", "Grant type is not supported.");
        }
        if value("client_key") != CLIENT_KEY || value("client_secret") != CLIENT_SECRET {
            return error("invalid_client", "Client key or secret is incorrect.");
        }
        self.given += 1;
        let (token, life) = (format!("clt.2.{}", self.given), self.habits.token_seconds);
        let ends_ms = self.clock.now().as_ms().saturating_add_unsigned(life.saturating_mul(1000));
        self.tokens.insert(token.clone(), ends_ms);
        (200, json!({"access_token": token, "expires_in": life, "token_type": "Bearer"}))
    }

    pub(super) fn query(&mut self, request: &ReceivedRequest) -> Reply {
        self.count();
        if let Some(refusal) = self.refusal(request) {
            return refusal;
        }
        let query = match Query::read(request) {
            Ok(query) => query,
            Err(message) => return self.error(400, "invalid_params", &message),
        };
        if let Some(field) =
            query.fields.iter().find(|field| self.habits.unknown_fields.contains(&field.as_str()))
        {
            return self.error(400, "invalid_params", &format!("there is no field {field}"));
        }
        if self.habits.failing_days.is_some_and(|(first, last)| query.first <= last && first <= query.last) {
            return self.error(500, "internal_error", "Something is wrong. Please try again later.");
        }
        let search_id = match self.search(&query) {
            Ok(search_id) => search_id,
            Err(message) => return self.error(400, "invalid_params", &message),
        };
        self.page(&query, &search_id)
    }

    /// Why a request is refused before it is read.
    fn refusal(&mut self, request: &ReceivedRequest) -> Option<Reply> {
        let now_ms = self.clock.now().as_ms();
        if self.requests > self.habits.requests_a_day {
            return Some(self.error(429, "daily_quota_limit_exceeded", "The daily quota limit is exceeded."));
        }
        if let Some((count, within_ms)) = self.habits.burst {
            self.recent_ms.retain(|at| now_ms - at < within_ms);
            if self.recent_ms.len() >= count {
                return Some(self.error(429, "rate_limit_exceeded", "The API rate limit was exceeded."));
            }
            self.recent_ms.push(now_ms);
        }
        let bearer = request.header("authorization").split_once(' ');
        let token =
            bearer.filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
        let is_good = token.and_then(|token| self.tokens.get(token)).is_some_and(|ends_ms| now_ms < *ends_ms);
        (!is_good).then(|| {
            let text = "The access token is invalid or not found in the request.";
            self.error(401, "access_token_invalid", text)
        })
    }

    fn error(&self, status: u16, code: &str, message: &str) -> Reply {
        (status, json!({"error": self.status(code, message)}))
    }

    fn status(&self, code: &str, message: &str) -> Value {
        json!({"code": code, "message": message, "log_id": format!("{}F0D7C5D6CA3A9B79C5B9", self.now_text())})
    }

    /// The beginning of a log id: the time as digits alone.
    fn now_text(&self) -> String {
        self.clock.now().to_rfc3339().chars().filter(char::is_ascii_digit).take(14).collect()
    }

    /// The search that is gone on with, or a new one.
    fn search(&mut self, query: &Query) -> Result<String, String> {
        let Some(id) = &query.search_id else {
            let now_seconds = self.clock.now().as_seconds();
            let latest = if self.habits.index_lag { now_seconds - INDEX_LAG_SECONDS } else { i64::MAX };
            let found = self.videos.values().rev().filter(|v| v.create_time < latest && query.wants(v));
            let mut places: Vec<u64> = found.map(|video| video.id).collect();
            if self.habits.drifts {
                places.truncate(places.len().saturating_sub(self.searched));
            }
            self.searched += 1;
            let refusals_left = self.habits.search_id_refusals;
            let search = Search { identity: query.identity.clone(), places, refusals_left };
            return Ok(self.give(search));
        };
        let unknown = || format!("Search Id {id} is invalid or expired");
        let search = self
            .searches
            .get_mut(id)
            .filter(|search| search.identity == query.identity)
            .ok_or_else(unknown)?;
        if search.refusals_left > 0 {
            search.refusals_left -= 1;
            return Err(unknown());
        }
        if query.cursor > search.places.len() {
            return Err("Invalid count or cursor".to_owned());
        }
        Ok(id.clone())
    }

    fn give(&mut self, search: Search) -> String {
        let id = (SEARCH_ID + self.searches.len() as u64).to_string();
        self.searches.insert(id.clone(), search);
        id
    }

    fn page(&mut self, query: &Query, search_id: &str) -> Reply {
        let habits = self.habits.clone();
        let search = &self.searches[search_id];
        let total = search.places.len();
        let end = (query.cursor + query.count).min(total);
        let begin = query.cursor.min(end).saturating_sub(if query.cursor == 0 { 0 } else { habits.repeats });
        let mut places = search.places[begin..end].to_vec();
        if query.is_random {
            // Any will do, as long as they are others than the first.
            places = search.places.iter().rev().take(query.count).copied().collect();
        }
        let changed_too = places.iter().filter_map(|id| self.videos.get(id)).filter(|video| !video.is_gone);
        let changed_too: Vec<Value> =
            changed_too.map(|video| video.changed_too(&query.fields, &habits)).collect();
        let (cursor, has_more) = if habits.cursor_is_stuck {
            (query.cursor, true)
        } else {
            (end, end < total && !habits.ends_early)
        };
        let mut data = json!({"videos": changed_too, "cursor": cursor, "has_more": has_more});
        if total > 0 && !habits.no_search_ids {
            let id = if habits.new_search_ids { self.renamed(search_id) } else { search_id.to_owned() };
            data["search_id"] = id.into();
        }
        (200, json!({"data": data, "error": self.status("ok", self.habits.ok_message)}))
    }

    /// The same search under another id.
    fn renamed(&mut self, search_id: &str) -> String {
        let search = &self.searches[search_id];
        let again =
            Search { identity: search.identity.clone(), places: search.places.clone(), refusals_left: 0 };
        self.give(again)
    }
}
