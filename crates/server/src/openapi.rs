//! The part of the API description that belongs to no single path: title, keys, headers of every answer, and one
//! response per error code, which problem types point to.

use crate::errors::ErrorCode;
use crate::problem::type_of;
use std::collections::BTreeMap;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    OpenApi as Description, OpenApiVersion, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{IntoResponses, OpenApi, ToSchema};

/// What is put around the paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tagmeter",
        description = "TikTok hashtags measured from captures you hold. The four challenge endpoints are those of the \
            TikTok Hashtag API: a client of it works after changing its base URL. Paths are answered with and without \
            their last `/`. One credit is charged for each successful answer (200), exactly once; errors, misses and \
            304 are free. Not affiliated with TikTok.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/")),
    tags(
        (name = "challenges", description = "Hashtags, which TikTok calls challenges. One credit per successful answer."),
        (name = "measurement", description = "What is held, measured: histories, trends, benchmarks, related hashtags, comparisons, files. One credit per successful answer."),
        (name = "account", description = "The account and its credits. Free."),
        (name = "imports", description = "Files are uploaded, and imported in the background. Free; for keys of the scope `admin`."),
        (name = "walks", description = "A whole hashtag, walked through an upstream in the background. One credit per page."),
        (name = "operations", description = "For operators and tools. Free, no key."),
    ),
    components(schemas(ProblemObject)),
)]
struct Base;

/// An error (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "it describes what `problem` writes")]
pub(crate) struct ProblemObject {
    /// Where the error is explained.
    r#type: String,
    /// The error in short.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What was wrong and what would be right.
    detail: String,
    /// The error for programs.
    code: String,
    /// The same as `detail`.
    message: String,
    /// The name of this call in the server's log.
    request_id: String,
    /// The parameter that was wrong, where it was one.
    param: Option<String>,
}

/// How a paid request can end instead of with its answer.
pub(crate) struct PaidErrors;

/// Codes that a paid endpoint answers.
const PAID: [ErrorCode; 13] = [
    ErrorCode::MissingApiKey,
    ErrorCode::InvalidApiKey,
    ErrorCode::InsufficientCredits,
    ErrorCode::HashtagNotFound,
    ErrorCode::UrlTooLong,
    ErrorCode::InvalidParameter,
    ErrorCode::IdempotencyKeyReused,
    ErrorCode::RateLimited,
    ErrorCode::Internal,
    ErrorCode::Unavailable,
    ErrorCode::UpstreamError,
    ErrorCode::UpstreamUnavailable,
    ErrorCode::UpstreamTimeout,
];

/// How a request for or about a job can end instead of with its answer.
pub(crate) struct JobErrors;

/// Codes that `/v1` answers.
const OF_JOBS: [ErrorCode; 16] = [
    ErrorCode::InvalidBody,
    ErrorCode::MissingApiKey,
    ErrorCode::InvalidApiKey,
    ErrorCode::InsufficientCredits,
    ErrorCode::Forbidden,
    ErrorCode::ImportNotFound,
    ErrorCode::WalkNotFound,
    ErrorCode::BodyTooSlow,
    ErrorCode::NoUpstream,
    ErrorCode::BodyTooLarge,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::InvalidParameter,
    ErrorCode::IdempotencyKeyReused,
    ErrorCode::RateLimited,
    ErrorCode::Internal,
    ErrorCode::Unavailable,
];

/// How a question that is measured can end instead of with its answer.
pub(crate) struct MeasureErrors;

/// Codes of measurement beside those of every paid endpoint.
const OF_MEASUREMENT: [ErrorCode; 1] = [ErrorCode::NotAcceptable];

/// How what is free and needs a key can end instead of with its answer.
pub(crate) struct FreeErrors;

/// Codes of what is free.
const FREE: [ErrorCode; 6] = [
    ErrorCode::MissingApiKey,
    ErrorCode::InvalidApiKey,
    ErrorCode::InvalidParameter,
    ErrorCode::RateLimited,
    ErrorCode::Internal,
    ErrorCode::Unavailable,
];

impl IntoResponses for MeasureErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let codes: Vec<ErrorCode> = PAID.into_iter().chain(OF_MEASUREMENT).collect();
        with_not_modified(by_status(&codes))
    }
}

impl IntoResponses for FreeErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        by_status(&FREE)
    }
}

impl IntoResponses for JobErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        by_status(&OF_JOBS)
    }
}

fn by_status(codes: &[ErrorCode]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<ErrorCode>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.facts().status.as_str().to_owned()).or_default().push(*code);
    }
    let response = |codes: Vec<ErrorCode>| match codes.as_slice() {
        [code] => RefOr::Ref(Ref::from_response_name(code.facts().name)),
        codes => RefOr::T(problem_response(codes)),
    };
    by_status.into_iter().map(|(status, codes)| (status, response(codes))).collect()
}

impl IntoResponses for PaidErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        with_not_modified(by_status(&PAID))
    }
}

fn with_not_modified(mut responses: BTreeMap<String, RefOr<Response>>) -> BTreeMap<String, RefOr<Response>> {
    let not_modified = "You have this answer already (`If-None-Match`). Nothing is charged.";
    responses.insert("304".to_owned(), ResponseBuilder::new().description(not_modified).build().into());
    responses
}

/// Before the paths are added.
pub(crate) fn base() -> Description {
    let mut description = Base::openapi();
    description.openapi = OpenApiVersion::Version31;
    let components = description.components.get_or_insert_default();
    let key = ApiKeyValue::with_description("X-Api-Key", "The usual way.");
    components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(key)));
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    for code in ErrorCode::ALL {
        let response = problem_response(std::slice::from_ref(code));
        components.responses.insert(code.facts().name.to_owned(), response.into());
    }
    description
}

/// After the paths are added: what every answer of theirs has in common.
pub(crate) fn finish(mut description: Description) -> Description {
    for item in description.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
            finish_operation(operation);
        }
    }
    let components = description.components.get_or_insert_default();
    for response in components.responses.values_mut() {
        if let RefOr::T(response) = response {
            add_headers(response, true);
        }
    }
    for (name, kind, description, _) in HEADERS {
        let mut header = Header::new(ObjectBuilder::new().schema_type(SchemaType::Type(kind)).build());
        header.description = Some(description.to_owned());
        components.headers.insert(name.to_owned(), header.into());
    }
    description
}

fn finish_operation(operation: &mut Operation) {
    let needs_key = operation.security.is_some();
    let tag = operation.tags.iter().flatten().next().map(String::as_str);
    let headers = match tag {
        Some("challenges") => request_headers().to_vec(),
        Some("measurement") => measurement_parameters(operation.operation_id.as_deref().unwrap_or_default()),
        Some("imports" | "walks") if operation.request_body.is_some() => {
            vec![idempotency_header(REPEATABLE_JOB)]
        }
        _ => Vec::new(),
    };
    if !headers.is_empty() {
        operation.parameters.get_or_insert_default().extend(headers.into_iter().map(RefOr::T));
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            add_headers(response, needs_key);
        }
    }
}

/// What a paid request may say beside its query and its key.
fn request_headers() -> [Parameter; 4] {
    [
        idempotency_header(
            "A call repeated under the same key gets the same answer and is charged once. Kept for 24 hours.",
        ),
        header(
            "If-None-Match",
            "The `ETag` of an answer you have: if it is still good, 304 and no charge.",
            text(),
        ),
        header("Cache-Control", AGE_WANTED, text()),
        ParameterBuilder::new()
            .name("fresh")
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some("As fresh as it can be had: an upstream is asked, where one is configured."))
            .schema(Some(ObjectBuilder::new().schema_type(SchemaType::Type(Type::Boolean))))
            .build(),
    ]
}

/// Questions that ask for a hashtag's record first, as fresh as it is wanted, are all but these.
const OF_WHAT_IS_STORED: [&str; 2] = ["list_hashtags", "trending"];

/// What a question that is measured understands beside its own parameters, by its name: a list pages, a picture has no
/// fields, a file is not kept.
fn measurement_parameters(name: &str) -> Vec<Parameter> {
    let shape: &[&str] = match name {
        "list_hashtags" | "list_hashtag_videos" | "hashtag_creators" | "trending" => {
            &["limit", "cursor", "fields", "format", "bom"]
        }
        "related_hashtags" => &["limit", "fields", "format", "bom"],
        "hashtag_history" => &["cursor", "fields", "format", "bom"],
        "show_hashtag" | "hashtag_benchmark" | "compare_hashtags" => &["fields", "format", "bom"],
        _ => &[],
    };
    let is_heard = |parameter: &Parameter| match parameter.name.as_str() {
        "fresh" | "Cache-Control" => !OF_WHAT_IS_STORED.contains(&name),
        "Idempotency-Key" | "If-None-Match" => name != "export",
        other => shape.contains(&other),
    };
    request_headers().into_iter().chain(shape_parameters()).filter(is_heard).collect()
}

/// How an answer is shaped.
fn shape_parameters() -> Vec<Parameter> {
    let number = || ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer));
    let query = |name: &str, description: &str, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema))
            .build()
    };
    vec![
        query("limit", "Rows of a page, 1 to 100; 20 unless told otherwise.", number()),
        query(
            "cursor",
            "`pagination.next_cursor` of the page before; it belongs to one path, filter and order.",
            text(),
        ),
        query(
            "fields",
            "Only these fields of `data` (of each row, or columns of a file), separated by commas.",
            text(),
        ),
        query("format", "`json`, `ndjson`, `csv`, `xlsx` or `parquet`; `Accept` is heard too.", text()),
        query(
            "bom",
            "Whether a CSV file begins with the mark by which Excel knows UTF-8.",
            ObjectBuilder::new().schema_type(SchemaType::Type(Type::Boolean)),
        ),
    ]
}

/// Of what makes a job.
const REPEATABLE_JOB: &str = "A request repeated under the same key makes one job.";

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}

fn header(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn idempotency_header(description: &str) -> Parameter {
    header("Idempotency-Key", description, text().pattern(Some("^[!-~]{1,255}$")))
}

const AGE_WANTED: &str = "`max-age=SECONDS`: an upstream, where one is configured, is asked if what is stored is older. \
    `no-cache`: it is asked whatever the age. `only-if-cached`: it is not asked.";

/// Headers of our own: name, type, meaning, and whether they are on paid paths only.
const HEADERS: [(&str, Type, &str, bool); 11] = [
    ("X-Request-Id", Type::String, "The name of this call.", false),
    ("X-Credits-Charged", Type::Integer, "What this call cost.", false),
    ("X-Credits-Remaining", Type::Integer, "What the account holds; absent without a valid key.", true),
    (
        "RateLimit",
        Type::String,
        "Requests left (r) and seconds until all are back (t); absent without a limit.",
        true,
    ),
    ("RateLimit-Policy", Type::String, "Requests (q) per window of seconds (w).", true),
    ("X-RateLimit-Limit", Type::Integer, "Requests a minute.", true),
    ("X-RateLimit-Remaining", Type::Integer, "Requests left now.", true),
    ("X-RateLimit-Reset", Type::Integer, "Seconds until all are back.", true),
    ("Age", Type::Integer, "Seconds since it was read at its source; where an upstream is configured.", true),
    ("X-Observed-At", Type::String, "When it was read at its source; where an upstream is configured.", true),
    (
        "X-Stale",
        Type::String,
        "`true` on an answer that is older than wanted, as the upstream did not give a newer one.",
        true,
    ),
];

fn add_headers(response: &mut Response, is_paid: bool) {
    for (name, _, _, is_of_paid) in HEADERS {
        if is_paid || !is_of_paid {
            let reference = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert(name.to_owned(), RefOr::Ref(reference));
        }
    }
}

/// One status may stand for several codes.
fn problem_response(codes: &[ErrorCode]) -> Response {
    let told: Vec<String> = codes
        .iter()
        .map(|code| code.facts())
        .map(|f| format!("`{}`: {} {}", f.name, f.meaning, f.remedy))
        .collect();
    let content = codes.iter().fold(
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))),
        |content, code| {
            let example = ExampleBuilder::new().value(Some(example(*code))).build();
            content.examples_from_iter([(code.facts().name, example)])
        },
    );
    ResponseBuilder::new()
        .description(told.join("\n\n"))
        .content("application/problem+json", content.build())
        .build()
}

fn example(code: ErrorCode) -> serde_json::Value {
    let facts = code.facts();
    let mut example = serde_json::json!({
        "type": type_of(code),
        "title": facts.title,
        "status": facts.status.as_u16(),
        "detail": facts.meaning,
        "code": facts.name,
        "message": facts.meaning,
        "request_id": "018bcfe5-6800-7000-8000-000000000007",
    });
    if code == ErrorCode::InvalidParameter {
        example["param"] = "id".into();
    }
    example
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_description() {
        let (_, description) = crate::router::build();
        insta::assert_snapshot!(description.to_pretty_json().expect("JSON"));
    }

    #[test]
    fn every_problem_type_leads_to_its_explanation() {
        let (_, description) = crate::router::build();
        let json: serde_json::Value = serde_json::to_value(&description).expect("JSON");
        for code in ErrorCode::ALL {
            let kind = type_of(*code);
            let pointer = kind.strip_prefix("/openapi.json#").expect("a reference into the description");
            assert!(json.pointer(pointer).is_some(), "{kind} leads nowhere");
        }
    }
}
