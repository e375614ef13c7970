//! Free endpoints: the scope of the key, the query, then the work.

use super::reply::{Content, Reply};
use super::serve::{AuthenticatedRequest, Endpoint, ResponseMetadata};
use crate::app::App;
use crate::negotiation::{self, Strictness};
use crate::problem::{Problem, Style};
use axum::body::Body;
use domain::{Credits, KeyScope};
use std::future::Future;

/// A call to a free endpoint.
pub(super) struct FreeCall<W> {
    /// The scope that its key needs.
    pub(super) scope: KeyScope,
    /// Media types of its answers.
    pub(super) media_types: &'static [&'static str],
    /// Makes its answer.
    pub(super) work: W,
}

impl<W, F> Endpoint for FreeCall<W>
where
    W: FnOnce(AuthenticatedRequest, Body) -> F + Send,
    F: Future<Output = Result<Content, Problem>> + Send,
{
    const IS_PAID: bool = false;

    fn error_style(_: &App) -> Style<'_> {
        Style::Problem
    }

    async fn answer(
        self,
        request: AuthenticatedRequest,
        body: Body,
        _: &mut ResponseMetadata,
        _: &mut Credits,
    ) -> Result<Reply, Problem> {
        request.caller.allow(self.scope)?;
        let parts = &request.parts;
        if let Some(route) = &request.call.route {
            route.check_query(&parts.method, parts.uri.query().unwrap_or(""))?;
        }
        negotiation::check(&parts.headers, self.media_types, Strictness::Named)?;
        Ok(Reply::free((self.work)(request, body).await?))
    }
}
