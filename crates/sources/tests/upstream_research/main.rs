//! The connector to TikTok's Research API, against a stand-in: its pages, token and quota, its faults, and hostility.

mod faults;

mod fields;

mod hostile;

mod token;

mod windows;

use domain::{Tag, Timestamp, UtcDay, Window};
use sources::upstream::tiktok_research::{Allowance, VideosRequest, WindowPage};
use sources::upstream::{Http, ResearchUpstream, SettingError, UpstreamError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use testkit::FixedClock;
use testkit::upstream::{ResearchHabits, ResearchStandIn, ResearchVideo};

/// 2024-05-01, the first day that there are videos of.
const MAY_FIRST_S: i64 = 1_714_521_600;
const DAY_S: i64 = 86_400;
/// Ample for what is answered at once, on a machine that is busy.
const AMPLE: Duration = Duration::from_secs(20);

/// Counts sends, and refuses those above a maximum.
struct Counted {
    sends: AtomicU64,
    sends_max: u64,
}

impl Counted {
    fn up_to(sends_max: u64) -> Self {
        Self { sends: AtomicU64::new(0), sends_max }
    }

    fn sends(&self) -> u64 {
        self.sends.load(Ordering::SeqCst)
    }
}

impl Allowance for Counted {
    async fn take(&self) -> Result<(), UpstreamError> {
        let is_left = |sends| (sends < self.sends_max).then_some(sends + 1);
        match self.sends.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_left) {
            Ok(_) => Ok(()),
            Err(_) => Err(UpstreamError::QuotaUsedUp),
        }
    }
}

/// A stand-in, a connector to it, and what counts its sends.
struct Scene {
    clock: FixedClock,
    stand_in: ResearchStandIn,
    upstream: ResearchUpstream,
    allowance: Counted,
    tag: Tag,
}

impl Scene {
    /// 250 videos under #cat in the first ten days of May 2024, every fifth of them gone, and others.
    async fn start(habits: ResearchHabits) -> Self {
        let clock = FixedClock::at(Timestamp::parse("2024-06-15T12:00:00Z").expect("a time"));
        let stand_in = ResearchStandIn::start(clock.clone()).await;
        let second = |number: u64| MAY_FIRST_S + number.cast_signed() * 10 * DAY_S / 250;
        stand_in.hold((0..250).map(|number| ResearchVideo {
            is_gone: number % 5 == 0,
            ..ResearchVideo::posted(second(number), number, &["cat", "ABC"])
        }));
        stand_in.hold((250..300).map(|number| ResearchVideo::posted(MAY_FIRST_S, number, &["caterpillar"])));
        stand_in.habits(habits);
        let http = Http::new().expect("TLS");
        let upstream =
            ResearchUpstream::new("research", stand_in.client_key(), stand_in.client_secret(), http);
        let upstream =
            upstream.and_then(|upstream| upstream.with_base_url(&stand_in.base_url())).expect("settings");
        let upstream = upstream.with_timeout(AMPLE);
        Self {
            clock,
            stand_in,
            upstream,
            allowance: Counted::up_to(u64::MAX),
            tag: Tag::new("Cat").expect("a tag"),
        }
    }

    fn now(&self) -> Timestamp {
        domain::Clock::now(&self.clock)
    }

    async fn page(
        &self,
        window: Window,
        cursor: u64,
        search_id: Option<&str>,
    ) -> Result<WindowPage, UpstreamError> {
        let received = VideosRequest { tag: &self.tag, window, cursor, search_id };
        self.upstream.videos(&received, self.now(), &self.allowance).await
    }

    /// The first page of May.
    async fn first(&self) -> Result<WindowPage, UpstreamError> {
        self.page(may(1, 30), 0, None).await
    }

    /// All pages of a window.
    async fn walk(&self, window: Window) -> Result<Vec<WindowPage>, UpstreamError> {
        let mut pages = vec![self.page(window, 0, None).await?];
        while let Some(last) = pages.last().filter(|page| page.has_more) {
            let (cursor, search_id) = (last.cursor, last.search_id.clone());
            pages.push(self.page(window, cursor, search_id.as_deref()).await?);
        }
        Ok(pages)
    }
}

/// A day of May 2024.
fn day(of_may: i64) -> UtcDay {
    UtcDay::of(Timestamp::from_ms((MAY_FIRST_S + (of_may - 1) * DAY_S) * 1000))
}

/// Days of May 2024.
fn may(first: i64, last: i64) -> Window {
    Window::new(day(first), day(last)).expect("a window")
}

#[tokio::test]
async fn a_window_is_walked_to_its_end_by_places_of_the_index() {
    let scene = Scene::start(ResearchHabits::default()).await;
    let pages = scene.walk(may(1, 30)).await.expect("pages");
    let shape: Vec<_> =
        pages.iter().map(|p| (p.videos.len(), p.positions, p.cursor, p.rejects.count())).collect();
    assert_eq!(shape, [(80, 100, 100, 0), (80, 100, 200, 0), (40, 50, 250, 0)]);
    let ids: Vec<_> = pages.iter().flat_map(|page| &page.videos).map(|video| video.id).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "from large to small");
    assert_eq!((scene.allowance.sends(), scene.stand_in.requests_today()), (3, 3));
    assert_eq!(scene.stand_in.received().len(), 4, "one token serves all");
    let video = &pages[0].videos[0];
    assert_eq!((video.observed_at, video.source), (Some(scene.now()), domain::Source::ResearchApi));
    assert!(video.counts.plays.is_some() && video.counts.saves.is_some() && video.details.region.is_some());
    let hashtag =
        pages[0].hashtags.iter().find(|hashtag| hashtag.tag.tag.name() == "cat").expect("a description");
    assert!(hashtag.tag.id.is_some() && hashtag.details.description.as_deref() == Some("all about cat"));
}

#[tokio::test]
async fn both_days_of_a_window_are_within_it() {
    let scene = Scene::start(ResearchHabits::default()).await;
    for (window, places) in [(may(1, 1), 25), (may(2, 3), 50), (may(10, 10), 25), (may(11, 30), 0)] {
        let page = scene.page(window, 0, None).await.expect("a page");
        assert_eq!((page.positions, page.has_more), (places, false), "{window}");
        assert_eq!(page.search_id.is_none(), places == 0, "there is no search id where nothing is found");
    }
}

#[tokio::test]
async fn what_is_requested_is_what_is_sent() {
    let mut scene = Scene::start(ResearchHabits::default()).await;
    scene.tag = Tag::new("#CAFE\u{301} Straße").expect("a tag");
    let page = scene.page(may(3, 4), 0, None).await.expect("a page");
    assert_eq!(page.positions, 0);
    let received = scene.stand_in.received();
    assert_eq!(received[0].header("content-type"), "application/x-www-form-urlencoded");
    let query = &received[1];
    assert_eq!((query.method.as_str(), query.path.as_str()), ("POST", "/v2/research/video/query/"));
    assert_eq!(query.header("content-type"), "application/json");
    assert!(query.header("authorization").starts_with("Bearer clt."));
    assert_eq!(
        query.value("fields"),
        "id,create_time,username,region_code,view_count,like_count,comment_count,share_count,favorites_count,\
         hashtag_names,hashtag_info_list,video_duration,video_description,video_label,video_tag"
    );
    let body: serde_json::Value = serde_json::from_slice(&query.body).expect("JSON");
    let condition =
        serde_json::json!({"operation": "EQ", "field_name": "hashtag_name", "field_values": ["café straße"]});
    assert_eq!(
        body,
        serde_json::json!({
            "query": {"and": [condition]},
            "start_date": "20240503", "end_date": "20240504", "max_count": 100, "cursor": 0,
        })
    );
}

#[tokio::test]
async fn other_fields_may_be_requested_but_not_without_what_a_video_needs() {
    let mut scene = Scene::start(ResearchHabits::default()).await;
    scene.upstream = scene.upstream.with_fields(["view_count", "id"]).expect("fields");
    let page = scene.first().await.expect("a page");
    assert_eq!(page.videos.len(), 80);
    assert!(page.videos.iter().all(|video| video.counts.plays.is_some() && video.counts.likes.is_none()));
    assert_eq!(scene.stand_in.received()[1].value("fields"), "id,create_time,hashtag_names,view_count");
    for wrong in ["", "a b", "id&x=1", "id,view_count"] {
        let refused = scene.upstream.clone().with_fields([wrong]).err();
        assert_eq!(refused, Some(SettingError::Field(wrong.to_owned())));
    }
}
