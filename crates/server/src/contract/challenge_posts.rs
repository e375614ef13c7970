//! `GET /challenge-posts/?challenge_id=7551&count=30&cursor=0&region=`: the videos under a hashtag, page by page.

use super::video::VideoObject;
use super::{Endpoint, not_found};
use crate::app::App;
use crate::gate::serve;
use crate::openapi::PaidErrors;
use crate::problem::Problem;
use crate::query::Query;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use catalog::{
    Answers, CachedResponse, CatalogError, FreshnessRequirement, HashtagRef, WalkPage, WalkRequest,
};
use domain::{HashtagId, Operation, Region, WalkCursor};
use http::Response;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Query parameters.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChallengePosts {
    /// TikTok's challenge id, or an assigned one.
    #[param(value_type = String, example = "7551", pattern = "^[0-9]{1,19}$")]
    challenge_id: HashtagId,
    /// Videos per page. Values outside the bounds are clamped, not refused.
    #[param(value_type = i64, default = 10, example = 30, minimum = 1, maximum = 35, required = false)]
    count: u32,
    /// 0 for the first page, then the `cursor` of the previous page while its `hasMore` is true.
    #[param(value_type = i64, default = 0, example = 0, minimum = 0, maximum = 9_007_199_254_740_991_i64, required = false)]
    cursor: WalkCursor,
    /// Only videos of this country, two letters; empty for all.
    #[param(value_type = String, example = "US", required = false, pattern = "^([A-Za-z]{2})?$")]
    region: Option<Region>,
}

/// A page of videos.
#[derive(ToSchema)]
#[schema(as = ChallengePosts)]
struct PostsPage<'a> {
    /// Most plays first; every page is full until the last.
    #[schema(value_type = Vec<VideoObject>)]
    videos: &'a [Bytes],
    /// For the next page; grows while `hasMore` is true.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    cursor: u64,
    /// True if there is a next page, which then is not empty.
    #[schema(rename = "hasMore")]
    has_more: bool,
}

/// First bytes of a page, and of a page without videos.
const BEGIN: &[u8] = b"{\"videos\":[";
const EMPTY: &[u8] = b"{\"videos\":[]";

impl Endpoint for ChallengePosts {
    const OPERATION: Operation = Operation::ChallengePosts;

    fn read(query: &Query<'_>) -> Result<Self, Problem> {
        let challenge_id = query.id("challenge_id")?;
        let cursor = WalkCursor::from_wire(query.cursor()?)
            .ok_or_else(|| unknown_cursor(&CatalogError::CursorUnknown))?;
        Ok(Self { challenge_id, count: query.count()?, cursor, region: query.region()? })
    }

    fn is_empty(body: &[u8]) -> bool {
        body.starts_with(EMPTY)
    }

    async fn answer(
        self,
        answers: &Answers,
        freshness: FreshnessRequirement,
    ) -> Result<CachedResponse, Problem> {
        let Self { challenge_id, count, cursor, region } = self;
        let (reference, request) = (HashtagRef::Id(challenge_id), WalkRequest { cursor, count, region });
        let page = answers.posts(&reference, request, freshness).await.map_err(|error| match error {
            CatalogError::CursorUnknown => unknown_cursor(&error),
            error => error.into(),
        })?;
        page.ok_or_else(|| not_found(&reference))
    }
}

fn unknown_cursor(error: &CatalogError) -> Problem {
    Problem::parameter("cursor", error.to_string())
}

/// Renders a page.
pub(super) fn render(page: &WalkPage) -> Vec<u8> {
    PostsPage { videos: &page.videos, cursor: page.cursor.to_wire(), has_more: page.has_more }.to_json()
}

impl PostsPage<'_> {
    /// Joins the videos, whose JSON is ready.
    fn to_json(&self) -> Vec<u8> {
        let videos_bytes: usize = self.videos.iter().map(|video| video.len() + 1).sum();
        let mut body = Vec::with_capacity(videos_bytes + 64);
        body.extend_from_slice(BEGIN);
        for (index, video) in self.videos.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(video);
        }
        body.extend_from_slice(b"],\"cursor\":");
        body.extend_from_slice(itoa::Buffer::new().format(self.cursor).as_bytes());
        body.extend_from_slice(if self.has_more { b",\"hasMore\":true}" } else { b",\"hasMore\":false}" });
        body
    }
}

/// The videos under a hashtag
///
/// A walk from `cursor=0` returns every video stored at its start exactly once, whatever is imported meanwhile.
/// Costs one credit per page; a page without videos is free.
#[utoipa::path(
    get,
    path = "/challenge-posts/",
    operation_id = "challenge_posts",
    tag = "challenges",
    params(ChallengePosts),
    responses((status = 200, description = "A page of videos", body = PostsPage), PaidErrors),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<ChallengePosts>(app, request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::COUNT_DEFAULT;

    #[test]
    fn empty_parameters_are_as_if_not_given() {
        let read = |query| ChallengePosts::read(&Query::new(query)).expect("a request");
        let bare = read("challenge_id=7551");
        assert_eq!((bare.cursor, bare.count, bare.region), (WalkCursor::START, COUNT_DEFAULT, None));
        assert_eq!(read("challenge_id=7551&count=&cursor=&region="), bare);
        let full = read("challenge_id=7551&count=99&cursor=134217763&region=de");
        assert_eq!((full.count, full.cursor.to_wire(), full.region), (35, 134_217_763, "DE".parse().ok()));
    }

    #[test]
    fn each_bad_parameter_is_named() {
        for (query, param) in [
            ("", "challenge_id"),
            ("challenge_id=cat", "challenge_id"),
            ("challenge_id=7551&count=x", "count"),
            ("challenge_id=7551&cursor=-1", "cursor"),
            ("challenge_id=7551&cursor=9007199254740992", "cursor"),
            ("challenge_id=7551&region=usa", "region"),
        ] {
            assert_eq!(
                ChallengePosts::read(&Query::new(query)).expect_err(query).param(),
                Some(param),
                "{query}"
            );
        }
    }

    #[test]
    fn pages_with_and_without_videos_are_rendered() {
        let page = |videos: &[&'static str], has_more| WalkPage {
            videos: videos.iter().map(|video| Bytes::from_static(video.as_bytes())).collect(),
            cursor: WalkCursor::new(1, 2).expect("a cursor"),
            has_more,
            stored: 3,
            provenance: catalog::Provenance::of_videos(&[]),
        };
        let text = |page: WalkPage| String::from_utf8(render(&page)).expect("UTF-8");
        assert_eq!(
            text(page(&["{\"a\":1}", "{\"a\":2}"], true)),
            r#"{"videos":[{"a":1},{"a":2}],"cursor":134217730,"hasMore":true}"#
        );
        assert!(ChallengePosts::is_empty(&render(&page(&[], false))));
        assert!(!ChallengePosts::is_empty(&render(&page(&["{}"], false))));
        assert_eq!(text(page(&[], false)), r#"{"videos":[],"cursor":134217730,"hasMore":false}"#);
    }
}
