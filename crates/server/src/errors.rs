//! The error catalogue: status, title, meaning and remedy of every error code.

use http::StatusCode;

/// The original's format of an error, for [`crate::Options::legacy_errors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Legacy {
    /// 200 and `{"message": ...}`: account errors.
    Account(&'static str),
    /// 200 and `{"status":"error","message": ...}` with this text.
    Request(&'static str),
    /// 200 and `{"status":"error","message": ...}` with the problem's detail.
    RequestDetail,
    /// A problem, as on other paths.
    AsProblem,
}

/// Placeholder in a legacy text for [`crate::Options::sign_up_site`].
pub(crate) const SITE: &str = "<site>";

/// Facts about an error code.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) meaning: &'static str,
    /// Advice to the caller.
    pub(crate) remedy: &'static str,
    pub(crate) legacy: Legacy,
}

macro_rules! errors {
    ($($code:ident $name:literal $status:ident $title:literal $legacy:expr, $meaning:literal, $remedy:literal;)*) => {
        /// `code` of an error, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum ErrorCode {
            $(#[doc = $meaning] $code,)*
        }

        impl ErrorCode {
            /// Every code.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$code),*];

            /// Returns its entry in the catalogue.
            pub(crate) const fn facts(self) -> &'static Facts {
                match self {
                    $(Self::$code => &Facts {
                        name: $name, status: StatusCode::$status, title: $title, meaning: $meaning,
                        remedy: $remedy, legacy: $legacy,
                    },)*
                }
            }
        }
    };
}

errors! {
    MissingApiKey "missing_api_key" UNAUTHORIZED "No API key" Legacy::Account("Please sign up to <site>"),
        "The request carries no key. Send it as `X-Api-Key`, as `Authorization: Bearer` or as the password of `Authorization: Basic`; a key in the query is not read.",
        "Send your key in the header `X-Api-Key`. `tagmeter key create` makes one.";
    InvalidApiKey "invalid_api_key" UNAUTHORIZED "Invalid API key" Legacy::Account("Api-Key is not available"),
        "The key is unknown, mistyped or revoked.",
        "Compare the key with the one you were given, or ask the server's owner for a new one: a key is shown once, when it is made.";
    ConflictingApiKeys "conflicting_api_keys" BAD_REQUEST "Two different API keys" Legacy::AsProblem,
        "The request carries two API keys that differ, in `X-Api-Key`, `Authorization` or both. Nothing was charged.",
        "Send one key, in one header. A proxy that adds credentials of its own must not pass them on.";
    InsufficientCredits "insufficient_credits" PAYMENT_REQUIRED "No credits left"
        Legacy::Account("Your credit balance is exhausted. Please purchase more credits."),
        "The account's balance does not cover the call. Nothing was charged.",
        "Have credits added to the account (`tagmeter account grant`), then send the same request again. `GET /v1/balance` returns the balance.";
    RateLimited "rate_limited" TOO_MANY_REQUESTS "Too many requests" Legacy::AsProblem,
        "The key has used up its requests for now; `Retry-After` says in how many seconds one is accepted again.",
        "Wait for the seconds that `Retry-After` names. `RateLimit` on every answer has the number of requests left.";
    InvalidParameter "invalid_parameter" UNPROCESSABLE_ENTITY "Invalid parameter" Legacy::RequestDetail,
        "A parameter is missing or invalid; `param` names it.",
        "Correct the parameter that `param` names; `detail` says what would be right.";
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY "Idempotency-Key used for another request"
        Legacy::RequestDetail,
        "The `Idempotency-Key` was sent before with another path, query, body or format (`Accept`). Use a new key for a new request.",
        "Generate a new key, or send the request as it was the first time.";
    Forbidden "forbidden" FORBIDDEN "Not allowed with this key" Legacy::AsProblem,
        "The key is valid but lacks the scope that this call needs.",
        "Use a key of the scope that `detail` names. `tagmeter key create` makes one of the scope `call`, with `--admin` one for uploads too; one with `--read-only` spends and changes nothing.";
    InvalidBody "invalid_body" BAD_REQUEST "The body cannot be read" Legacy::AsProblem,
        "The body is not valid for this path, or is incomplete.",
        "Send the whole body as `/openapi.json` describes it.";
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large" Legacy::AsProblem,
        "The body has more bytes than this path accepts.",
        "Send less at once, or a compressed file (`.gz`, `.zst`).";
    BodyTooSlow "body_too_slow" REQUEST_TIMEOUT "The body came too slowly" Legacy::AsProblem,
        "The body did not arrive in the time allowed.",
        "Send it over a faster connection, or in smaller files.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE "The body is of another type" Legacy::AsProblem,
        "The path does not accept a body of this `Content-Type`; `detail` says which it accepts.",
        "Send JSON with `Content-Type: application/json`, and files as they are: `curl --data-binary @file` or `curl -T file`.";
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE "Not answered in this form" Legacy::AsProblem,
        "`Accept` or `Accept-Encoding` accepts none of the representations of this answer.",
        "Leave the header out, or name one of those that `detail` lists.";
    ImportNotFound "import_not_found" NOT_FOUND "Unknown import" Legacy::AsProblem,
        "The account has no import with this id.",
        "Take the id from `Location` of the upload, or from `GET /v1/imports` with a key of the same account.";
    WalkNotFound "walk_not_found" NOT_FOUND "Unknown walk" Legacy::AsProblem,
        "The account has no walk with this id.",
        "Take the id from `Location` of the walk, or from `GET /v1/walks` with a key of the same account.";
    TrackerNotFound "tracker_not_found" NOT_FOUND "Unknown tracker" Legacy::AsProblem,
        "The account has no tracker with this id.",
        "Take the id from `Location` of the tracker, or from `GET /v1/trackers` with a key of the same account.";
    AlertNotFound "alert_not_found" NOT_FOUND "Unknown alert" Legacy::AsProblem,
        "The account has no alert with this id.",
        "Take the id from `Location` of the alert, or from `GET /v1/alerts` with a key of the same account.";
    WebhookNotFound "webhook_not_found" NOT_FOUND "Unknown webhook" Legacy::AsProblem,
        "The account has no webhook or other destination with this id.",
        "Take the id from `Location` of the webhook, or from `GET /v1/webhooks` with a key of the same account.";
    AnnotationNotFound "annotation_not_found" NOT_FOUND "Unknown annotation" Legacy::AsProblem,
        "The account has no annotation with this id, and no event of the platform has this name.",
        "Take the id from `Location` of the annotation, or from `GET /v1/annotations` with a key of the same account.";
    CampaignNotFound "campaign_not_found" NOT_FOUND "Unknown campaign" Legacy::AsProblem,
        "The account has no campaign with this id or name.",
        "Take the id from `Location` of the campaign, or id or name from `GET /v1/campaigns` with a key of the same account.";
    CampaignExists "campaign_exists" CONFLICT "Name taken" Legacy::AsProblem,
        "The account has another campaign with this name.",
        "Give another name, or change the campaign that has it by `PATCH /v1/campaigns/{name}`.";
    ScheduleNotFound "schedule_not_found" NOT_FOUND "Unknown schedule" Legacy::AsProblem,
        "The account has no schedule with this id.",
        "Take the id from `Location` of the schedule, or from `GET /v1/schedules` with a key of the same account.";
    ShareNotFound "share_not_found" NOT_FOUND "Unknown share" Legacy::AsProblem,
        "The account has no share with this id.",
        "Take the id from `Location` of the share, or from `GET /v1/shares` with a key of the same account. The token of a link is no id.";
    ShareRevoked "share_revoked" CONFLICT "Share revoked" Legacy::AsProblem,
        "The share was revoked, which is for good: its report is deleted.",
        "Create another share and send its link.";
    FeedNotFound "feed_not_found" NOT_FOUND "Unknown feed" Legacy::AsProblem,
        "The account has no feed with this id.",
        "Take the id from `Location` of the feed, or from `GET /v1/feeds` with a key of the same account. The token of a link is no id.";
    FeedRevoked "feed_revoked" CONFLICT "Feed revoked" Legacy::AsProblem,
        "The feed was revoked, which is for good: it gets no new links.",
        "Create another feed of the same question and replace its links where they are used.";
    LimitReached "limit_reached" CONFLICT "Limit reached" Legacy::AsProblem,
        "The account has as many of these as it may; `detail` says how many.",
        "Delete one that is no longer needed, or add to one that exists.";
    NoUpstream "no_upstream" CONFLICT "No upstream" Legacy::AsProblem,
        "The request needs an upstream, and none is configured here.",
        "The server's owner adds an `[[upstream]]` of the kind `contract` to the settings.";
    HashtagNotFound "hashtag_not_found" NOT_FOUND "Unknown hashtag" Legacy::Request("Not found challenge"),
        "No hashtag with this id or name is stored. Nothing was charged.",
        "Look for it with `/search-challenge/` or `GET /v1/hashtags?query=`; import it, or configure an upstream that knows it.";
    InsufficientHistory "insufficient_history" UNPROCESSABLE_ENTITY "Too few readings" Legacy::AsProblem,
        "The stored readings of the hashtag are too few for a preview of an alert: 14 are needed, and as many that give a number where the threshold is to be found.",
        "`detail` has the day from which a preview works at the present distance of readings. Import older readings, or choose a shorter `window`.";
    DownloadExpired "download_expired" GONE "Nothing to continue" Legacy::AsProblem,
        "The rest of an answer was requested that the server does not store: answers are stored for an hour unless configured otherwise, on the node that made them.",
        "Send the request to the node that `X-Download-Node` named, or again without `Range`: that is a new answer, which is charged. Nothing was charged for this request.";
    DownloadOnOtherNode "download_on_other_node" MISDIRECTED_REQUEST "The file is on another node" Legacy::AsProblem,
        "`If-Range`, `If-Match` or `Idempotency-Key` names an answer that was paid for and is stored on another node; `detail` names the node, as `X-Download-Node` did. Nothing was charged.",
        "Send the same request to that node. Without `If-Range`, `If-Match` and `Idempotency-Key` there is a new answer here, which is charged.";
    PreconditionFailed "precondition_failed" PRECONDITION_FAILED "No answer with this ETag" Legacy::AsProblem,
        "No stored answer to this question has an `ETag` that `If-Match` names.",
        "Leave `If-Match` out for a new answer, which is charged.";
    RangeNotSatisfiable "range_not_satisfiable" RANGE_NOT_SATISFIABLE "Range after the end" Legacy::AsProblem,
        "The range begins after the last byte; `Content-Range` says how many bytes there are.",
        "Compare the size of your file with `Content-Range`: if they are equal, it is whole.";
    UnknownPath "unknown_path" NOT_FOUND "Unknown path" Legacy::AsProblem,
        "No endpoint has this path; `/openapi.json` lists all.",
        "Compare the path with those in `/openapi.json`.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "Method not allowed" Legacy::AsProblem,
        "The path is answered for the methods in `Allow` only.",
        "Use a method that the header `Allow` names.";
    MalformedRequest "malformed_request" BAD_REQUEST "Malformed request" Legacy::AsProblem,
        "The request is not valid HTTP/1.1: its request line, a header, or a missing or repeated `Host`.",
        "Send the request with an HTTP library, or as RFC 9112 defines it; `detail` says what was wrong.";
    HeadersTooLarge "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE "Headers too large" Legacy::AsProblem,
        "Request line and headers have at most 16384 bytes, in at most 100 headers.",
        "Send fewer or smaller headers: cookies and tokens of other services are not needed here.";
    HeadersTooSlow "headers_too_slow" REQUEST_TIMEOUT "Headers too slow" Legacy::AsProblem,
        "Request line and headers did not arrive in the time allowed.",
        "Send the request again, its headers at once.";
    UrlTooLong "url_too_long" URI_TOO_LONG "URL too long" Legacy::AsProblem,
        "Path and query have at most 8192 bytes.",
        "Request less at once.";
    Internal "internal_error" INTERNAL_SERVER_ERROR "Internal error" Legacy::AsProblem,
        "Something is wrong on this server; its log has the cause under the request id.",
        "Send the server's owner the request id: the log has the cause. Nothing was charged.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Not available at the moment" Legacy::AsProblem,
        "The server could not answer just now; the same request may go through later.",
        "Send the same request again after the seconds that `Retry-After` names. Nothing was charged.";
    UpstreamError "upstream_error" BAD_GATEWAY "The upstream failed" Legacy::AsProblem,
        "Nothing is stored for this, and the upstream's answer cannot be used. Nothing was charged.",
        "Send the same request again later. `tagmeter doctor` shows the server's owner what is wrong with the upstream.";
    UpstreamUnavailable "upstream_unavailable" SERVICE_UNAVAILABLE "The upstream cannot be asked" Legacy::AsProblem,
        "Nothing is stored for this, and the upstream cannot be called at the moment. Nothing was charged.",
        "Send the same request again after the seconds that `Retry-After` names: calls pause after failures, or the daily budget of the upstream is used up.";
    UpstreamTimeout "upstream_timeout" GATEWAY_TIMEOUT "The upstream did not answer in time" Legacy::AsProblem,
        "Nothing is stored for this, and the upstream did not answer in time. Nothing was charged.",
        "Send the same request again: an answer that came late is stored by then.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;
    use std::path::PathBuf;

    /// Renders the page of a code.
    fn page(code: ErrorCode) -> String {
        let Facts { name, status, title, meaning, remedy, .. } = code.facts();
        format!(
            "# {title}\n\n`{name}`, HTTP {}\n\n{meaning}\n\n**What to do:** {remedy}\n\nEvery error is `application/problem+json` \
             (RFC 9457) with `code`, `detail`, `request_id` and, where a parameter was wrong, `param`. An error is never \
             charged. [All codes](README.md)\n",
            status.as_u16()
        )
    }

    fn table() -> String {
        let mut table = "# Errors\n\nOne table for all paths. Programs read `code`; `detail` says what was wrong and what would be \
             right. No error is charged.\n\n| code | HTTP | meaning |\n|---|---|---|\n"
            .to_owned();
        for code in ErrorCode::ALL {
            let Facts { name, status, meaning, .. } = code.facts();
            writeln!(table, "| [`{name}`]({name}.md) | {} | {meaning} |", status.as_u16()).expect("memory");
        }
        table
    }

    /// The pages are made from the table: with `TAGMETER_WRITE_DOCS=1` this writes them.
    #[test]
    fn every_code_has_its_page() {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors"));
        let mut pages = vec![("README.md".to_owned(), table())];
        pages.extend(ErrorCode::ALL.iter().map(|code| (format!("{}.md", code.facts().name), page(*code))));
        if std::env::var_os("TAGMETER_WRITE_DOCS").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            for (name, text) in &pages {
                std::fs::write(folder.join(name), text).expect("written");
            }
        }
        for (name, text) in &pages {
            let stored = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert_eq!(
                &stored, text,
                "docs/errors/{name}: TAGMETER_WRITE_DOCS=1 cargo test -p server every_code renews it"
            );
        }
        let stored = std::fs::read_dir(&folder).expect("a folder").count();
        assert_eq!(stored, pages.len(), "remove the page of a code that no longer exists");
    }

    #[test]
    fn names_differ_and_clients_can_classify_legacy_texts() {
        let names: std::collections::HashSet<_> = ErrorCode::ALL.iter().map(|c| c.facts().name).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for code in ErrorCode::ALL {
            assert!(code.facts().status.is_client_error() || code.facts().status.is_server_error());
            let Legacy::Account(text) = code.facts().legacy else { continue };
            let text = text.to_lowercase();
            // The two patterns that clients match: /api.?key|sign up|unauthor/ and /balance|exhausted|purchase|credit|quota/.
            let is_auth =
                ["apikey", "api-key", "api key", "sign up", "unauthor"].iter().any(|w| text.contains(w));
            let is_credit =
                ["balance", "exhausted", "purchase", "credit", "quota"].iter().any(|w| text.contains(w));
            assert_eq!(
                (is_auth, is_credit),
                if *code == ErrorCode::InsufficientCredits { (false, true) } else { (true, false) }
            );
        }
    }
}
