//! Builds the `{"data", "meta", "pagination", "billing"}` answers of free endpoints.

use super::measured::Pagination;
use crate::gate::reply::Content;
use crate::options::PublicUrl;
use crate::problem::Problem;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The `meta` of free endpoints, which is empty.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoMeta {}

/// Describes the answers of a path: `Name: Data`, or `with pages Name: Vec<Data>` for a page of a list.
macro_rules! answer {
    ($(#[$doc:meta])+ $name:ident: $data:ty) => {
        $(#[$doc])+
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $name {
            data: $data,
            meta: $crate::v1::json_reply::NoMeta,
            billing: $crate::gate::Billing,
        }
    };
    ($(#[$doc:meta])+ with pages $name:ident: $data:ty) => {
        $(#[$doc])+
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $name {
            data: $data,
            meta: $crate::v1::json_reply::NoMeta,
            pagination: $crate::v1::measured::Pagination,
            billing: $crate::gate::Billing,
        }
    };
}

pub(super) use answer;

/// The answer without its `billing`, which is the last member.
#[derive(Serialize)]
struct Envelope<'a, T> {
    data: &'a T,
    meta: NoMeta,
    #[serde(skip_serializing_if = "Option::is_none")]
    pagination: Option<Pagination>,
}

/// Builds a 200 response.
pub(super) fn ok(data: &impl Serialize) -> Result<Content, Problem> {
    open_envelope(data, None)
}

/// Builds a 200 response with a page of a list.
pub(super) fn page(data: &impl Serialize, pagination: Pagination) -> Result<Content, Problem> {
    open_envelope(data, Some(pagination))
}

/// Builds a response for what was created at `path`: 201, or 202 for a job that has not run yet.
pub(super) fn created(
    status: StatusCode,
    data: &impl Serialize,
    public_url: &PublicUrl,
    path: &str,
) -> Result<Content, Problem> {
    let mut content = ok(data)?;
    let location = public_url.link(path).try_into().map_err(Problem::internal)?;
    content.created = Some((status, location));
    Ok(content)
}

fn open_envelope(data: &impl Serialize, pagination: Option<Pagination>) -> Result<Content, Problem> {
    let envelope = Envelope { data, meta: NoMeta {}, pagination };
    let mut body = serde_json::to_vec(&envelope).map_err(Problem::internal)?;
    // The gate writes `billing` before the last brace.
    body.pop();
    Ok(Content::open_object(body).free_and_uncached())
}
