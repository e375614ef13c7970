//! Feeds: saved questions that are answered to whoever has their link, from stored data alone and free of charge.
//!
//! Free answers must not replace paid calls: each format of a feed is rendered at most once in a quarter of an hour on a
//! node and served from memory between, requests for a feed and renderings of an account are capped, and rows are
//! limited. Questions are checked and answered in `v1/feeds`, which [`FeedCache`] gets as its renderer. Reading order:
//! `cache` and `caps`, `form`, then the forms `sheets` and `rss`.

mod cache;

mod caps;

mod form;

pub(crate) mod rss;

pub(crate) mod sheets;

pub(crate) use cache::{FeedCache, Rendered, Renderer, Served};
pub(crate) use form::Form;

use crate::errors::ErrorCode;
use crate::gate::quote::key_of_other_request;
use crate::problem::Problem;
use sharing::FeedError;

/// Converts an error of feeds.
pub(crate) fn problem(error: FeedError) -> Problem {
    let detail = error.to_string();
    match error {
        FeedError::Store(error) => error.into(),
        FeedError::NotFound => Problem::new(ErrorCode::FeedNotFound, detail),
        FeedError::Revoked => Problem::new(ErrorCode::FeedRevoked, detail),
        FeedError::TooMany => Problem::new(ErrorCode::LimitReached, detail),
        FeedError::KeyOfOtherRequest => key_of_other_request(),
        FeedError::Busy | FeedError::NoSecret => Problem::unavailable(detail),
    }
}
