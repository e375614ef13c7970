//! TikTok's Research API, standing in: its token, its query of videos, its quota and its faults, as they are documented
//! and as its users report them. Times are those of the clock that is handed in.

mod query;

mod video;

mod world;

use super::Fault;
use super::wire::{Answers, ReceivedRequest, Wire, reply};
use crate::FixedClock;
use domain::UtcDay;
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use world::World;

pub use video::ResearchVideo;

/// Key and secret of the client it takes.
const CLIENT_KEY: &str = "research-key-1";
const CLIENT_SECRET: &str = "research-secret-1";

/// Quirks of the stand-in.
#[derive(Debug, Clone)]
pub struct ResearchHabits {
    /// Lifetime of a token, in seconds.
    pub token_seconds: u64,
    /// Requests of a day, failed ones included.
    pub requests_a_day: u64,
    /// No more than so many requests within so many milliseconds.
    pub burst: Option<(usize, i64)>,
    /// A search id is refused so many times before it is taken.
    pub search_id_refusals: u32,
    /// Every page has a search id of its own. All of them are good.
    pub new_search_ids: bool,
    /// Omits the search id.
    pub no_search_ids: bool,
    /// A page begins with the last so many videos of the page before.
    pub repeats: usize,
    /// `cursor` does not advance, and there is always more.
    pub cursor_is_stuck: bool,
    /// After the first page it says that there are no more.
    pub ends_early: bool,
    /// Any window that touches these days fails.
    pub failing_days: Option<(UtcDay, UtcDay)>,
    /// Videos are found 48 hours after they were posted.
    pub index_lag: bool,
    /// Each new search finds one video less than the one before.
    pub drifts: bool,
    /// Every so many videos one has no `like_count`.
    pub no_likes_every: Option<u64>,
    /// Handles end with NUL characters.
    pub nul_in_names: bool,
    /// About one in this many requested new fields is missing.
    pub no_new_fields_every: Option<u64>,
    /// It does not know these fields, and refuses who asks for them.
    pub unknown_fields: Vec<&'static str>,
    /// Message of `error` on success: empty on most endpoints.
    pub ok_message: &'static str,
}

impl Default for ResearchHabits {
    fn default() -> Self {
        Self {
            token_seconds: 7_200,
            requests_a_day: 1_000,
            burst: None,
            search_id_refusals: 0,
            new_search_ids: false,
            no_search_ids: false,
            repeats: 0,
            cursor_is_stuck: false,
            ends_early: false,
            failing_days: None,
            index_lag: false,
            drifts: false,
            no_likes_every: None,
            nul_in_names: false,
            no_new_fields_every: None,
            unknown_fields: Vec::new(),
            ok_message: "",
        }
    }
}

/// A running stand-in.
pub struct ResearchStandIn {
    wire: Wire,
    world: Arc<Mutex<World>>,
}

impl ResearchStandIn {
    /// One that knows no videos yet.
    pub async fn start(clock: FixedClock) -> Self {
        let world = Arc::new(Mutex::new(World::new(clock)));
        let wire = Wire::start(Arc::new(Shared(Arc::clone(&world)))).await;
        Self { wire, world }
    }

    /// Returns its address.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.wire.address)
    }

    /// The key of the client it takes.
    pub fn client_key(&self) -> &'static str {
        CLIENT_KEY
    }

    /// The secret of the client it takes.
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// Adds or replaces videos.
    pub fn hold(&self, videos: impl IntoIterator<Item = ResearchVideo>) {
        self.world().hold(videos);
    }

    /// Changes what it does.
    pub fn habits(&self, habits: ResearchHabits) {
        self.world().habits = habits;
    }

    /// No token that was given out is taken any more.
    pub fn forget_tokens(&self) {
        self.world().tokens.clear();
    }

    /// No search id that was given out is taken any more.
    pub fn forget_searches(&self) {
        self.world().searches.clear();
    }

    /// Requests that count against the quota of the clock's day.
    pub fn requests_today(&self) -> u64 {
        let mut world = self.world();
        world.requests_today()
    }

    /// Sets the responses of the next queries, in order; `None` for a normal answer. Tokens are issued
    /// regardless.
    pub fn script(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.wire.script(faults);
    }

    /// Sets the response of every query that the script does not cover.
    pub fn always(&self, fault: Option<Fault>) {
        self.wire.always(fault);
    }

    /// The calls so far, those for tokens included.
    pub fn received(&self) -> Vec<ReceivedRequest> {
        self.wire.received()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Shared(Arc<Mutex<World>>);

impl Answers for Shared {
    fn answer(&self, request: &ReceivedRequest) -> Vec<u8> {
        let mut world = lock(&self.0);
        let (status, body) = match (&*request.method, &*request.path) {
            ("POST", "/v2/oauth/token/") => world.token(&request.body),
            ("POST", "/v2/research/video/query/") => world.query(request),
            _ => (
                404,
                json!({"error": {"code": "not_found", "message": "there is no such path", "log_id": ""}}),
            ),
        };
        reply(status, &["Content-Type: application/json".to_owned()], body.to_string().as_bytes())
    }

    fn is_scripted(&self, request: &ReceivedRequest) -> bool {
        request.path != "/v2/oauth/token/"
    }

    fn faulted(&self, _: &ReceivedRequest) {
        lock(&self.0).count();
    }
}

/// Errors that the script can play, as they come over the wire.
impl Fault {
    /// A code and a message with a status.
    pub fn research(status: u16, code: &str, message: &str) -> Self {
        let error = json!({"code": code, "message": message, "log_id": "20240303010203F0D7C5D6CA3A9B79C5B9"});
        Self::reply(status, &json!({ "error": error }).to_string())
    }

    /// Returns a gateway's response when the server behind it is too slow.
    pub fn gateway_timeout() -> Self {
        let page = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body></body>\r\n</html>";
        let headers = vec!["Content-Type: text/html".to_owned()];
        Self::Reply { status: 504, headers, body: page.as_bytes().to_vec() }
    }
}
