//! A server of the four challenge endpoints that is none of ours: it speaks as the original does, with its habits.

use super::Fault;
use super::wire::{Answers, ReceivedRequest, Wire, reply};
use catalog::upstream::{Allowed, ContractSource};
use catalog::{Freshness, Upstreams};
use serde_json::{Value, json};
use sources::upstream::contract::CALL_TIMEOUT;
use sources::upstream::{ContractUpstream, Http};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The key it takes.
const KEY: &str = "upstream-key-1";

/// A hashtag it knows.
#[derive(Debug, Clone)]
pub struct UpstreamHashtag {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Reported views.
    pub views: u64,
    /// Reported creators.
    pub creators: u64,
    /// The videos under it, in the order in which it pages through them.
    pub videos: Vec<UpstreamVideo>,
}

/// A video it knows.
#[derive(Debug, Clone)]
pub struct UpstreamVideo {
    /// Its id.
    pub id: u64,
    /// Its plays.
    pub plays: u64,
    /// Its caption; `None` is sent as `null`, as the original does.
    pub title: Option<String>,
}

/// Quirks of the original to imitate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Habits {
    /// Errors come with status 200 and a message.
    pub errors_in_200: bool,
    /// Answers are wrapped in `{code,msg,data}`.
    pub envelope: bool,
    /// Numbers come as strings.
    pub numbers_as_strings: bool,
    /// Every so many pages one is empty in the middle of the feed.
    pub empty_page_every: Option<u64>,
    /// A page begins with the last so many videos of the page before.
    pub repeats: usize,
    /// Number of rows by which pages are shorter than requested.
    pub short_by: usize,
    /// It never gives more videos than this, whatever there is.
    pub videos_max: Option<usize>,
    /// It says that there is more when there is not.
    pub always_more: bool,
    /// Videos from the first of these places to before the second one come without an id, so that they cannot be read.
    pub unreadable: Option<(usize, usize)>,
}

struct World {
    hashtags: HashMap<u64, UpstreamHashtag>,
    habits: Habits,
    credits: u64,
    pages: u64,
}

/// A running stand-in.
pub struct ContractStandIn {
    wire: Wire,
    world: Arc<Mutex<World>>,
}

/// The upstreams of a catalog that asks any server of the contract, another Tagmeter for one, without limits.
pub fn upstreams_at(base_url: &str, key: &str) -> Upstreams {
    upstreams_of(base_url, key, Allowed { requests_per_minute: 0, daily_requests: None }, CALL_TIMEOUT)
}

fn upstreams_of(base_url: &str, key: &str, allowed: Allowed, timeout: Duration) -> Upstreams {
    let http = Http::new().expect("a client");
    let connector = ContractUpstream::new("original", base_url, key, http);
    let connector = connector.expect("a connector").with_timeout(timeout);
    let contract = vec![ContractSource { connector, allowed }];
    Upstreams { freshness: Freshness::default(), contract, seed: 7 }
}

impl ContractStandIn {
    /// One that knows nothing yet.
    pub async fn start() -> Self {
        let world =
            World { hashtags: HashMap::new(), habits: Habits::default(), credits: u64::MAX, pages: 0 };
        let world = Arc::new(Mutex::new(world));
        let wire = Wire::start(Arc::new(Shared(Arc::clone(&world)))).await;
        Self { wire, world }
    }

    /// Returns its address.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.wire.address)
    }

    /// The key it takes.
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// The upstreams of a catalog that asks this one alone, as `original`, with these rules.
    pub fn upstreams(&self, allowed: Allowed, timeout: Duration) -> Upstreams {
        upstreams_of(&self.base_url(), self.key(), allowed, timeout)
    }

    /// The same without limits.
    pub fn as_upstreams(&self) -> Upstreams {
        self.upstreams(Allowed { requests_per_minute: 0, daily_requests: None }, CALL_TIMEOUT)
    }

    /// Adds or replaces a hashtag.
    pub fn hold_hashtag(&self, hashtag: UpstreamHashtag) {
        self.world().hashtags.insert(hashtag.id, hashtag);
    }

    /// The videos it knows under a hashtag.
    pub fn held_videos(&self, id: u64) -> Vec<UpstreamVideo> {
        self.world().hashtags.get(&id).map(|hashtag| hashtag.videos.clone()).unwrap_or_default()
    }

    /// A hashtag with so many videos, their plays falling, their captions naming it.
    pub fn hold_videos(&self, id: u64, name: &str, videos: u64) {
        let video = |n: u64| UpstreamVideo {
            id: 7_000_000_000_000_000_000 + id * 100_000 + n,
            plays: (videos - n) * 10,
            title: Some(format!("number {n} #{name}")),
        };
        let videos = (0..videos).map(video).collect();
        self.hold_hashtag(UpstreamHashtag {
            id,
            name: name.to_owned(),
            views: 1_000_000,
            creators: 1_000,
            videos,
        });
    }

    /// Changes what it does.
    pub fn habits(&self, habits: Habits) {
        self.world().habits = habits;
    }

    /// Sets the remaining credits of the account.
    pub fn credits(&self, credits: u64) {
        self.world().credits = credits;
    }

    /// Sets the responses of the next calls, in order; `None` for a normal answer.
    pub fn script(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.wire.script(faults);
    }

    /// Sets the response of every call that the script does not cover.
    pub fn always(&self, fault: Option<Fault>) {
        self.wire.always(fault);
    }

    /// While paused, calls are accepted and not answered.
    pub fn pause(&self, is_paused: bool) {
        self.wire.hold(is_paused);
    }

    /// The calls so far.
    pub fn received(&self) -> Vec<ReceivedRequest> {
        self.wire.received()
    }

    /// The number of calls so far.
    pub fn calls(&self) -> usize {
        self.wire.calls()
    }

    /// Waits until there were so many calls.
    pub async fn has_received(&self, count: usize) {
        self.wire.has_received(count).await;
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Shared(Arc<Mutex<World>>);

impl Answers for Shared {
    fn answer(&self, request: &ReceivedRequest) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(request)
    }
}

impl World {
    fn answer(&mut self, request: &ReceivedRequest) -> Vec<u8> {
        if request.header("x-api-key") != KEY {
            return self.error(401, "invalid_api_key", json!({"message": "Api-Key is not available"}));
        }
        if self.credits == 0 {
            let text = "Your credit balance is exhausted. Please purchase more credits.";
            return self.error(402, "insufficient_credits", json!({ "message": text }));
        }
        let count = request.value("count").parse::<usize>().unwrap_or(10).clamp(1, 35);
        let cursor = request.value("cursor").parse::<usize>().unwrap_or(0);
        let found = match request.path.as_str() {
            "/challenge-info-id/" | "/challenge-info-name/" if request.query.is_empty() => None,
            "/challenge-info-id/" => Some(self.by_id(request.value("id")).map(|id| self.hashtag(id))),
            "/challenge-info-name/" => Some(self.by_name(request.value("name")).map(|id| self.hashtag(id))),
            "/challenge-posts/" => {
                Some(self.by_id(request.value("challenge_id")).map(|id| self.posts(id, cursor, count)))
            }
            "/search-challenge/" => Some(Some(self.search(request.value("keyword"), cursor, count))),
            _ => return self.error(404, "unknown_path", json!({"message": "no such path"})),
        };
        match found {
            None => self.error(
                422,
                "invalid_parameter",
                json!({"status": "error", "message": "name is required"}),
            ),
            Some(None) => self.error(
                404,
                "hashtag_not_found",
                json!({"status": "error", "message": "Not found challenge"}),
            ),
            Some(Some(record)) => {
                self.credits -= 1;
                self.success(record)
            }
        }
    }

    fn error(&self, status: u16, code: &str, legacy: Value) -> Vec<u8> {
        if self.habits.errors_in_200 {
            return reply(200, &[], legacy.to_string().as_bytes());
        }
        let problem =
            json!({"type": "about:blank", "status": status, "code": code, "message": legacy["message"]});
        reply(status, &["Content-Type: application/problem+json".to_owned()], problem.to_string().as_bytes())
    }

    fn success(&self, mut record: Value) -> Vec<u8> {
        if self.habits.numbers_as_strings {
            as_strings(&mut record);
        }
        if self.habits.envelope {
            record = json!({"code": 0, "msg": "success", "data": record});
        }
        reply(200, &["Content-Type: application/json".to_owned()], record.to_string().as_bytes())
    }

    fn by_id(&self, id: &str) -> Option<u64> {
        id.parse().ok().filter(|id| self.hashtags.contains_key(id))
    }

    fn by_name(&self, name: &str) -> Option<u64> {
        let name = name.trim_start_matches('#').to_lowercase();
        self.hashtags.values().find(|hashtag| hashtag.name.to_lowercase() == name).map(|hashtag| hashtag.id)
    }

    fn hashtag(&self, id: u64) -> Value {
        let hashtag = &self.hashtags[&id];
        json!({
            "id": id.to_string(), "cha_name": hashtag.name, "desc": "", "user_count": hashtag.creators,
            "view_count": hashtag.views, "is_pgcshow": false, "is_commerce": false, "is_challenge": false,
            "is_strong_music": false, "type": 1, "cover": "",
        })
    }

    fn posts(&mut self, id: u64, cursor: usize, count: usize) -> Value {
        self.pages += 1;
        let habits = self.habits;
        let videos = &self.hashtags[&id].videos;
        let end_of_all = habits.videos_max.unwrap_or(usize::MAX).min(videos.len());
        if habits.empty_page_every.is_some_and(|every| self.pages.is_multiple_of(every)) {
            return json!({"videos": [], "cursor": cursor, "hasMore": cursor < end_of_all});
        }
        let end = (cursor + count.saturating_sub(habits.short_by).max(1)).min(end_of_all);
        let begin = cursor.saturating_sub(habits.repeats).min(end);
        let is_unreadable =
            |place: usize| habits.unreadable.is_some_and(|(first, end)| (first..end).contains(&place));
        let sent = |place: usize| {
            let mut video = video(&videos[place]);
            if is_unreadable(place) {
                video["aweme_id"] = Value::Null;
                video["video_id"] = Value::Null;
            }
            video
        };
        let page: Vec<Value> = (begin..end).map(sent).collect();
        json!({"videos": page, "cursor": end, "hasMore": end < end_of_all || habits.always_more})
    }

    fn search(&self, keyword: &str, cursor: usize, count: usize) -> Value {
        let keyword = keyword.to_lowercase();
        let mut found: Vec<u64> = self
            .hashtags
            .values()
            .filter(|known| known.name.to_lowercase().contains(&keyword))
            .map(|known| known.id)
            .collect();
        found.sort_unstable();
        let end = (cursor + count).min(found.len());
        let rows: Vec<Value> = found[cursor.min(end)..end].iter().map(|id| self.hashtag(*id)).collect();
        json!({"challenge_list": rows, "cursor": end, "hasMore": end < found.len()})
    }
}

fn video(video: &UpstreamVideo) -> Value {
    let id = video.id.to_string();
    json!({
        "aweme_id": id, "video_id": id, "region": "US", "title": video.title, "content_desc": [],
        "cover": "https://example.com/cover.jpg", "duration": 12, "play": "https://example.com/play.mp4",
        "music_info": {"id": "1", "title": "a song", "author": "somebody", "original": true, "duration": 12},
        "play_count": video.plays, "digg_count": video.plays / 10, "comment_count": 3, "share_count": 2,
        "download_count": 1, "collect_count": 4, "create_time": 1_700_000_000, "anchors": null, "is_ad": false,
        "author": {"id": (video.id % 97 + 1).to_string(), "unique_id": "misty.otter", "nickname": "o", "avatar": ""},
        "is_top": false,
    })
}

/// Numbers inside become texts, as some servers send them.
fn as_strings(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Array(values) => values.iter_mut().for_each(as_strings),
        Value::Object(values) => values.values_mut().for_each(as_strings),
        _ => {}
    }
}
