//! Backfills from a stand-in of the Research API: every video once, every request counted, resumed after an
//! interruption.

use catalog::upstream::Allowed;
use catalog::upstream::backfill::{Backfill, BackfillReport, ResearchSource};
use catalog::{CatalogError, HashtagRef};
use domain::caveat::Caveat;
use domain::hashtag::Basis;
use domain::{Clock, Source, Tag, TagKey, Timestamp, UtcDay};
use sources::upstream::{Http, ResearchUpstream};
use std::time::Duration;
use testkit::upstream::{Fault, ResearchHabits, ResearchStandIn, ResearchVideo};
use testkit::{FixedClock, TemporaryCatalog};

const DAY_S: i64 = 86_400;

struct Scene {
    clock: FixedClock,
    stand_in: ResearchStandIn,
    fixture: TemporaryCatalog,
    source: ResearchSource,
}

fn day(text: &str) -> UtcDay {
    UtcDay::of(Timestamp::parse(text).expect("a day"))
}

fn seconds(text: &str) -> i64 {
    Timestamp::parse(text).expect("a day").as_seconds()
}

/// Starts a stand-in with 400 videos in March and April 2024, every tenth of them deleted.
async fn scene(daily_requests: Option<u64>, habits: ResearchHabits) -> Scene {
    let clock = FixedClock::at(Timestamp::parse("2026-06-15T12:00:00Z").expect("a time"));
    let stand_in = ResearchStandIn::start(clock.clone()).await;
    stand_in.habits(habits);
    let second = |n: u64| seconds("2024-03-01") + n.cast_signed() * 60 * DAY_S / 400;
    stand_in.hold(
        (0..400)
            .map(|n| ResearchVideo { is_gone: n % 10 == 0, ..ResearchVideo::posted(second(n), n, &["cat"]) }),
    );
    let http = Http::new().expect("a client");
    let connector = ResearchUpstream::new("research", stand_in.client_key(), stand_in.client_secret(), http);
    let connector = connector.expect("a connector").with_base_url(&stand_in.base_url()).expect("an address");
    let source = ResearchSource {
        connector: connector.with_timeout(Duration::from_secs(5)),
        allowed: Allowed { requests_per_minute: 0, daily_requests },
        pause: Duration::from_millis(1),
    };
    let fixture = TemporaryCatalog::open(&clock).await;
    Scene { clock, stand_in, fixture, source }
}

impl Scene {
    async fn backfill(&self) -> Result<BackfillReport, CatalogError> {
        let tag = Tag::new("Cat").expect("a tag");
        let backfill = Backfill { tag, first: day("2024-03-01"), last: day("2024-04-29") };
        self.fixture.catalog().backfill(&self.source, &backfill, &|_| {}).await
    }

    async fn stored_videos(&self) -> u64 {
        let key = HashtagRef::Key(TagKey::new("cat").expect("a tag"));
        let cat = self.fixture.catalog().hashtag(&key).await.expect("an answer");
        cat.map_or(0, |cat| cat.observed.videos)
    }

    async fn counted(&self) -> u64 {
        let day = UtcDay::of(self.clock.now());
        self.fixture.store().upstream_calls("research", day).await.expect("a number")
    }
}

#[tokio::test]
async fn every_returned_video_is_stored_and_nothing_is_fetched_twice() {
    let scene = scene(Some(1_000), ResearchHabits::default()).await;
    let report = scene.backfill().await.expect("a report");
    assert_eq!((report.windows, report.windows_done, report.windows_before), (2, 2, 0));
    assert_eq!((report.videos, report.videos_new, report.positions), (360, 360, 400));
    assert!(report.failed.is_empty() && !report.is_quota_used_up);
    assert_eq!(report.calls, scene.stand_in.requests_today());
    assert_eq!((scene.counted().await, scene.stored_videos().await), (report.calls, 360));
    let all: Vec<Caveat> = report.caveats.into_iter().collect();
    assert!(all.contains(&Caveat::AdultsOnly) && all.contains(&Caveat::SurvivorsOnly), "{all:?}");
    let again = scene.backfill().await.expect("a report");
    assert_eq!((again.windows_before, again.calls), (2, 0));
    let key = HashtagRef::Key(TagKey::new("cat").expect("a tag"));
    let cat = scene.fixture.catalog().hashtag(&key).await.expect("an answer").expect("a hashtag");
    assert_eq!(cat.views().map(|total| total.basis), Some(Basis::Observed), "sums, not totals");
    assert_eq!(cat.observed.sources.iter().collect::<Vec<_>>(), [Source::ResearchApi]);
    let stay: Vec<Caveat> = cat.observed.caveats.iter().collect();
    assert!(stay.contains(&Caveat::AdultsOnly) && stay.contains(&Caveat::SurvivorsOnly), "{stay:?}");
}

#[tokio::test]
async fn the_quota_of_a_day_is_never_exceeded_and_the_next_day_goes_on() {
    let scene = scene(Some(2), ResearchHabits { requests_a_day: 2, ..ResearchHabits::default() }).await;
    let mut days = 0;
    loop {
        let report = scene.backfill().await.expect("a report");
        assert!(scene.counted().await <= 2 && scene.stand_in.requests_today() <= 2);
        days += 1;
        if !report.is_quota_used_up {
            assert_eq!(report.windows_done, 2);
            break;
        }
        assert!(days < 10, "it gets on: {report:?}");
        scene.clock.advance(Duration::from_secs(86_400));
    }
    assert_eq!(scene.stored_videos().await, 360);
}

#[tokio::test]
async fn a_search_that_is_not_ready_is_fetched_again() {
    let habits = ResearchHabits {
        search_id_refusals: 2,
        new_search_ids: true,
        repeats: 5,
        ..ResearchHabits::default()
    };
    let scene = scene(None, habits).await;
    let report = scene.backfill().await.expect("a report");
    assert_eq!((report.windows_done, report.videos_new), (2, 360));
    assert_eq!(report.calls, scene.stand_in.requests_today());
    assert_eq!(scene.counted().await, scene.stand_in.requests_today(), "refused ones count too");
}

#[tokio::test]
async fn days_that_never_answer_are_skipped_and_reported() {
    let failing_days = Some((day("2024-03-10"), day("2024-03-11")));
    let scene = scene(None, ResearchHabits { failing_days, ..ResearchHabits::default() }).await;
    let report = scene.backfill().await.expect("a report");
    let failed: Vec<String> = report.failed.iter().map(|(window, _)| window.to_string()).collect();
    assert_eq!(failed, ["2024-03-10 to 2024-03-10", "2024-03-11 to 2024-03-11"]);
    assert_eq!(report.windows - report.windows_done, 2);
    assert!((330..360).contains(&scene.stored_videos().await), "{}", scene.stored_videos().await);
    scene.stand_in.habits(ResearchHabits::default());
    let resumed = scene.backfill().await.expect("a report");
    assert!(resumed.failed.is_empty());
    assert_eq!(scene.stored_videos().await, 360);
}

#[tokio::test]
async fn fields_that_the_api_refuses_are_left_out_and_named() {
    let habits = ResearchHabits { unknown_fields: vec!["video_label"], ..ResearchHabits::default() };
    let scene = scene(None, habits).await;
    let report = scene.backfill().await.expect("a report");
    assert_eq!((report.windows_done, report.videos_new), (2, 360));
    assert!(
        report.fields_left_out.contains("video_label") && report.fields_left_out.contains("favorites_count")
    );
    assert_eq!(report.calls, scene.stand_in.requests_today(), "the refused one counts");
}

#[tokio::test]
async fn a_refusal_ends_it_at_once() {
    let scene = scene(None, ResearchHabits::default()).await;
    let http = Http::new().expect("a client");
    let stranger = ResearchUpstream::new("research", "somebody", "else", http).expect("a connector");
    let stranger = stranger.with_base_url(&scene.stand_in.base_url()).expect("an address");
    let source = ResearchSource { connector: stranger, ..scene.source.clone() };
    let backfill =
        Backfill { tag: Tag::new("cat").expect("a tag"), first: day("2024-03-01"), last: day("2024-03-02") };
    let refused = scene.fixture.catalog().backfill(&source, &backfill, &|_| {}).await;
    assert!(matches!(refused, Err(CatalogError::Research(_))), "{refused:?}");
    assert_eq!(scene.counted().await, 0, "a token costs nothing of the quota");
    let backwards = Backfill { first: day("2024-03-02"), last: day("2024-03-01"), ..backfill };
    let refused = scene.fixture.catalog().backfill(&scene.source, &backwards, &|_| {}).await;
    assert!(matches!(refused, Err(CatalogError::Window(_))), "{refused:?}");
}

#[tokio::test]
async fn rejects_are_reported_with_their_window_and_their_reason() {
    let scene = scene(None, ResearchHabits::default()).await;
    let video = |more: &str| format!(r#"{{"id":7365000000000000001,"hashtag_names":["cat"]{more}}}"#);
    let (sound, large) = (video(""), video(r#","view_count":9007199254740993"#));
    let videos = [&*sound, &large, r#"{"id":7365000000000000002,"hashtag_names":["dog"]}"#].join(",");
    let body = format!(
        r#"{{"data":{{"videos":[{videos}],"cursor":100,"has_more":false}},"error":{{"code":"ok","message":""}}}}"#
    );
    scene.stand_in.script([Some(Fault::body(&body))]);
    let report = scene.backfill().await.expect("a report");
    assert_eq!(report.rejects, 2);
    let first: Vec<_> = report.first_rejects.iter().map(|reject| (reject.record, &*reject.reason)).collect();
    let too_large = "view_count: 9007199254740993 is above 9007199254740992 (2^53), the largest count";
    assert_eq!(first, [(2, too_large), (3, "the video does not carry #Cat")]);
    assert!(report.first_rejects.iter().all(|reject| reject.window.first() == day("2024-03-01")));
}
