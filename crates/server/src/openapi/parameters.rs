//! Parameters in the API description that many endpoints share: freshness, shape, pages, ranges, idempotency
//! keys.

use super::schemas::{boolean, integer, text};
use crate::errors::ErrorCode;
use crate::paging::Paging;
use strum::VariantArray;
use tables::Format;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{RefOr, Required};

/// Adds the shared parameters of an operation.
pub(super) fn add(operation: &mut Operation) {
    let tag = operation.tags.iter().flatten().next().map(String::as_str);
    let more = match tag {
        Some("challenges") => request_headers().to_vec(),
        Some("measurement") => {
            let is_freshness = |one: &Parameter| matches!(one.name.as_str(), "fresh" | "Cache-Control");
            let may_fetch = may_fetch(operation);
            let understood = request_headers().into_iter().filter(|one| may_fetch || !is_freshness(one));
            understood.chain(range_headers()).collect()
        }
        Some("imports" | "walks") if operation.request_body.is_some() => {
            vec![idempotency_header("Requests repeated under the same key create one job.")]
        }
        Some("trackers") if operation.operation_id.as_deref() == Some("create_tracker") => {
            vec![idempotency_header("Requests repeated under the same key create one tracker.")]
        }
        Some("campaigns") if operation.operation_id.as_deref() == Some("create_campaign") => {
            vec![idempotency_header("Requests repeated under the same key create one campaign.")]
        }
        _ => Vec::new(),
    };
    if !more.is_empty() {
        operation.parameters.get_or_insert_default().extend(more.into_iter().map(RefOr::T));
    }
}

/// Returns the shared parameters of a question with this paging.
pub(crate) fn of_question(paging: Paging) -> impl Iterator<Item = Parameter> {
    let (limit, most) = paging.limits();
    let rows = |limit: Option<u32>, most: u32| {
        integer().minimum(Some(1)).maximum(Some(most)).default(limit.map(Into::into))
    };
    let mut all = Vec::new();
    if paging != Paging::None {
        all.push(query("limit", "Rows per page.", rows(Some(limit), most)));
    }
    if let Paging::Pages { older_name, .. } = paging {
        let older = "The older name of `limit`, which takes precedence.";
        all.extend(older_name.map(|(name, most)| query(name, older, rows(None, most))));
        all.push(query(
            "cursor",
            "`pagination.next_cursor` of the previous page. Valid for one account, path, filter and order.",
            text().pattern(Some("^([0-9a-f]{64})?$")),
        ));
    }
    all.into_iter().chain(shape_parameters())
}

/// Returns true if an operation may fetch from an upstream.
fn may_fetch(operation: &Operation) -> bool {
    let status = ErrorCode::UpstreamError.facts().status;
    operation.responses.responses.contains_key(status.as_str())
}

/// Parameters of every paid request.
fn request_headers() -> [Parameter; 4] {
    [
        idempotency_header(
            "A request repeated under the same key gets the same answer and is charged once. Stored for 24 hours.",
        ),
        header(
            "If-None-Match",
            "The `ETag` of an answer that you have: 304 and no charge while it is current.",
            text(),
        ),
        header(
            "Cache-Control",
            "`max-age=SECONDS` fetches from the upstream, where one is configured, if the stored answer is older. \
             `no-cache` always fetches, `only-if-cached` never.",
            text(),
        ),
        query(
            "fresh",
            "Fetches a fresh answer from the upstream, where one is configured.",
            boolean().default(Some(false.into())),
        ),
    ]
}

/// Headers that request a stored answer or its rest.
fn range_headers() -> [Parameter; 3] {
    [
        header(
            "Range",
            "`bytes=N-`: the rest of a large answer that is stored for the account, free of charge. Small answers ignore \
             it.",
            text(),
        ),
        header("If-Range", "With `Range`: the `ETag` of the answer that the part belongs to.", text()),
        header(
            "If-Match",
            "Only the stored answer with this `ETag`, free of charge; 412 if there is none.",
            text(),
        ),
    ]
}

/// Parameters that shape an answer.
fn shape_parameters() -> [Parameter; 3] {
    [
        query(
            "fields",
            "Returns only these fields of `data` (of each row; columns of a file), separated by commas.",
            text(),
        ),
        query(
            "format",
            "The answer's format; overrides `Accept`. Without either the answer is JSON.",
            text().enum_values(Some(Format::VARIANTS.iter().map(|format| format.name()))),
        ),
        query(
            "bom",
            "Starts a CSV file with a byte order mark, by which Excel recognizes UTF-8.",
            boolean().default(Some(false.into())),
        ),
    ]
}

fn query(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    optional(ParameterIn::Query, name, description, schema)
}

fn header(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    optional(ParameterIn::Header, name, description, schema)
}

fn optional(place: ParameterIn, name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn idempotency_header(description: &str) -> Parameter {
    header("Idempotency-Key", description, text().pattern(Some("^[!-~]{1,255}$")))
}
