//! The API description. Each path describes itself in the file of its handler; shared parts are added here.
//!
//! Reading order: [`base`] (title, keys, the error responses), [`finish`] (the shared parts of every path),
//! then `errors`, `parameters`, `headers`, `answers` and `schemas`. [`Documents`] is served: the description as
//! OpenAPI 3.1, and its twin in 3.0 (`version_3_0`).

mod answers;

mod errors;

mod headers;

mod parameters;

mod schemas;

mod version_3_0;

mod webhooks;

pub(crate) use errors::{
    AlertErrors, AnnotationErrors, CampaignErrors, ChangeAlertErrors, ChangeAnnotationErrors,
    ChangeCampaignErrors, ChangeFeedErrors, ChangeScheduleErrors, ChangeShareErrors, ChangeTrackerErrors,
    ChangeWebhookErrors, ChartErrors, CreateAlertErrors, CreateAnnotationErrors, CreateCampaignErrors,
    CreateFeedErrors, CreateScheduleErrors, CreateShareErrors, CreateTrackerErrors, CreateWebhookErrors,
    ExportErrors, FeedErrors, FeedLinkErrors, FreeErrors, ImportErrors, ImportsErrors, ListErrors,
    MeasureErrors, OpenErrors, PaidErrors, PreviewErrors, RotateFeedErrors, ScheduleErrors, SearchErrors,
    ShareErrors, StartWalkErrors, TemplatesErrors, TrackerErrors, UploadErrors, WalkErrors, WebhookErrors,
};
pub(crate) use parameters::of_question as question_parameters;
pub(crate) use schemas::Binary;

use crate::errors::ErrorCode;
use crate::problem::ProblemBody;
use bytes::Bytes;
use headers::Traits;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi as Description, OpenApiVersion, RefOr};

/// The description without the paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tagmeter",
        description = "TikTok hashtags measured from your own captures. The four challenge endpoints are those of the \
            TikTok Hashtag API: a client of it works after changing its base URL. Paths are answered with and without \
            a trailing `/`. One credit is charged for each successful answer (200), exactly once; errors, misses and \
            304 are free. Not affiliated with TikTok.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/")),
    tags(
        (name = "challenges", description = "Hashtags, which TikTok calls challenges. One credit per successful answer."),
        (name = "measurement", description = "Measurements of stored data: histories, trends, benchmarks, related hashtags, comparisons, files. One credit per successful answer."),
        (name = "account", description = "The account and its credits. Free."),
        (name = "imports", description = "Uploads of files, which are imported in the background. Free; for keys of the scope `admin`."),
        (name = "walks", description = "A whole hashtag, fetched from an upstream in the background. One credit per page."),
        (name = "trackers", description = "Hashtags that are read on a schedule. Each reading from an upstream costs one credit, and so does each page of a walk through top videos; everything else is free."),
        (name = "alerts", description = "Alerts on hashtags: when a rule would have fired on the stored readings, and messages when it does. Free."),
        (name = "webhooks", description = "Where messages go: webhooks, chat services and mail addresses, with their log. Free."),
        (name = "campaigns", description = "Own and competing hashtags over a time, measured against the time before. Free."),
        (name = "schedules", description = "Reports of campaigns and hashtags by mail, every week or month. Free."),
        (name = "annotations", description = "Notes of the account on its curves, and the dated events of the platform. Free."),
        (name = "feeds", description = "Saved questions under links for spreadsheets and readers, which send no key. Free."),
        (name = "operations", description = "For operators and tools. Free, no key."),
    ),
    components(schemas(ProblemBody)),
)]
struct Base;

/// The tag of paths that need no key.
const OPEN: &str = "operations";

/// Builds the description without the paths.
pub(crate) fn base() -> Description {
    let mut description = Base::openapi();
    description.openapi = OpenApiVersion::Version31;
    description.webhooks = Some(webhooks::describe());
    let components = description.components.get_or_insert_default();
    let key = ApiKeyValue::with_description("X-Api-Key", "The usual way.");
    components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(key)));
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    let mut basic = Http::new(HttpAuthScheme::Basic);
    basic.description = Some("The key as the password; the user name is ignored.".to_owned());
    components.add_security_scheme("basic", SecurityScheme::Http(basic));
    for code in ErrorCode::ALL {
        let mut response = errors::problem_response(std::slice::from_ref(code));
        headers::add_to_shared(&mut response, code.facts().status.as_str());
        components.responses.insert(code.facts().name.to_owned(), response.into());
    }
    description
}

/// Adds to the operations of the paths what they have in common.
pub(crate) fn finish(mut description: Description) -> Description {
    let mut components = description.components.take().unwrap_or_default();
    for item in description.paths.paths.values_mut() {
        for operation in
            [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
        {
            finish_operation(operation, &mut components);
        }
    }
    headers::describe(&mut components);
    schemas::describe_fields(&mut components.schemas);
    description.components = Some(components);
    description
}

fn finish_operation(operation: &mut Operation, components: &mut Components) {
    let needs_key = !operation.tags.iter().flatten().any(|tag| tag == OPEN);
    operation.security = Some(if needs_key { key_in_any_way(components) } else { Vec::new() });
    parameters::add(operation);
    answers::finish(operation, components);
    let traits = Traits::of(operation, needs_key);
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            schemas::describe_bytes(response);
            headers::add(response, status, &traits);
        }
    }
}

/// Requires the key, in any of the ways that the components describe.
fn key_in_any_way(components: &Components) -> Vec<SecurityRequirement> {
    let ways = components.security_schemes.keys();
    ways.map(|way| SecurityRequirement::new(way, std::iter::empty::<String>())).collect()
}

/// The descriptions that are served.
#[derive(Debug)]
pub(crate) struct Documents {
    /// `/openapi.json`.
    pub(crate) openapi_3_1: Bytes,
    /// `/openapi-3.0.json`.
    pub(crate) openapi_3_0: Bytes,
}

impl Documents {
    /// Renders both versions.
    pub(crate) fn of(description: &Description) -> Self {
        let newest = description.to_pretty_json().expect("a description in memory is always JSON");
        let older = version_3_0::twin(&newest);
        Self { openapi_3_1: newest.into(), openapi_3_0: older.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::type_of;

    /// No value is of two types: a client that checks its requests could send none.
    #[test]
    fn no_schema_is_of_two_types() {
        fn types(schema: &serde_json::Value, found: &mut Vec<serde_json::Value>) {
            match schema {
                serde_json::Value::Object(members) => {
                    if let Some(all) = members.get("allOf").and_then(serde_json::Value::as_array) {
                        let of: Vec<_> = all.iter().filter_map(|one| one.get("type")).collect();
                        if of.windows(2).any(|pair| pair[0] != pair[1]) {
                            found.push(schema.clone());
                        }
                    }
                    members.values().for_each(|member| types(member, found));
                }
                serde_json::Value::Array(items) => items.iter().for_each(|item| types(item, found)),
                _ => {}
            }
        }
        for document in documents() {
            let mut found = Vec::new();
            types(&serde_json::from_str(&document).expect("JSON"), &mut found);
            assert!(found.is_empty(), "{found:#?}");
        }
    }

    fn documents() -> [String; 2] {
        let documents = Documents::of(&crate::router::build().1);
        [documents.openapi_3_1, documents.openapi_3_0]
            .map(|bytes| String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }

    #[test]
    fn the_whole_description() {
        let [newest, _] = documents();
        insta::assert_snapshot!(newest);
    }

    #[test]
    fn the_whole_description_in_3_0() {
        let [_, older] = documents();
        insta::assert_snapshot!(older);
    }

    #[test]
    fn paths_of_measurements_and_accounts_are_in_the_docs() {
        let docs = include_str!("../../../../docs/measuring.md");
        let [newest, _] = documents();
        let json: serde_json::Value = serde_json::from_str(&newest).expect("JSON");
        for (path, item) in json["paths"].as_object().expect("paths") {
            let is_meant = ["measurement", "account"].iter().any(|tag| item["get"]["tags"][0] == *tag);
            let is_in = |end: &str| docs.contains(&format!("`{path}{end}"));
            assert!(!is_meant || is_in("`") || is_in("?"), "{path} has no row in docs/measuring.md");
        }
    }

    #[test]
    fn every_problem_type_leads_to_its_explanation() {
        for document in documents() {
            let json: serde_json::Value = serde_json::from_str(&document).expect("JSON");
            for code in ErrorCode::ALL {
                let kind = type_of(*code);
                let pointer = kind.strip_prefix("/openapi.json#").expect("a reference into the description");
                assert!(json.pointer(pointer).is_some(), "{kind} leads nowhere");
            }
        }
    }

    /// Generators drop the fields of such a composition without a warning (`findings/openapi_python_client_nested_allof.sh`).
    #[test]
    fn no_composition_is_nested() {
        fn nested(value: &serde_json::Value, is_part: bool) -> usize {
            match value {
                serde_json::Value::Object(members) => {
                    let own = usize::from(is_part && members.contains_key("allOf"));
                    let below = members.iter().map(|(name, value)| match value {
                        serde_json::Value::Array(parts) if name == "allOf" => {
                            parts.iter().map(|part| nested(part, true)).sum()
                        }
                        other => nested(other, false),
                    });
                    own + below.sum::<usize>()
                }
                serde_json::Value::Array(values) => values.iter().map(|value| nested(value, false)).sum(),
                _ => 0,
            }
        }
        let json = serde_json::json!({"schema": {"allOf": [{"$ref": "#/x"}, {"allOf": []}]}});
        assert_eq!(nested(&json, false), 1, "the test sees one");
        for document in documents() {
            let json = serde_json::from_str(&document).expect("JSON");
            assert_eq!(nested(&json, false), 0);
        }
    }
}
