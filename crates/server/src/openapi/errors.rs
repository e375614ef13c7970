//! Errors in the API description: one response per code that problem types point to, and which codes
//! each kind of endpoint answers.

use crate::errors::ErrorCode;
use crate::problem::ProblemBody;
use std::collections::BTreeMap;
use utoipa::IntoResponses;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{Ref, RefOr, Response, ResponseBuilder};

/// Codes of every path.
const EVERYWHERE: &[ErrorCode] = &[
    ErrorCode::MalformedRequest,
    ErrorCode::InvalidBody,
    ErrorCode::NotAcceptable,
    ErrorCode::HeadersTooSlow,
    ErrorCode::UrlTooLong,
    ErrorCode::HeadersTooLarge,
];

/// Codes of every path that needs a key.
const WITH_KEY: &[ErrorCode] = &[
    ErrorCode::MissingApiKey,
    ErrorCode::InvalidApiKey,
    ErrorCode::ConflictingApiKeys,
    ErrorCode::Forbidden,
    ErrorCode::InvalidParameter,
    ErrorCode::RateLimited,
    ErrorCode::Internal,
    ErrorCode::Unavailable,
];

/// Codes of every path that costs credits.
const PAID: &[ErrorCode] = &[ErrorCode::InsufficientCredits, ErrorCode::IdempotencyKeyReused];

/// Codes of paths that may fetch from an upstream.
const UPSTREAM: &[ErrorCode] =
    &[ErrorCode::UpstreamError, ErrorCode::UpstreamUnavailable, ErrorCode::UpstreamTimeout];

/// Codes of paths whose large answers are stored and can be resumed.
const STORED: &[ErrorCode] = &[
    ErrorCode::DownloadExpired,
    ErrorCode::DownloadOnOtherNode,
    ErrorCode::PreconditionFailed,
    ErrorCode::RangeNotSatisfiable,
];

/// Codes of requests with a JSON body.
const WITH_BODY: &[ErrorCode] =
    &[ErrorCode::BodyTooSlow, ErrorCode::BodyTooLarge, ErrorCode::UnsupportedMediaType];

macro_rules! error_sets {
    ($($(#[$doc:meta])* $name:ident: [$($codes:expr),*] $($more:ident)*;)*) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    #[allow(unused_mut, clippy::allow_attributes, reason = "not every set has more than errors")]
                    let mut responses = by_status(&[EVERYWHERE, $($codes),*]);
                    $(responses.extend($more());)*
                    responses
                }
            }
        )*
    };
}

error_sets! {
    /// Errors of paths that need no key.
    OpenErrors: [];
    /// Errors of free paths that need a key.
    FreeErrors: [WITH_KEY];
    /// Errors of a paid look-up.
    PaidErrors: [WITH_KEY, PAID, UPSTREAM, &[ErrorCode::HashtagNotFound]] not_modified;
    /// Errors of a paid search: a search without results is an answer.
    SearchErrors: [WITH_KEY, PAID, UPSTREAM] not_modified;
    /// Errors of a measurement of named hashtags.
    MeasureErrors: [WITH_KEY, PAID, UPSTREAM, STORED, &[ErrorCode::HashtagNotFound]] not_modified partial;
    /// Errors of a picture.
    ChartErrors: [WITH_KEY, PAID, UPSTREAM, STORED, &[ErrorCode::HashtagNotFound]] not_modified partial;
    /// Errors of a measured list, which names no hashtag and does not fetch.
    ListErrors: [WITH_KEY, PAID, STORED] not_modified partial;
    /// Errors of an export.
    ExportErrors:
        [WITH_KEY, PAID, UPSTREAM, STORED, &[ErrorCode::HashtagNotFound]] not_modified partial;
    /// Errors of an upload.
    UploadErrors: [WITH_KEY, WITH_BODY, &[ErrorCode::IdempotencyKeyReused]];
    /// Errors of the list of imports.
    ImportsErrors: [WITH_KEY];
    /// Errors of one import.
    ImportErrors: [WITH_KEY, &[ErrorCode::ImportNotFound]];
    /// Errors of starting a walk.
    StartWalkErrors: [WITH_KEY, WITH_BODY, PAID, &[ErrorCode::NoUpstream]];
    /// Errors of creating a tracker.
    CreateTrackerErrors: [
        WITH_KEY,
        WITH_BODY,
        &[ErrorCode::NoUpstream, ErrorCode::LimitReached, ErrorCode::IdempotencyKeyReused]
    ];
    /// Errors of changing a tracker.
    ChangeTrackerErrors: [WITH_KEY, WITH_BODY, &[ErrorCode::TrackerNotFound]];
    /// Errors of one tracker.
    TrackerErrors: [WITH_KEY, &[ErrorCode::TrackerNotFound]];
    /// Errors of creating an annotation.
    CreateAnnotationErrors: [
        WITH_KEY,
        WITH_BODY,
        &[ErrorCode::LimitReached, ErrorCode::IdempotencyKeyReused]
    ];
    /// Errors of changing an annotation.
    ChangeAnnotationErrors: [WITH_KEY, WITH_BODY, &[ErrorCode::AnnotationNotFound]];
    /// Errors of one annotation.
    AnnotationErrors: [WITH_KEY, &[ErrorCode::AnnotationNotFound]];
    /// Errors of creating a campaign.
    CreateCampaignErrors: [
        WITH_KEY,
        WITH_BODY,
        &[ErrorCode::CampaignExists, ErrorCode::LimitReached, ErrorCode::IdempotencyKeyReused]
    ];
    /// Errors of changing a campaign.
    ChangeCampaignErrors:
        [WITH_KEY, WITH_BODY, &[ErrorCode::CampaignNotFound, ErrorCode::CampaignExists]];
    /// Errors of one campaign.
    CampaignErrors: [WITH_KEY, &[ErrorCode::CampaignNotFound]];
    /// Errors of creating a schedule.
    CreateScheduleErrors: [
        WITH_KEY,
        WITH_BODY,
        &[
            ErrorCode::CampaignNotFound,
            ErrorCode::HashtagNotFound,
            ErrorCode::LimitReached,
            ErrorCode::IdempotencyKeyReused,
        ]
    ];
    /// Errors of changing a schedule, and of its test.
    ChangeScheduleErrors: [
        WITH_KEY,
        WITH_BODY,
        &[ErrorCode::ScheduleNotFound, ErrorCode::CampaignNotFound, ErrorCode::HashtagNotFound]
    ];
    /// Errors of one schedule.
    ScheduleErrors: [WITH_KEY, &[ErrorCode::ScheduleNotFound]];
    /// Errors of creating a share.
    CreateShareErrors: [
        WITH_KEY,
        WITH_BODY,
        &[
            ErrorCode::CampaignNotFound,
            ErrorCode::HashtagNotFound,
            ErrorCode::LimitReached,
            ErrorCode::IdempotencyKeyReused,
        ]
    ];
    /// Errors of changing a share.
    ChangeShareErrors:
        [WITH_KEY, WITH_BODY, &[ErrorCode::ShareNotFound, ErrorCode::ShareRevoked]];
    /// Errors of one share.
    ShareErrors: [WITH_KEY, &[ErrorCode::ShareNotFound]];
    /// Errors of the link of a feed, beside that of unknown ones.
    FeedLinkErrors: [&[ErrorCode::NotAcceptable, ErrorCode::InvalidParameter, ErrorCode::RateLimited]];
    /// Errors of creating a feed.
    CreateFeedErrors:
        [WITH_KEY, WITH_BODY, &[ErrorCode::LimitReached, ErrorCode::IdempotencyKeyReused]];
    /// Errors of changing a feed.
    ChangeFeedErrors: [WITH_KEY, WITH_BODY, &[ErrorCode::FeedNotFound]];
    /// Errors of one feed.
    FeedErrors: [WITH_KEY, &[ErrorCode::FeedNotFound]];
    /// Errors of giving a feed new links.
    RotateFeedErrors: [WITH_KEY, &[ErrorCode::FeedNotFound, ErrorCode::FeedRevoked]];
    /// Errors of a preview of an alert.
    PreviewErrors:
        [WITH_KEY, WITH_BODY, &[ErrorCode::HashtagNotFound, ErrorCode::InsufficientHistory]];
    /// Errors of the templates of alerts.
    TemplatesErrors: [WITH_KEY, &[ErrorCode::HashtagNotFound, ErrorCode::InsufficientHistory]];
    /// Errors of creating an alert.
    CreateAlertErrors: [
        WITH_KEY,
        WITH_BODY,
        &[
            ErrorCode::HashtagNotFound,
            ErrorCode::InsufficientHistory,
            ErrorCode::WebhookNotFound,
            ErrorCode::LimitReached,
            ErrorCode::IdempotencyKeyReused,
        ]
    ];
    /// Errors of changing an alert.
    ChangeAlertErrors: [
        WITH_KEY,
        WITH_BODY,
        &[
            ErrorCode::AlertNotFound,
            ErrorCode::HashtagNotFound,
            ErrorCode::InsufficientHistory,
            ErrorCode::WebhookNotFound,
            ErrorCode::LimitReached,
        ]
    ];
    /// Errors of one alert.
    AlertErrors: [WITH_KEY, &[ErrorCode::AlertNotFound]];
    /// Errors of creating a webhook.
    CreateWebhookErrors: [WITH_KEY, WITH_BODY, &[ErrorCode::LimitReached]];
    /// Errors of changing a webhook.
    ChangeWebhookErrors: [WITH_KEY, WITH_BODY, &[ErrorCode::WebhookNotFound]];
    /// Errors of one webhook.
    WebhookErrors: [WITH_KEY, &[ErrorCode::WebhookNotFound]];
    /// Errors of one walk.
    WalkErrors: [WITH_KEY, &[ErrorCode::WalkNotFound]];
}

/// Returns the responses of these codes; several may share a status.
fn by_status(sets: &[&[ErrorCode]]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<ErrorCode>> = BTreeMap::new();
    for code in sets.iter().copied().flatten() {
        by_status.entry(code.facts().status.as_str().to_owned()).or_default().push(*code);
    }
    let response = |codes: Vec<ErrorCode>| match codes.as_slice() {
        [code] => RefOr::Ref(Ref::from_response_name(code.facts().name)),
        codes => RefOr::T(problem_response(codes)),
    };
    by_status.into_iter().map(|(status, codes)| (status, response(codes))).collect()
}

fn not_modified() -> BTreeMap<String, RefOr<Response>> {
    let description = "The answer that the client has (`If-None-Match`) is current. Nothing is charged.";
    let response = ResponseBuilder::new().description(description).build();
    BTreeMap::from([("304".to_owned(), response.into())])
}

fn partial() -> BTreeMap<String, RefOr<Response>> {
    let description = "The part of a stored answer that `Range` requests; `Content-Range` says which. Nothing is charged, \
         unless the answer was not stored and the range starts at byte 0.";
    let response = ResponseBuilder::new().description(description).build();
    BTreeMap::from([("206".to_owned(), response.into())])
}

/// Builds the response of these codes, which share a status.
pub(super) fn problem_response(codes: &[ErrorCode]) -> Response {
    let descriptions: Vec<String> = codes
        .iter()
        .map(|code| code.facts())
        .map(|f| format!("`{}`: {} {}", f.name, f.meaning, f.remedy))
        .collect();
    let content = codes.iter().fold(
        ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))),
        |content, code| {
            let example = serde_json::to_value(ProblemBody::example(*code)).ok();
            let example = ExampleBuilder::new().value(example).build();
            content.examples_from_iter([(code.facts().name, example)])
        },
    );
    ResponseBuilder::new()
        .description(descriptions.join("\n\n"))
        .content("application/problem+json", content.build())
        .build()
}
