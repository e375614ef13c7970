//! Response headers in the API description: each is described once, and every response names those that it may carry.

use utoipa::openapi::header::Header;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response};

/// Responses that carry a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    /// All.
    Every,
    /// Responses of paths that need a key.
    WithKey,
    /// Responses of these statuses.
    Status(&'static [&'static str]),
    /// Answers that can be validated with `If-None-Match`, and 304.
    Validated,
    /// Large answers, and parts of them.
    Stored,
    /// Answers of the contract.
    Contract,
    /// Pages of lists.
    Page,
    /// Answers that may be files.
    File,
    /// Pages for a browser.
    Html,
    /// Pages of a link, and every answer of a feed.
    Link,
}

/// Name, type, description and place of each header.
const HEADERS: [(&str, Type, &str, On); 28] = [
    ("X-Request-Id", Type::String, "The id of this request in the server's log.", On::Every),
    ("X-Credits-Charged", Type::Integer, "Credits charged for this request.", On::Every),
    ("X-Credits-Remaining", Type::Integer, "The account's balance; absent without a valid key.", On::WithKey),
    (
        "RateLimit",
        Type::String,
        "Requests left (r) and seconds until all are back (t); absent without a limit.",
        On::WithKey,
    ),
    ("RateLimit-Policy", Type::String, "Requests (q) per window of seconds (w).", On::WithKey),
    ("X-RateLimit-Limit", Type::Integer, "Requests per minute.", On::WithKey),
    ("X-RateLimit-Remaining", Type::Integer, "Requests left now.", On::WithKey),
    ("X-RateLimit-Reset", Type::Integer, "Seconds until all requests are back.", On::WithKey),
    (
        "X-Count-Basis",
        Type::String,
        "Basis of each count, such as `view_count=reported; user_count=unknown`; in a list `mixed` where its rows differ. \
         An unknown count is 0.",
        On::Contract,
    ),
    (
        "X-Observed-At",
        Type::String,
        "Time of the reading (RFC 3339); of a list, that of its oldest row. `unknown` where no source states a time.",
        On::Contract,
    ),
    ("Age", Type::Integer, "Seconds since `X-Observed-At`; absent where that is unknown.", On::Contract),
    (
        "X-Stale",
        Type::String,
        "`true` on an answer older than requested: the upstream returned no newer one.",
        On::Contract,
    ),
    ("ETag", Type::String, "The answer's validator, for `If-None-Match`.", On::Validated),
    (
        "Accept-Ranges",
        Type::String,
        "`bytes` on an answer that is stored and can be resumed with `Range`.",
        On::Stored,
    ),
    (
        "X-Download-Node",
        Type::String,
        "The node that stores the answer: send requests that resume it there.",
        On::Stored,
    ),
    (
        "Content-Range",
        Type::String,
        "The range of bytes and the total; with 416 the total alone.",
        On::Status(&["206", "416"]),
    ),
    ("Link", Type::String, "`rel=\"next\"`: the next page; absent on the last one.", On::Page),
    ("Content-Disposition", Type::String, "The suggested file name, on answers that are files.", On::File),
    (
        "Location",
        Type::String,
        "Path of what was created, of the job, or of the page.",
        On::Status(&["201", "202", "303"]),
    ),
    ("Content-Security-Policy", Type::String, "The page loads nothing.", On::Html),
    (
        "Referrer-Policy",
        Type::String,
        "The address of the page is a secret, and is sent to nobody.",
        On::Link,
    ),
    ("X-Robots-Tag", Type::String, "`noindex`.", On::Link),
    ("X-Content-Type-Options", Type::String, "`nosniff`.", On::Link),
    ("X-Frame-Options", Type::String, "`DENY`, unless other sites may embed the page.", On::Html),
    ("Set-Cookie", Type::String, "Opens the share for an hour.", On::Status(&["303"])),
    (
        "Retry-After",
        Type::Integer,
        "Seconds after which the request may succeed.",
        On::Status(&["429", "502", "503", "504"]),
    ),
    ("WWW-Authenticate", Type::String, "How to send the key.", On::Status(&["401"])),
    ("Vary", Type::String, "The request headers that the answer depends on.", On::Every),
];

/// Describes every header.
pub(super) fn describe(components: &mut Components) {
    for (name, kind, description, _) in HEADERS {
        let mut header = Header::new(ObjectBuilder::new().schema_type(SchemaType::Type(kind)).build());
        header.description = Some(description.to_owned());
        components.headers.insert(name.to_owned(), header.into());
    }
}

/// Traits of an operation that decide which headers its responses carry.
pub(super) struct Traits {
    needs_key: bool,
    is_contract: bool,
    is_validated: bool,
    is_stored: bool,
    is_paged: bool,
    is_file: bool,
    is_html: bool,
    is_feed: bool,
}

impl Traits {
    pub(super) fn of(operation: &Operation, needs_key: bool) -> Self {
        let has = |name: &str| {
            let parameters = operation.parameters.iter().flatten();
            parameters.into_iter().any(|parameter| matches!(parameter, RefOr::T(p) if p.name == name))
        };
        let is_feed =
            operation.responses.responses.values().any(|response| is_of(response, "application/rss+xml"));
        let is_job = operation.responses.responses.contains_key("202");
        Self {
            needs_key,
            is_contract: operation.tags.iter().flatten().any(|tag| tag == "challenges"),
            is_validated: has("If-None-Match") || is_feed,
            is_stored: has("If-Range"),
            is_paged: has("cursor") && has("fields"),
            is_file: has("format") && !is_job,
            is_html: operation.responses.responses.values().any(|response| is_of(response, "text/html")),
            is_feed,
        }
    }
}

fn is_of(response: &RefOr<Response>, media_type: &str) -> bool {
    matches!(response, RefOr::T(response) if response.content.contains_key(media_type))
}

/// Adds the headers of a response of this status.
pub(super) fn add(response: &mut Response, status: &str, traits: &Traits) {
    let is_answer = matches!(status, "200" | "206" | "304");
    for (name, _, _, on) in HEADERS {
        let is_here = match on {
            On::Every => true,
            On::WithKey => traits.needs_key,
            On::Status(statuses) => statuses.contains(&status),
            On::Validated => traits.is_validated && is_answer,
            On::Stored => traits.is_stored && matches!(status, "200" | "206"),
            On::Contract => traits.is_contract && is_answer,
            On::Page => traits.is_paged && status == "200",
            On::File => traits.is_file && status == "200",
            On::Html => traits.is_html && matches!(status, "200" | "404" | "503"),
            On::Link => (traits.is_html && matches!(status, "200" | "404" | "503")) || traits.is_feed,
        };
        if is_here {
            let reference = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert(name.to_owned(), RefOr::Ref(reference));
        }
    }
}

/// Adds the headers of a response that several operations share: an error of a path that needs a key.
pub(super) fn add_to_shared(response: &mut Response, status: &str) {
    let traits = Traits {
        needs_key: true,
        is_contract: false,
        is_validated: false,
        is_stored: false,
        is_paged: false,
        is_file: false,
        is_html: false,
        is_feed: false,
    };
    add(response, status, &traits);
}
