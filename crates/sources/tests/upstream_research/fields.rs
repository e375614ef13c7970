//! Fields of a video that the API may not know, may not give, or spells in another way.

use crate::{Scene, may};
use sources::upstream::UpstreamError;
use testkit::upstream::{Fault, ResearchHabits};

fn requested_fields(scene: &Scene) -> Vec<String> {
    let queries = scene.stand_in.received().into_iter().filter(|received| received.path.ends_with("/query/"));
    queries.map(|received| received.value("fields").to_owned()).collect()
}

#[tokio::test]
async fn a_search_that_is_refused_is_made_once_more_without_optional_fields_and_says_which() {
    let habits = ResearchHabits { unknown_fields: vec!["video_tag"], ..ResearchHabits::default() };
    let scene = Scene::start(habits).await;
    let pages = scene.walk(may(1, 30)).await.expect("pages");
    let optional = ["favorites_count", "hashtag_info_list", "video_duration", "video_label", "video_tag"];
    for page in &pages {
        assert_eq!(page.left_out, optional);
        assert!(page.videos.iter().all(|video| video.counts.plays.is_some() && video.counts.saves.is_none()));
    }
    assert_eq!(pages.iter().map(|page| page.videos.len()).sum::<usize>(), 200);
    let received = requested_fields(&scene);
    assert!(
        received[0].contains("video_tag") && received.len() == 4,
        "three pages, and one that was refused"
    );
    assert!(received[1..].iter().all(|fields| optional.iter().all(|field| !fields.contains(field))));
    assert_eq!(scene.allowance.sends(), 4, "each is counted");
    let again = scene.page(may(2, 3), 0, None).await.expect("a page");
    assert_eq!((again.left_out.len(), scene.allowance.sends()), (5, 5), "it is not tried in every window");
}

#[tokio::test]
async fn a_search_that_is_wrong_in_itself_is_tried_no_more_than_once_again() {
    let scene = Scene::start(ResearchHabits::default()).await;
    scene.stand_in.always(Some(Fault::research(400, "invalid_params", "start_date is invalid")));
    let error = scene.first().await.expect_err("refused");
    assert!(matches!(&error, UpstreamError::Invalid { reason } if reason.contains("start_date")), "{error}");
    assert_eq!(scene.allowance.sends(), 2);
    scene.stand_in.always(None);
    let page = scene.first().await.expect("a page");
    assert!(page.left_out.is_empty(), "the fields were not at fault");
}

#[tokio::test]
async fn only_a_new_search_is_made_without_fields() {
    let scene = Scene::start(ResearchHabits::default()).await;
    let first = scene.first().await.expect("a page");
    scene.stand_in.always(Some(Fault::research(400, "invalid_params", "no such field")));
    let next = scene.page(may(1, 30), first.cursor, first.search_id.as_deref()).await;
    assert_eq!(next.expect_err("refused").name(), "invalid");
    assert_eq!(scene.allowance.sends(), 2);
}

#[tokio::test]
async fn with_nothing_to_leave_out_a_refusal_stands() {
    let mut scene = Scene::start(ResearchHabits::default()).await;
    scene.upstream = scene.upstream.with_fields(["view_count"]).expect("fields");
    scene.stand_in.always(Some(Fault::research(400, "invalid_params", "no such field")));
    assert_eq!(scene.first().await.expect_err("refused").name(), "invalid");
    assert_eq!(scene.allowance.sends(), 1);
}

#[tokio::test]
async fn the_old_spelling_of_saves_is_left_out_where_it_is_refused() {
    let mut scene = Scene::start(ResearchHabits::default()).await;
    scene.upstream = scene.upstream.with_fields(["view_count", "favourites_count"]).expect("fields");
    let page = scene.first().await.expect("a page");
    assert_eq!((page.left_out, page.videos.len()), (vec!["favourites_count".to_owned()], 80));
}

#[tokio::test]
async fn fields_that_are_missing_though_requested_are_unknown_and_ok_may_have_words() {
    let habits =
        ResearchHabits { no_new_fields_every: Some(3), ok_message: "ok.", ..ResearchHabits::default() };
    let scene = Scene::start(habits).await;
    let pages = scene.walk(may(1, 30)).await.expect("pages");
    let videos: Vec<_> = pages.iter().flat_map(|page| &page.videos).collect();
    let with_saves = videos.iter().filter(|video| video.counts.saves.is_some()).count();
    assert!(videos.len() == 200 && (1..200).contains(&with_saves), "{with_saves} of {}", videos.len());
    assert!(videos.iter().all(|video| video.counts.plays.is_some()), "old fields are all there");
    assert!(
        videos.iter().any(|video| video.details.is_ad) && videos.iter().any(|video| !video.details.is_ad)
    );
    assert!(pages.iter().all(|page| page.left_out.is_empty() && page.rejects.count() == 0));
}
